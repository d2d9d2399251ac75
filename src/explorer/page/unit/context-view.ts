/** How contexts are displayed, as the address has it. */

import { setQuery } from "../shell/router.ts";

export const REACHES = ["5", "10", "20", "all"] as const;
export type Reach = (typeof REACHES)[number];

export interface ContextView {
  /** Tokens at either side; null for the whole context. */
  readonly reach: number | null;
  readonly width: Reach;
  /** Whether line breaks break the line. */
  readonly breaks: boolean;
  /** Groups of which all examples are shown. */
  readonly open: readonly string[];
  /** The token whose tip stands, and the row it is in: GROUP.SPLIT.CONTEXT.POSITION */
  readonly at: string | null;
}

export function contextView(query: Readonly<Record<string, string | undefined>>): ContextView {
  const width = REACHES.find((one) => one === query["width"]) ?? "10";
  return {
    width,
    reach: width === "all" ? null : Number(width),
    breaks: query["breaks"] === "yes",
    open: query["open"] === undefined ? [] : query["open"].split(","),
    at: query["at"] ?? null,
  };
}

export function setWidth(width: Reach): void {
  setQuery({ width: width === "10" ? null : width });
}

export function setBreaks(breaks: boolean): void {
  setQuery({ breaks: breaks ? "yes" : null });
}

export function toggleGroup(open: readonly string[], id: string): void {
  const next = open.includes(id) ? open.filter((one) => one !== id) : [...open, id];
  setQuery({ open: next.length === 0 ? null : next.join(",") });
}

export function setToken(at: string | null): void {
  setQuery({ at });
}
