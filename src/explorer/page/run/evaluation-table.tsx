/** Every number of the evaluations of a run, one column a dictionary, with intervals; what a number means is in its tip. */

import type { SaeSummary } from "../../api.ts";
import { formatCount } from "../../../report/format.ts";
import { EVALUATION_GROUPS, evaluationOf, intervalText, valueText } from "./evaluation-numbers.ts";
import { hideTip, showTip } from "../shell/tip.tsx";

export interface EvaluationTableProps {
  readonly saes: readonly SaeSummary[];
  readonly colourOf: (name: string) => string;
}

export function EvaluationTable({ saes, colourOf }: EvaluationTableProps) {
  const evaluated = saes.flatMap((sae) => {
    const evaluation = evaluationOf(sae);
    return evaluation === null ? [] : [{ name: sae.name, evaluation }];
  });
  if (evaluated.length === 0) return null;
  const [{ evaluation: first }] = evaluated as [(typeof evaluated)[0]];
  return (
    <>
      <p class="note">
        On {formatCount(first.tokens)} held-out tokens in {formatCount(first.contexts)} sequences. Intervals:
        95 %, bootstrap over {first.interval_unit}s. What a number means is shown where it is pointed at.
      </p>
      <div class={evaluated.length > 1 ? "scroll" : "numbers-columns"}>
        <table class="numbers">
          {evaluated.length > 1 && (
            <thead>
              <tr>
                <th scope="col">Quantity</th>
                {evaluated.map(({ name }) => (
                  <th key={name} scope="col" class="n">
                    <i class="swatch" style={{ background: colourOf(name) }} />
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
          )}
          {EVALUATION_GROUPS.map(({ title, rows }) => (
            <tbody key={title}>
              <tr class="group">
                <th scope="rowgroup" colSpan={evaluated.length + 1}>
                  {title}
                </th>
              </tr>
              {rows.map((row) => (
                <tr key={row.field}>
                  <th scope="row">
                    <Defined label={row.label} definition={row.definition} />
                  </th>
                  {evaluated.map(({ name, evaluation }) => {
                    const interval = intervalText(row, evaluation);
                    return (
                      <td key={name} class="n">
                        {valueText(row, evaluation)}
                        {interval !== null && <small>{interval}</small>}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
    </>
  );
}

/** A term with its definition in the tip, for pointer and keyboard. */
function Defined({ label, definition }: { label: string; definition: string }) {
  return (
    <dfn tabIndex={0} {...explainedBy(definition)}>
      {label}
    </dfn>
  );
}

/** Handlers of an element that shows this definition while it is pointed at or has the focus. */
export function explainedBy(definition: string) {
  const show = (event: Event) => showTip(event.currentTarget as Element, <p>{definition}</p>);
  const hide = (event: Event) => hideTip(event.currentTarget as Element);
  return { onMouseEnter: show, onMouseLeave: hide, onFocus: show, onBlur: hide };
}
