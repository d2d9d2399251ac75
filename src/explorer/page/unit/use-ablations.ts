/** Ablations of one unit in the contexts of its page: stored ones at once, others when asked for, a few at a time so that one sees them come. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Ablation } from "../../api.ts";
import type { ContextPlace } from "../../../features/records.ts";
import { api, forget, sentence } from "../data/data.ts";

/** Contexts of one request. */
const AT_ONCE = 4;

export interface Ablations {
  readonly of: (place: ContextPlace) => Ablation | undefined;
  /** |change| from which on an effect has the full colour, nats: few of those that are known are larger. */
  readonly fullFrom: number;
  readonly progress: { readonly done: number; readonly total: number } | null;
  readonly error: string | null;
  readonly compute: (places: readonly ContextPlace[]) => void;
  readonly stop: () => void;
}

/** A smaller effect than this never has the full colour: noise must not look like a finding. */
const LEAST_SCALE = 0.05;

/** @param path of the unit, below which `/ablation` is */
export function useAblations(path: string, stored: readonly Ablation[]): Ablations {
  const [computed, setComputed] = useState<ReadonlyMap<string, Ablation>>(new Map());
  const [progress, setProgress] = useState<Ablations["progress"]>(null);
  const [error, setError] = useState<string | null>(null);
  const running = useRef<AbortController | null>(null);

  useEffect(() => {
    setComputed(new Map());
    setError(null);
    setProgress(null);
    return () => running.current?.abort();
  }, [path]);

  const known = new Map(stored.map((ablation) => [placeKey(ablation), ablation]));
  for (const [key, ablation] of computed) known.set(key, ablation);
  const fullFrom = useMemo(() => scaleOf(known.values()), [stored, computed]);

  const compute = (places: readonly ContextPlace[]) => {
    const missing = [...new Map(places.map((place) => [placeKey(place), place])).values()].filter(
      (place) => !known.has(placeKey(place)),
    );
    if (missing.length === 0) return;
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    setError(null);
    void computeAll(path, missing, control.signal, setProgress, (made) =>
      setComputed((before) => {
        const after = new Map(before);
        for (const ablation of made) after.set(placeKey(ablation), ablation);
        return after;
      }),
    )
      .catch((problem: unknown) => {
        if (!control.signal.aborted) setError(sentence(problem));
      })
      .finally(() => {
        if (running.current === control) setProgress(null);
      });
  };
  return {
    of: (place) => known.get(placeKey(place)),
    fullFrom,
    progress,
    error,
    compute,
    stop: () => running.current?.abort(),
  };
}

/** The 95th percentile of effects that are any: one surprising token must not pale all others. */
function scaleOf(ablations: Iterable<Ablation>): number {
  const sizes: number[] = [];
  for (const { lossChange } of ablations)
    for (const change of lossChange) if (Math.abs(change) > LEAST_SCALE / 5) sizes.push(Math.abs(change));
  sizes.sort((a, b) => a - b);
  return Math.max(LEAST_SCALE, sizes[Math.floor(sizes.length * 0.95)] ?? 0);
}

export function placeKey({ split, context }: ContextPlace): string {
  return `${split}.${context}`;
}

async function computeAll(
  path: string,
  places: readonly ContextPlace[],
  signal: AbortSignal,
  report: (progress: Ablations["progress"]) => void,
  take: (made: readonly Ablation[]) => void,
): Promise<void> {
  try {
    for (let done = 0; done < places.length; done += AT_ONCE) {
      report({ done, total: places.length });
      const contexts = places.slice(done, done + AT_ONCE).map(({ split, context }) => ({ split, context }));
      take(await api<readonly Ablation[]>(`${path}/ablation`, { body: { contexts }, signal }));
    }
  } finally {
    // What is stored now is part of the unit's page from the next time on.
    forget(path);
  }
}
