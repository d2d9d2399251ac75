/** A row a trial: to be chosen for a comparison, with ways to its dictionary's pages, its factors, and its outcomes with intervals. */

import type { OutcomeDefinition, TrialOutcomes } from "../../../study/outcomes/outcome.ts";
import { levelText } from "../../../study/report/words.ts";
import type { StudyStanding, StudySummary } from "../../study-api.ts";
import { explainedBy } from "../run/evaluation-table.tsx";
import { route, setQuery } from "../shell/router.ts";
import { OutcomeCell } from "./outcome-cell.tsx";
import { factorSort } from "./selection.ts";
import { TrialLinks } from "./trial-links.tsx";
import { trialState } from "./trial-state.ts";

export interface TrialTableProps {
  readonly study: StudySummary;
  readonly standing: StudyStanding;
  readonly factors: readonly string[];
  readonly columns: readonly OutcomeDefinition[];
  readonly trials: readonly TrialOutcomes[];
  /** Names. */
  readonly chosen: readonly string[];
  readonly strong: string | null;
  readonly onPick: (name: string) => void;
  readonly onPoint: (name: string | null) => void;
}

export function TrialTable(props: TrialTableProps) {
  const { study, standing, factors, columns, trials, chosen, strong, onPick, onPoint } = props;
  return (
    <div class="scroll trials">
      <table class="compared">
        <thead>
          <tr>
            <Heading sort="name" label="Trial" down={false} sticky />
            {factors.map((name) => (
              <Heading key={`factor ${name}`} sort={factorSort(name)} label={name} down={false} />
            ))}
            {columns.map(({ name, label, definition, better }) => (
              <Heading
                key={name}
                sort={name}
                label={label}
                definition={definition}
                down={better !== "lower"}
                number
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {trials.map((trial) => {
            const state = trialState(trial, standing);
            return (
              <tr
                key={trial.name}
                class={strong === trial.name ? "strong" : undefined}
                onMouseEnter={() => onPoint(trial.name)}
                onMouseLeave={() => onPoint(null)}
              >
                <th scope="row" class="sticky">
                  <label>
                    <input
                      type="checkbox"
                      checked={chosen.includes(trial.name)}
                      aria-label={`${trial.name} in the comparison`}
                      onChange={() => onPick(trial.name)}
                    />
                    <bdi title={trial.name}>{trial.name}</bdi>
                  </label>
                  <TrialLinks study={study} trial={trial} />
                  {state !== null && <small class={trial.leftOut === null ? "" : "failed"}>{state}</small>}
                  {trial.problems.map((problem) => (
                    <small key={problem} class="failed">
                      {problem}
                    </small>
                  ))}
                </th>
                {factors.map((name) => {
                  const value = trial.factors[name] ?? null;
                  return (
                    <td key={`factor ${name}`}>
                      <bdi>{value === null ? "–" : levelText(value)}</bdi>
                    </td>
                  );
                })}
                {columns.map((definition) => (
                  <OutcomeCell key={definition.name} trial={trial} definition={definition} />
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface HeadingProps {
  readonly sort: string;
  readonly label: string;
  readonly definition?: string;
  /** Sorted the larger first when it is first asked for. */
  readonly down: boolean;
  readonly number?: boolean;
  readonly sticky?: boolean;
}

function Heading({ sort, label, definition, down, number = false, sticky = false }: HeadingProps) {
  const { query } = route.value;
  const isSorted = query["sort"] === sort;
  const descending = query["order"] === "down";
  const press = () => {
    if (isSorted && descending !== down) return setQuery({ sort: null, order: null });
    setQuery({ sort, order: (isSorted ? !descending : down) ? "down" : null });
  };
  return (
    <th
      scope="col"
      class={sticky ? "sticky" : number ? "n" : undefined}
      aria-sort={isSorted ? (descending ? "descending" : "ascending") : "none"}
    >
      <button
        type="button"
        aria-pressed={isSorted}
        onClick={press}
        {...(definition !== undefined && explainedBy(definition))}
      >
        {label}
        {isSorted && (descending ? " ↓" : " ↑")}
      </button>
    </th>
  );
}
