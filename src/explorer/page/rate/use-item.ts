/** The interval to be rated: asked for, sent, and the next one. Nothing is forgotten before the server has it. */

import { useEffect, useState } from "preact/hooks";
import type { RatingItem, RatingRequest } from "../../api.ts";
import { api, forget, sentence } from "../data/data.ts";

export interface Rating {
  readonly item: RatingItem | null;
  /** Why there is no item. */
  readonly error: string | null;
  /** Why the rating could not be sent. */
  readonly unsent: string | null;
  readonly sending: boolean;
  readonly again: () => void;
  /** Resolves with whether the server has it. */
  readonly send: (rating: Omit<RatingRequest, "rater" | "item">) => Promise<boolean>;
}

/** @param base address of the dictionary's part of the API, with a slash at its end */
export function useItem(base: string, rater: string): Rating {
  const [item, setItem] = useState<RatingItem | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [unsent, setUnsent] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const [turn, setTurn] = useState(0);
  const path = `${base}rating/next?rater=${encodeURIComponent(rater)}`;
  useEffect(() => {
    const stop = new AbortController();
    setItem(null);
    setError(null);
    setUnsent(null);
    // What was next a minute ago may be rated by now.
    forget(path);
    api<RatingItem>(path, { signal: stop.signal }).then(
      (next) => {
        if (!stop.signal.aborted) setItem(next);
      },
      (problem: unknown) => {
        if (!stop.signal.aborted) setError(sentence(problem));
      },
    );
    return () => stop.abort();
  }, [path, turn]);
  const send: Rating["send"] = async (rating) => {
    if (item === null || item.item === null || sending) return false;
    setSending(true);
    setUnsent(null);
    try {
      const body: RatingRequest = { ...rating, rater, item: item.item };
      const next = await api<RatingItem>(`${base}ratings`, { body });
      forget(path);
      forget(`${base}ratings`);
      setItem(next);
      return true;
    } catch (problem) {
      setUnsent(sentence(problem));
      return false;
    } finally {
      setSending(false);
    }
  };
  return { item, error, unsent, sending, again: () => setTurn((count) => count + 1), send };
}
