/** Who rates: a name that is asked for once. The address says it, so that several people can share a browser; else the browser keeps it. */

import { route, setQuery } from "../shell/router.ts";

const KEY = "monosemantic-rater";
export const LONGEST_NAME = 60;

export function raterName(): string | null {
  const named = route.value.query["rater"]?.trim();
  return named === undefined || named === "" ? kept() : named;
}

/** Null forgets it. */
export function setRater(name: string | null): void {
  try {
    if (name === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, name);
  } catch {
    // The address has it.
  }
  setQuery({ rater: name });
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
