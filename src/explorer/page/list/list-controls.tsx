/** What the list shows and in which order: search, kind, filters, sorting, all of it in the address. */

import { useState } from "preact/hooks";
import type { Sort } from "../../api.ts";
import { activeFilters, descends, FILTERS, type ListChoice } from "../data/list-query.ts";
import { route, setQuery } from "../shell/router.ts";
import { useDraft } from "../parts/use-draft.ts";
import { Choice } from "../parts/choice.tsx";
import { SearchField } from "../parts/search-field.tsx";

const SORT_WORDS: Readonly<Record<Sort, string>> = {
  index: "number",
  density: "density",
  max: "maximum",
  mean: "mean",
  score: "score",
  entropy: "entropy",
  random: "random",
};

const FILTER_WORDS: Readonly<Record<(typeof FILTERS)[number], string>> = {
  all: "all",
  alive: "alive",
  dead: "dead",
  single: "single token",
  other: "several tokens",
};

/** Sets parameters and goes back to the list's beginning. */
export function choose(changes: Readonly<Record<string, string | null>>): void {
  setQuery({ row: null, ...changes });
}

export function sortBy(sort: Sort, descending: boolean): void {
  choose({
    sort: sort === "index" ? null : sort,
    order: descending === descends(sort) ? null : descending ? "down" : "up",
  });
}

export function ListControls({ choice, kinds }: { choice: ListChoice; kinds: readonly string[] }) {
  const [open, setOpen] = useState(activeFilters(choice) > 0);
  const filters = activeFilters(choice);
  return (
    <div class="list-controls" role="search">
      <SearchField
        value={choice.q}
        placeholder={`Search ${choice.kind}s: token, word, number`}
        label="Search by token, explanation or number"
        search={(q) => choose({ q })}
      />
      {kinds.length > 1 && (
        <Choice
          label="Kind"
          value={choice.kind}
          options={[
            ["feature", "features"],
            ["neuron", "neurons"],
          ]}
          onChange={(kind) => choose({ kind: kind === "feature" ? null : kind })}
        />
      )}
      <label class="sort">
        <span>Sort</span>
        <select
          value={choice.sort}
          onChange={(event) => {
            const sort = event.currentTarget.value as Sort;
            sortBy(sort, descends(sort));
          }}
        >
          {Object.entries(SORT_WORDS).map(([sort, words]) => (
            <option key={sort} value={sort}>
              {words}
            </option>
          ))}
        </select>
        <button
          type="button"
          aria-label={choice.descending ? "Largest first" : "Smallest first"}
          title={choice.descending ? "Largest first" : "Smallest first"}
          onClick={() => sortBy(choice.sort, !choice.descending)}
        >
          {choice.descending ? "↓" : "↑"}
        </button>
      </label>
      <button type="button" class="filter-button" aria-expanded={open} onClick={() => setOpen(!open)}>
        Filter{filters > 0 ? ` · ${filters}` : ""}
      </button>
      {open && <Filters choice={choice} />}
    </div>
  );
}

function Filters({ choice }: { choice: ListChoice }) {
  return (
    <div class="filters">
      <Choice
        label="Which"
        value={choice.filter}
        options={FILTERS.map((filter) => [filter, FILTER_WORDS[filter]] as const)}
        onChange={(filter) => choose({ filter: filter === "all" ? null : filter })}
      />
      <span class="range">
        Density
        <Bound name="density-from" label="Density from" example="0.001 %" />–
        <Bound name="density-to" label="Density to" example="1 %" />
      </span>
      <span class="range">
        Maximum from
        <Bound name="max-from" label="Maximum from" example="0" />
      </span>
      <span class="range">
        Score from
        <Bound name="score-from" label="Score from" example="0" />
      </span>
      {activeFilters(choice) > 0 && (
        <button
          type="button"
          class="quiet-button"
          onClick={() =>
            choose({
              filter: null,
              "density-from": null,
              "density-to": null,
              "max-from": null,
              "score-from": null,
            })
          }
        >
          Clear
        </button>
      )}
    </div>
  );
}

function Bound({ name, label, example }: { name: string; label: string; example: string }) {
  const draft = useDraft(route.value.query[name] ?? "", (text) => choose({ [name]: text.trim() || null }));
  return <input type="text" inputMode="decimal" aria-label={label} placeholder={example} {...draft} />;
}
