/** Which trials are shown, by the values of their factors: a press on a value, or bounds where there are many numbers. */

import type { FactorValue } from "../../../study/plan.ts";
import { levelText } from "../../../study/report/words.ts";
import { setQuery } from "../shell/router.ts";
import { boundOf, type Filter, filterQuery, valueKey } from "./selection.ts";

/** Of a number, more values than this are a range. */
const MOST_VALUES = 12;

export interface TrialFiltersProps {
  readonly factors: Readonly<Record<string, readonly FactorValue[]>>;
  readonly filters: ReadonlyMap<string, Filter>;
}

export function TrialFilters({ factors, filters }: TrialFiltersProps) {
  const all = Object.entries(factors).filter(([, values]) => values.length > 1);
  if (all.length === 0) return null;
  return (
    <details class="trial-filters" open={filters.size > 0}>
      <summary>Filter{filters.size > 0 && ` by ${[...filters.keys()].join(", ")}`}</summary>
      {all.map(([name, values]) => {
        const filter = filters.get(name) ?? null;
        const numbers = values.filter((value) => typeof value === "number");
        return (
          <div key={name} class="factor-filter" role="group" aria-label={`Trials by ${name}`}>
            <span class="factor-name">{name}</span>
            {numbers.length > MOST_VALUES ? (
              <Bounds name={name} numbers={numbers} filter={filter} />
            ) : (
              <Values name={name} values={values} filter={filter} />
            )}
          </div>
        );
      })}
    </details>
  );
}

function Values({
  name,
  values,
  filter,
}: {
  name: string;
  values: readonly FactorValue[];
  filter: Filter | null;
}) {
  const keys = filter?.kind === "values" ? filter.keys : new Set<string>();
  const toggle = (key: string) => {
    const next = new Set(keys);
    if (!next.delete(key)) next.add(key);
    setQuery(filterQuery(name, { kind: "values", keys: next }));
  };
  return (
    <>
      {values.map((value) => {
        const key = valueKey(value);
        return (
          <button key={key} type="button" aria-pressed={keys.has(key)} onClick={() => toggle(key)}>
            <bdi>{levelText(value)}</bdi>
          </button>
        );
      })}
    </>
  );
}

function Bounds({
  name,
  numbers,
  filter,
}: {
  name: string;
  numbers: readonly number[];
  filter: Filter | null;
}) {
  const { from, to } = filter?.kind === "range" ? filter : { from: null, to: null };
  const set = (change: { from?: number | null; to?: number | null }) =>
    setQuery(filterQuery(name, { kind: "range", from, to, ...change }));
  return (
    <span class="range">
      <input
        type="text"
        inputMode="decimal"
        aria-label={`${name}, at least`}
        placeholder={levelText(Math.min(...numbers))}
        value={from ?? ""}
        onChange={(event) => set({ from: boundOf(event.currentTarget.value) })}
      />
      –
      <input
        type="text"
        inputMode="decimal"
        aria-label={`${name}, at most`}
        placeholder={levelText(Math.max(...numbers))}
        value={to ?? ""}
        onChange={(event) => set({ to: boundOf(event.currentTarget.value) })}
      />
    </span>
  );
}
