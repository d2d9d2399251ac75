/** Which outcomes are columns of the table of trials. */

import {
  OUTCOME_GROUPS,
  type OutcomeDefinition,
  type StudyOutcomes,
} from "../../../study/outcomes/outcome.ts";
import { explainedBy } from "../run/evaluation-table.tsx";
import { route, setQuery } from "../shell/router.ts";
import { listText } from "./selection.ts";

export interface OutcomeColumnsProps {
  readonly outcomes: Pick<StudyOutcomes, "definitions" | "primary">;
  readonly shown: readonly OutcomeDefinition[];
}

export function OutcomeColumns({ outcomes, shown }: OutcomeColumnsProps) {
  const { definitions } = outcomes;
  if (definitions.length === 0) return null;
  const names = new Set(shown.map(({ name }) => name));
  const toggle = (name: string) => {
    const next = definitions.filter((one) => names.has(one.name) !== (one.name === name));
    setQuery({ columns: listText(next.map((one) => one.name)) || "-" });
  };
  return (
    <details class="outcome-columns">
      <summary>
        Outcomes: {shown.length} of {definitions.length}
      </summary>
      {route.value.query["columns"] !== undefined && (
        <button type="button" class="quiet-button" onClick={() => setQuery({ columns: null })}>
          The primary ones
        </button>
      )}
      <div class="outcome-choices">
        {OUTCOME_GROUPS.map((group) => {
          const those = definitions.filter((one) => one.group === group);
          if (those.length === 0) return null;
          return (
            <fieldset key={group}>
              <legend>{group}</legend>
              {those.map(({ name, label, definition }) => (
                <label key={name} class="check" {...explainedBy(definition)}>
                  <input type="checkbox" checked={names.has(name)} onChange={() => toggle(name)} />
                  <span>{label}</span>
                </label>
              ))}
            </fieldset>
          );
        })}
      </div>
    </details>
  );
}
