/** Training curves of a run; while it trains, the lines that are added to them are asked for again and again. */

import { useEffect, useState } from "preact/hooks";
import type { Curves, RunSummary } from "../../api.ts";
import { mergeCurves, knownUpTo } from "./curves.ts";
import { api, exported, forget, sentence } from "../data/data.ts";
import { loadRuns, RUNS } from "../shell/runs.ts";

const POLL_MS = 2000;

export interface LiveCurves {
  readonly curves: Curves | null;
  /** Of the last question; curves that are there all the same are older. */
  readonly error: string | null;
  readonly again: () => void;
}

export function useCurves(run: RunSummary): LiveCurves {
  const [state, setState] = useState<{ id: string; curves: Curves } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let known: Curves | null = null;
    const base = `${RUNS}/${encodeURIComponent(run.id)}/curves`;
    const ask = async () => {
      if (document.hidden && known !== null) return wait();
      // An export has one answer; a server's is always asked for anew, since it grows.
      const path = exported ? base : `${base}?after=${known === null ? -1 : knownUpTo(known)}`;
      try {
        if (!exported) forget(path);
        const answer = await api<Curves>(path, { signal: stop.signal });
        if (stop.signal.aborted) return;
        known = known === null ? answer : mergeCurves(known, answer);
        setState({ id: run.id, curves: known });
        setError(null);
        // It has ended, or begun again: its dictionaries and their evaluations are others now.
        if (answer.status !== run.status && !exported) void loadRuns();
      } catch (problem) {
        if (!stop.signal.aborted) setError(sentence(problem));
      }
      wait();
    };
    const wait = () => {
      if (stop.signal.aborted || exported) return;
      if ((known?.status ?? run.status) === "running") timer = setTimeout(() => void ask(), POLL_MS);
    };
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [run.id, run.status, turn]);

  return {
    curves: state?.id === run.id ? state.curves : null,
    error,
    again: () => setTurn((count) => count + 1),
  };
}
