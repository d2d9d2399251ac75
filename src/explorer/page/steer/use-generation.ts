/** Text that is being generated, token by token as the server tells it. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { GenerationEvent, GenerationRequest } from "../../api.ts";
import { lines, sentence } from "../data/data.ts";

export interface Generated {
  /** The prompt's tokens, the separator before it included; empty until they have come. */
  readonly prompt: readonly string[];
  readonly plain: readonly string[];
  readonly steered: readonly string[];
  readonly state: "running" | "done" | "stopped" | "failed";
  readonly error: string | null;
  /** Of each of the two texts. */
  readonly tokensPerSecond: number | null;
  /** What it was asked for, which may have been changed since. */
  readonly request: GenerationRequest;
}

export interface Generation {
  readonly generated: Generated | null;
  readonly start: (request: GenerationRequest) => void;
  readonly stop: () => void;
}

/** @param path of the dictionary's `generate` */
export function useGeneration(path: string): Generation {
  const [generated, setGenerated] = useState<Generated | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(
    () => () => {
      running.current?.abort();
    },
    [path],
  );

  const start = (request: GenerationRequest) => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    const began = performance.now();
    let now: Generated = {
      prompt: [],
      plain: [],
      steered: [],
      state: "running",
      error: null,
      tokensPerSecond: null,
      request,
    };
    let frame = 0;
    // Tokens arrive faster than a window is drawn.
    const show = (next: Generated) => {
      now = next;
      if (frame === 0)
        frame = requestAnimationFrame(() => {
          frame = 0;
          if (running.current === control) setGenerated(now);
        });
    };
    setGenerated(now);
    void follow(path, request, control.signal, (event) => show(after(now, event, began)))
      .then(() => {
        if (now.state === "running")
          show({ ...now, state: "failed", error: "The server ended the answer midway." });
      })
      .catch((problem: unknown) => {
        if (control.signal.aborted) show({ ...now, state: "stopped" });
        else show({ ...now, state: "failed", error: sentence(problem) });
      });
  };
  return { generated, start, stop: () => running.current?.abort() };
}

async function follow(
  path: string,
  request: GenerationRequest,
  signal: AbortSignal,
  take: (event: GenerationEvent) => void,
): Promise<void> {
  for await (const event of lines<GenerationEvent>(path, { body: request, signal })) take(event);
}

function after(now: Generated, event: GenerationEvent, began: number): Generated {
  if (event.type === "prompt") return { ...now, prompt: event.tokens };
  if (event.type === "done") return { ...now, state: "done", tokensPerSecond: event.tokensPerSecond };
  if (event.type === "error") return { ...now, state: "failed", error: sentence(new Error(event.error)) };
  const text = [...now[event.which], event.token];
  const seconds = (performance.now() - began) / 1000;
  return {
    ...now,
    [event.which]: text,
    tokensPerSecond: seconds > 0.2 ? Math.max(now.plain.length, now.steered.length) / seconds : null,
  };
}
