/** A GET as state of a component. */

import { useEffect, useState } from "preact/hooks";
import { api, forget, known, sentence } from "./data.ts";

export interface Answer<T> {
  /** The answer; while the next one is under way, still the one before. */
  readonly data: T | undefined;
  /** Whether `data` belongs to another path than the present one. */
  readonly stale: boolean;
  readonly error: string | null;
  readonly loading: boolean;
  /** Asks anew. */
  readonly again: () => void;
}

/** Null asks nothing. An answer that is known is there in the first render. */
export function useApi<T>(path: string | null): Answer<T> {
  const [state, setState] = useState<{ path: string | null; data: T | undefined; error: string | null }>({
    path: null,
    data: undefined,
    error: null,
  });
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    if (path === null) return undefined;
    const stop = new AbortController();
    api<T>(path, { signal: stop.signal }).then(
      (data) => setState({ path, data, error: null }),
      (error: unknown) => {
        const words = sentence(error);
        if (words !== null && !stop.signal.aborted)
          setState((before) => ({
            path,
            data: before.path === path ? before.data : undefined,
            error: words,
          }));
      },
    );
    return () => stop.abort();
  }, [path, turn]);

  const again = () => {
    if (path !== null) forget(path);
    setState((before) => ({ ...before, error: null }));
    setTurn((count) => count + 1);
  };
  const here = path === null ? undefined : known<T>(path);
  if (here !== undefined) return { data: here, stale: false, error: null, loading: false, again };
  const own = state.path === path;
  return {
    data: path === null ? undefined : state.data,
    stale: !own,
    error: own ? state.error : null,
    loading: path !== null && !(own && (state.data !== undefined || state.error !== null)),
    again,
  };
}
