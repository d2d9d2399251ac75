/** Scores of every explainer, with the controls as columns: mean with its interval, drawn on one axis, median and number of units. */

import type { ColumnSummary, Interpretation, Split } from "../../../interpretation/result.ts";
import type { ScoreKind } from "../../../interpretation/scores/score.ts";
import { formatCount } from "../../../report/format.ts";
import { seriesColour } from "../charts/colours.ts";
import { explainedBy } from "../run/evaluation-table.tsx";
import { chanceOf, explainerWords, intervalText, scoreText } from "../../../report/scores/score-words.ts";
import { plainText } from "../tokens/token-text.ts";
import { cellOf, columnsOf, rowsOf } from "../../../report/scores/compared-columns.ts";

export interface ScoreTableProps {
  readonly interpretation: Interpretation;
  readonly kind: ScoreKind;
  readonly split: Split;
  /** The row that the figures below show. */
  readonly explainer: string;
  readonly onExplainer: (explainer: string) => void;
}

export function ScoreTable({ interpretation, kind, split, explainer, onExplainer }: ScoreTableProps) {
  const columns = columnsOf(interpretation);
  const rows = rowsOf(interpretation, kind, split);
  const low = Math.min(
    0,
    ...rows.flatMap(({ cells }) => cells.flatMap(({ interval, mean }) => [interval?.[0] ?? mean ?? 0])),
  );
  return (
    <div class="scroll">
      <table class="compared scores">
        <thead>
          <tr>
            <th scope="col" class="sticky">
              Explainer
            </th>
            {columns.map(({ id, title, definition, colour }) => (
              <th key={id} scope="col" class="n">
                <i class="swatch" style={{ background: seriesColour(colour) }} />
                <dfn tabIndex={0} {...explainedBy(definition)}>
                  {title}
                </dfn>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.explainer} class={row.explainer === explainer ? "shown-row" : undefined}>
              <th scope="row" class="sticky">
                <button
                  type="button"
                  class="row-choice"
                  aria-pressed={row.explainer === explainer}
                  onClick={() => onExplainer(row.explainer)}
                  {...explainedBy(`${explainerWords(row.explainer)} Click to draw it below.`)}
                >
                  <bdi>{plainText(row.explainer)}</bdi>
                </button>
              </th>
              {columns.map((column) => (
                <td key={column.id} class="n">
                  <Cell
                    cell={cellOf(row, column)}
                    low={low}
                    chance={chanceOf(kind)}
                    colour={seriesColour(column.colour)}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellProps {
  readonly cell: ColumnSummary | undefined;
  /** Left end of the drawing's axis; its right end is 1. */
  readonly low: number;
  readonly chance: number;
  readonly colour: string;
}

function Cell({ cell, low, chance, colour }: CellProps) {
  if (cell === undefined || cell.mean === null || cell.units === 0) return <span class="faint">–</span>;
  const { mean, interval, median, units } = cell;
  const at = (value: number) => `${(100 * Math.max(0, Math.min(1, (value - low) / (1 - low)))).toFixed(2)}%`;
  const [from, to] = interval ?? [mean, mean];
  return (
    <>
      <b>{scoreText(mean)}</b> <span class="cell-interval">{intervalText(interval)}</span>
      <span class="cell-axis" aria-hidden="true" style={{ "--of": colour, "--chance": at(chance) }}>
        <i class="reach" style={{ left: at(from), right: `calc(100% - ${at(to)})` }} />
        <i class="middle" style={{ left: at(mean) }} />
      </span>
      <small>
        median {scoreText(median)} · {formatCount(units)}
      </small>
    </>
  );
}
