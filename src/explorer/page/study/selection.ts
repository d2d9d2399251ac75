/**
 * Which trials of a study are meant: lists, filters and order as they stand in an address, read and written without a browser.
 *
 *     f-expansion=2*8    trials with one of these values        r-lr=0.0001*0.01    within these bounds, either may be empty
 */

import type { FactorValue } from "../../../study/plan.ts";
import { type StudyOutcomes, type TrialOutcomes, outcomeOf } from "../../../study/outcomes/outcome.ts";
import { sortedBy } from "../compare/frontier.ts";

type Query = Readonly<Record<string, string>>;

const VALUES = "f-";
const RANGE = "r-";

/** Names in one parameter. */
export function listOf(text: string | undefined): readonly string[] {
  return text === undefined || text === "" ? [] : text.split("*").map(decoded);
}

export function listText(names: readonly string[]): string {
  return names.map((name) => encodeURIComponent(name).replaceAll("*", "%2A")).join("*");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A value as addresses have it; a string that looks like another kind of value is quoted. */
export function valueKey(value: FactorValue): string {
  if (typeof value !== "string") return String(value);
  return /^(null|true|false|".*|[-+.\d].*)?$/s.test(value) ? JSON.stringify(value) : value;
}

export type Filter =
  | { readonly kind: "values"; readonly keys: ReadonlySet<string> }
  | { readonly kind: "range"; readonly from: number | null; readonly to: number | null };

/** By factor: only factors that the study has. */
export function filtersOf(query: Query, factors: Iterable<string>): ReadonlyMap<string, Filter> {
  const filters = new Map<string, Filter>();
  for (const name of factors) {
    const keys = listOf(query[VALUES + name]);
    const range = query[RANGE + name];
    if (keys.length > 0) filters.set(name, { kind: "values", keys: new Set(keys) });
    else if (range !== undefined) {
      const [from = null, to = null] = range.split("*").map(boundOf);
      if (from !== null || to !== null) filters.set(name, { kind: "range", from, to });
    }
  }
  return filters;
}

/** Null for what is no number. */
export function boundOf(text: string): number | null {
  const value = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** The change of the address that makes `filter` the one of a factor. */
export function filterQuery(factor: string, filter: Filter | null): Record<string, string | null> {
  const none = { [VALUES + factor]: null, [RANGE + factor]: null };
  if (filter === null) return none;
  if (filter.kind === "values") return { ...none, [VALUES + factor]: listText([...filter.keys]) || null };
  const { from, to } = filter;
  return { ...none, [RANGE + factor]: from === null && to === null ? null : `${from ?? ""}*${to ?? ""}` };
}

export function passes(
  { factors }: Pick<TrialOutcomes, "factors">,
  filters: ReadonlyMap<string, Filter>,
): boolean {
  return [...filters].every(([name, filter]) => {
    const value = factors[name] ?? null;
    if (filter.kind === "values") return filter.keys.has(valueKey(value));
    if (typeof value !== "number") return false;
    return value >= (filter.from ?? -Infinity) && value <= (filter.to ?? Infinity);
  });
}

/** "name", "f-FACTOR", or an outcome's name; trials as they were planned where it is none of them. */
export function sortedTrials(
  trials: readonly TrialOutcomes[],
  sort: string | undefined,
  descending: boolean,
): readonly TrialOutcomes[] {
  if (sort === undefined) return trials;
  if (sort === "name") return sortedBy(trials, ({ name }) => name, descending);
  if (sort.startsWith(VALUES)) {
    const factor = sort.slice(VALUES.length);
    return sortedBy(trials, ({ factors }) => sortable(factors[factor] ?? null), descending);
  }
  return sortedBy(trials, (trial) => outcomeOf(trial, sort)?.value, descending);
}

function sortable(value: FactorValue): number | string | null {
  return typeof value === "boolean" ? Number(value) : value;
}

export function factorSort(factor: string): string {
  return VALUES + factor;
}

/** Outcomes that are columns: those in the address, or the primary ones; unknown names are passed over. */
export function columnsOf(
  query: Query,
  { definitions, primary }: Pick<StudyOutcomes, "definitions" | "primary">,
): StudyOutcomes["definitions"] {
  const wanted = query["columns"] === undefined ? primary : listOf(query["columns"]);
  return wanted.flatMap((name) => definitions.find((one) => one.name === name) ?? []);
}

/** Trials that are chosen to be compared, in the order they were chosen. */
export function picked(query: Query, trials: readonly TrialOutcomes[]): readonly TrialOutcomes[] {
  return [...new Set(listOf(query["pick"]))].flatMap((name) => trials.find((one) => one.name === name) ?? []);
}
