/** An outcome of a trial in a table: its value, and its interval below. */

import { type OutcomeDefinition, outcomeOf, type TrialOutcomes } from "../../../study/outcomes/outcome.ts";
import { rangeText, valueText } from "../../../study/report/words.ts";

export function OutcomeCell({ trial, definition }: { trial: TrialOutcomes; definition: OutcomeDefinition }) {
  const outcome = outcomeOf(trial, definition.name);
  const range = outcome === undefined ? "" : rangeText(definition, outcome.low, outcome.high);
  return (
    <td class="n">
      {valueText(definition, outcome?.value)}
      {range !== "" && <small>{range}</small>}
    </td>
  );
}
