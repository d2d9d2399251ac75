/** The answer to something that is computed, as state of a component. Answers are kept, so that Back computes nothing anew. */

import { useEffect, useState } from "preact/hooks";
import { api, sentence } from "./data.ts";

export interface Computed<T> {
  readonly data: T | undefined;
  readonly error: string | null;
  readonly loading: boolean;
  readonly again: () => void;
}

const KEPT = 60;
const answers = new Map<string, unknown>();

/** A body of null asks nothing. The computation is called off when another one is asked for. */
export function usePost<T>(path: string, body: unknown): Computed<T> {
  const key = body === null ? null : `${path} ${JSON.stringify(body)}`;
  const [failed, setFailed] = useState<{ key: string; error: string } | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [, draw] = useState(0);
  useEffect(() => {
    if (key === null || answers.has(key)) return undefined;
    const stop = new AbortController();
    // The call may throw at once, in an exported page.
    const ask = async () => api<T>(path, { body, signal: stop.signal });
    ask().then(
      (answer) => {
        keep(key, answer);
        draw((count) => count + 1);
      },
      (problem: unknown) => {
        const error = sentence(problem);
        if (error !== null && !stop.signal.aborted) setFailed({ key, error });
      },
    );
    return () => stop.abort();
  }, [key, attempt]);
  const data = key === null ? undefined : (answers.get(key) as T | undefined);
  const error = failed !== null && failed.key === key && data === undefined ? failed.error : null;
  return {
    data,
    error,
    loading: key !== null && data === undefined && error === null,
    again: () => {
      setFailed(null);
      setAttempt((count) => count + 1);
    },
  };
}

function keep(key: string, answer: unknown): void {
  answers.set(key, answer);
  for (const oldest of answers.keys()) {
    if (answers.size <= KEPT) break;
    answers.delete(oldest);
  }
}
