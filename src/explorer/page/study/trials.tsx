/** The trials of a study: which of them, in which columns, as a table and as points. */

import { useState } from "preact/hooks";
import type { StudyOutcomes } from "../../../study/outcomes/outcome.ts";
import { counted } from "../../../study/report/words.ts";
import type { StudyStanding, StudySummary } from "../../study-api.ts";
import { route, setQuery } from "../shell/router.ts";
import { OutcomeColumns } from "./outcome-columns.tsx";
import { OutcomeScatter } from "./outcome-scatter.tsx";
import { columnsOf, filterQuery, filtersOf, listText, passes, picked, sortedTrials } from "./selection.ts";
import { TrialFilters } from "./trial-filters.tsx";
import { TrialTable } from "./trial-table.tsx";

export interface TrialsProps {
  readonly study: StudySummary;
  readonly outcomes: StudyOutcomes;
  readonly standing: StudyStanding;
}

export function Trials({ study, outcomes, standing }: TrialsProps) {
  const { query } = route.value;
  const [strong, emphasise] = useState<string | null>(null);
  const factors = Object.keys(outcomes.factors);
  const filters = filtersOf(query, factors);
  const columns = columnsOf(query, outcomes);
  const kept = outcomes.trials.filter((trial) => passes(trial, filters));
  const shown = sortedTrials(kept, query["sort"], query["order"] === "down");
  const chosen = picked(query, outcomes.trials).map(({ name }) => name);
  const pick = (name: string) => {
    const next = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name];
    setQuery({ pick: listText(next) || null });
  };
  const clear = () =>
    setQuery(Object.assign({}, ...factors.map((name) => filterQuery(name, null))) as Record<string, null>);
  return (
    <section class="part">
      <header>
        <h2>Trials</h2>
        <p class="readout-at">
          {filters.size === 0
            ? counted(outcomes.trials.length, "trial")
            : `${shown.length} of ${counted(outcomes.trials.length, "trial")}`}
          {filters.size > 0 && (
            <button type="button" class="quiet-button" onClick={clear}>
              All
            </button>
          )}
        </p>
      </header>
      <div class="trial-controls">
        <TrialFilters factors={outcomes.factors} filters={filters} />
        <OutcomeColumns outcomes={outcomes} shown={columns} />
      </div>
      <TrialTable
        study={study}
        standing={standing}
        factors={factors}
        columns={columns}
        trials={shown}
        chosen={chosen}
        strong={strong}
        onPick={pick}
        onPoint={emphasise}
      />
      {outcomes.definitions.length === 0 && (
        <p class="quiet">No trial has a result yet; outcomes appear here as they come.</p>
      )}
      {shown.length === 0 && <p class="quiet">No trial has these values.</p>}
      <OutcomeScatter
        outcomes={outcomes}
        trials={kept}
        chosen={chosen}
        strong={strong}
        onPick={pick}
        onPoint={emphasise}
      />
    </section>
  );
}
