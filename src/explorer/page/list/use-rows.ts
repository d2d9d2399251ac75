/** Rows of the list by their place in it, asked for in chunks as they come into view. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { UnitList, UnitRow } from "../../api.ts";
import { api, known, sentence } from "../data/data.ts";
import { CHUNK, listParameters, type ListChoice } from "../data/list-query.ts";
import { chunksFor, type Seen } from "./virtual.ts";

export interface Rows {
  /** Null until the first answer. */
  readonly total: number | null;
  readonly row: (at: number) => UnitRow | undefined;
  readonly error: string | null;
  readonly again: () => void;
}

/** Scrolling through thousands of rows passes chunks by: only where it rests is asked for. */
const REST_MS = 60;

/** @param base path of the list, to which parameters are added */
export function useRows(base: string, choice: ListChoice, seen: Seen): Rows {
  const pathOf = (offset: number) => `${base}?${listParameters(choice, offset)}`;
  const list = pathOf(0);
  const [, draw] = useState(0);
  const [error, setError] = useState<string | null>(null);
  const total = useRef<{ list: string; count: number } | null>(null);
  const offsets = chunksFor(seen, CHUNK);
  const wanted = offsets.length === 0 ? [0] : offsets;

  const first = known<UnitList>(pathOf(wanted[0]!)) ?? known<UnitList>(list);
  if (first !== undefined) total.current = { list, count: first.total };

  const missing = wanted.map(pathOf).filter((path) => known(path) === undefined);
  useEffect(() => {
    if (missing.length === 0) return undefined;
    const stop = new AbortController();
    const ask = () => {
      for (const path of missing) {
        api<UnitList>(path, { signal: stop.signal }).then(
          () => {
            setError(null);
            draw((count) => count + 1);
          },
          (problem: unknown) => {
            const words = sentence(problem);
            if (words !== null && !stop.signal.aborted) setError(words);
          },
        );
      }
    };
    const timer = setTimeout(ask, total.current === null ? 0 : REST_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [missing.join("\n")]);

  return {
    // The number of the list before keeps the scroll bar still until the new one is known.
    total: total.current?.count ?? null,
    row: (at) => known<UnitList>(pathOf(Math.floor(at / CHUNK) * CHUNK))?.rows[at % CHUNK],
    error,
    again: () => {
      setError(null);
      draw((count) => count + 1);
      for (const offset of wanted) {
        api(pathOf(offset)).then(
          () => draw((count) => count + 1),
          (problem: unknown) => setError(sentence(problem)),
        );
      }
    },
  };
}
