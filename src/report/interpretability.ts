/** Whether the features mean one thing: the conclusion of the newest interpretation, its scores beside the controls, its cost. */

import { moneyText, paidInAll } from "../interpretation/endpoint/paid.ts";
import type { Interpretation } from "../interpretation/result.ts";
import { formatCount, formatDuration, formatPercent, formatTokens, prose } from "./format.ts";
import { type Content, html, type Markup } from "./markup.ts";
import { cellOf, columnsOf, kindsOf, rowsOf, type ComparedColumn } from "./scores/compared-columns.ts";
import { definitionOf, explainerWords, intervalText, scoreText } from "./scores/score-words.ts";

/** Everything but the figure. */
export function interpretabilityText(interpretation: Interpretation): Content {
  const { conclusion, notes, stopped, primary } = interpretation;
  const others = kindsOf(interpretation).filter((kind) => kind !== primary);
  return [
    html`<p class="conclusion">${prose(conclusion)}</p>`,
    stopped !== null && html`<p class="note">It ended early: ${stopped}</p>`,
    scoreTable(interpretation, [primary]),
    others.length > 0 &&
      html`<details>
        <summary>Other scores</summary>
        ${scoreTable(interpretation, others)}
      </details>`,
    notes.length > 0 &&
      html`<ul class="fine">
        ${notes.map((note) => html`<li>${prose(note)}</li>`)}
      </ul>`,
    html`<p class="note">${prose(made(interpretation))}</p>`,
  ];
}

/** A row an explainer, a column a control; three lines a cell: mean, its interval, median and number of units. */
function scoreTable(interpretation: Interpretation, kinds: ReturnType<typeof kindsOf>): Markup {
  const columns = columnsOf(interpretation);
  return html`<div class="scroll">
    <table class="comparison scores">
      <thead>
        <tr>
          <th scope="col">Explainer</th>
          ${columns.map(
            ({ title, definition }) => html`<th scope="col" class="n">${defined(title, definition)}</th>`,
          )}
        </tr>
      </thead>
      ${kinds.map(
        (kind) =>
          html`<tbody>
            <tr class="group">
              <th colspan="${columns.length + 1}" scope="rowgroup">
                ${defined(kind, definitionOf(kind))} <small>mean, its 95 % interval, median and units</small>
              </th>
            </tr>
            ${rowsOf(interpretation, kind, "all").map(
              (row) =>
                html`<tr>
                  <th scope="row">${defined(row.explainer, explainerWords(row.explainer))}</th>
                  ${columns.map((column) => cell(row, column))}
                </tr>`,
            )}
          </tbody>`,
      )}
    </table>
  </div>`;
}

function cell(row: Parameters<typeof cellOf>[0], column: ComparedColumn): Markup {
  const found = cellOf(row, column);
  if (found === undefined || found.mean === null) return html`<td class="n">–</td>`;
  return html`<td class="n">
    ${scoreText(found.mean)}<small class="ci">${intervalText(found.interval)}</small
    ><small class="ci">${scoreText(found.median)} · ${formatCount(found.units)}</small>
  </td>`;
}

function defined(term: string, definition: string): Markup {
  return html`<dfn tabindex="0">${term}<span class="tip" role="tooltip">${prose(definition)}</span></dfn>`;
}

function costIn({ spent }: NonNullable<Interpretation["endpoint"]>): string {
  const { money } = paidInAll(spent);
  return money === null ? "" : `, ${moneyText(money)} in the prices’ currency`;
}

/** What it rests on and what it cost, in one line. */
function made({ endpoint, text, seconds, asked, failed, subjects, sampling }: Interpretation): string {
  const features = subjects.find(({ subject }) => subject === "features");
  const parts = [
    `${formatTokens(text.tokens)} tokens of text, explained and scored on different documents`,
    features === undefined
      ? ""
      : `${formatCount(features.units.length)} of ${formatCount(features.alive)} alive features (${sampling.rule}, seed ${sampling.seed}), ${formatCount(features.tooRare)} more too rare to score`,
    endpoint === null
      ? "no language model"
      : `${endpoint.model} (${endpoint.mode}), ${formatCount(endpoint.spent.requests)} requests${costIn(endpoint)}`,
    `${asked > 0 ? formatPercent(failed / asked) : "none"} of ${formatCount(asked)} questions without a usable answer`,
    formatDuration(seconds),
  ];
  return `${parts.filter((part) => part !== "").join("; ")}.`;
}
