/** What the list asks for: as it stands in the page's address, and as the API wants it. */

import { SORTS, type ListQuery, type Sort } from "../../api.ts";

/** Rows of one request. */
export const CHUNK = 100;

export const FILTERS = ["all", "alive", "dead", "single", "other"] as const;

/** Everything but the window that is looked at. */
export type ListChoice = Omit<ListQuery, "offset" | "limit">;

type Query = Readonly<Record<string, string | undefined>>;

/** Defaults where the address says nothing, or nothing sensible. */
export function choiceOf(query: Query): ListChoice {
  const sort = SORTS.find((one) => one === query["sort"]) ?? "index";
  return {
    kind: query["kind"] === "neuron" ? "neuron" : "feature",
    q: query["q"] ?? "",
    sort,
    descending: query["order"] === undefined ? descends(sort) : query["order"] === "down",
    minDensity: share(query["density-from"]),
    maxDensity: share(query["density-to"]),
    minMax: number(query["max-from"]),
    minScore: number(query["score-from"]),
    filter: FILTERS.find((one) => one === query["filter"]) ?? "all",
  };
}

/** Which way a column is sorted first: what is most is wanted, but numbers count up. */
export function descends(sort: Sort): boolean {
  return sort !== "index" && sort !== "random" && sort !== "entropy";
}

/** Parameters of `GET …/units` for rows from `offset` on. */
export function listParameters(choice: ListChoice, offset: number): string {
  const parameters = new URLSearchParams({
    kind: choice.kind,
    sort: choice.sort,
    descending: String(choice.descending),
    offset: String(offset),
    limit: String(CHUNK),
    filter: choice.filter,
  });
  if (choice.q.trim() !== "") parameters.set("q", choice.q.trim());
  for (const name of ["minDensity", "maxDensity", "minMax", "minScore"] as const) {
    const value = choice[name];
    if (value !== null) parameters.set(name, String(value));
  }
  return parameters.toString();
}

/** How many of the filters (not the search) say something. */
export function activeFilters(choice: ListChoice): number {
  const { minDensity, maxDensity, minMax, minScore, filter } = choice;
  return (
    [minDensity, maxDensity, minMax, minScore].filter((value) => value !== null).length +
    (filter === "all" ? 0 : 1)
  );
}

/** "0.01", "1e-2" and "1 %" alike; null for what is no share. */
export function share(text: string | undefined): number | null {
  if (text === undefined) return null;
  const percent = /%\s*$/.test(text);
  const value = number(text.replace(/\s*%\s*$/, ""));
  return value === null ? null : percent ? value / 100 : value;
}

function number(text: string | undefined): number | null {
  if (text === undefined || text.trim() === "") return null;
  const value = Number(text.trim().replace(",", "."));
  return Number.isFinite(value) ? value : null;
}
