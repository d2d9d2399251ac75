/** How a study stands, asked again and again while it is not complete, and its outcomes, asked again when there are new ones. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { StudyResults, StudyStanding } from "../../study-api.ts";
import { api, forget, sentence } from "../data/data.ts";
import { type Answer, useApi } from "../data/use-api.ts";
import { closeRuns } from "../shell/runs.ts";
import { STUDIES } from "../shell/studies.ts";

const POLL_MS = 2500;

export interface LiveStudy {
  readonly standing: StudyStanding | null;
  /** Of the last question; a standing that is there all the same is older. */
  readonly error: string | null;
  readonly again: () => void;
}

export function useStanding(id: string): LiveStudy {
  const [state, setState] = useState<{ id: string; standing: StudyStanding } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const results = useRef<string | null>(null);

  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let known: StudyStanding | null = null;
    const path = studyPath(id, "standing");
    const ask = async () => {
      if (document.hidden && known !== null) return wait();
      try {
        forget(path);
        known = await api<StudyStanding>(path, { signal: stop.signal });
        if (stop.signal.aborted) return;
        if (results.current !== null && results.current !== known.results) closeRuns();
        results.current = known.results;
        setState({ id, standing: known });
        setError(null);
      } catch (problem) {
        if (!stop.signal.aborted) setError(sentence(problem));
      }
      wait();
    };
    const wait = () => {
      if (!stop.signal.aborted && known?.complete !== true) timer = setTimeout(() => void ask(), POLL_MS);
    };
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [id, turn]);

  return {
    standing: state?.id === id ? state.standing : null,
    error,
    again: () => setTurn((count) => count + 1),
  };
}

/** What the server answers about a study as long as its results are these. */
export function useOfStudy<T>(id: string, what: string | null, results: string | null): Answer<T> {
  const isAsked = what !== null && results !== null;
  const mark = isAsked ? `${what.includes("?") ? "&" : "?"}results=${encodeURIComponent(results)}` : "";
  return useApi<T>(isAsked ? studyPath(id, what + mark) : null);
}

export function useResults(id: string, standing: StudyStanding | null): Answer<StudyResults> {
  return useOfStudy<StudyResults>(id, "outcomes", standing?.results ?? null);
}

function studyPath(id: string, rest: string): string {
  return `${STUDIES}/${encodeURIComponent(id)}/${rest}`;
}
