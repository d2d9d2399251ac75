/** What was rated and not sent yet, kept in this tab by item: a reload, a closed lid or a server that is gone lose nothing. */

import { CRITERIA } from "../../../interpretation/ratings/rubric.ts";
import type { Points } from "./points.ts";

export interface Draft {
  readonly points: Points;
  readonly interpretation: string;
}

const KEY = "monosemantic-rating:";

/** Null where there is none, or what is there is damaged. */
export function readDraft(place: string): Draft | null {
  try {
    return parseDraft(sessionStorage.getItem(KEY + place));
  } catch {
    return null;
  }
}

export function keepDraft(place: string, draft: Draft | null): void {
  try {
    if (draft === null) sessionStorage.removeItem(KEY + place);
    else sessionStorage.setItem(KEY + place, JSON.stringify(draft));
  } catch {
    // A browser that keeps nothing loses an unsent rating on a reload.
  }
}

/** Points beyond a criterion's range are left out. */
export function parseDraft(text: string | null): Draft | null {
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { points, interpretation } = value as { points?: unknown; interpretation?: unknown };
  const given = (typeof points === "object" && points !== null ? points : {}) as Record<string, unknown>;
  const kept = CRITERIA.flatMap(({ key, levels }) => {
    const number = given[key];
    const isPoints =
      typeof number === "number" && Number.isInteger(number) && number >= 0 && number < levels.length;
    return isPoints ? [[key, number] as const] : [];
  });
  return {
    points: Object.fromEntries(kept),
    interpretation: typeof interpretation === "string" ? interpretation : "",
  };
}
