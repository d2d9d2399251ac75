/** Tables of a study's report: trials, effects, variation, correlations, laws, stability, cost. */

import { formatBytes, formatCount, formatDuration, formatNumber, prose } from "../../report/format.ts";
import { type Content, html, type Markup } from "../../report/markup.ts";
import { scoreText } from "../../report/scores/score-words.ts";
import { type Estimate, leavesOutZero } from "../../statistics/estimate.ts";
import { type OutcomeDefinition, outcomeOf, type StudyOutcomes } from "../outcomes/outcome.ts";
import type { StudyAnalysis } from "./analysis.ts";
import type { Control } from "./controls.ts";
import type { CorrelationMatrix } from "./correlations.ts";
import { contrastKey, type OutcomeEffects } from "./effects.ts";
import type { Scaling } from "./scaling.ts";
import type { OutcomeVariation } from "./variation.ts";
import {
  contrastText,
  deviationText,
  effectInterval,
  effectText,
  levelText,
  rangeText,
  valueText,
} from "./words.ts";

type Definitions = ReadonlyMap<string, OutcomeDefinition>;

/** A term that shows its definition on hover or focus. */
export function defined({ label, definition }: Pick<OutcomeDefinition, "label" | "definition">): Markup {
  return html`<dfn tabindex="0">${label}<span class="tip" role="tooltip">${prose(definition)}</span></dfn>`;
}

interface Heading {
  readonly text: Content;
  readonly number?: boolean;
}

/** A table that scrolls within the page where it is too wide; `sortable` ones are sorted by a press on a heading. */
export function wideTable(
  name: string,
  headings: readonly Heading[],
  rows: readonly Content[],
  { sortable = false, tall = false } = {},
): Markup {
  return html`<div class="scroll${tall ? " tall" : ""}">
    <table class="comparison ${name}${sortable ? " sortable" : ""}">
      <thead>
        <tr>
          ${headings.map(({ text, number }) => html`<th scope="col" class="${number === true ? "n" : ""}">${text}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** One line a trial: factors, then primary outcomes with their intervals. */
export function trialsTable({ study, primary }: StudyAnalysis): Markup {
  const factors = Object.keys(study.factors);
  return wideTable(
    "trials",
    [
      { text: "Trial" },
      ...factors.map((text) => ({ text })),
      ...primary.map((definition) => ({ text: defined(definition), number: true })),
    ],
    study.trials.map((trial) => {
      const state = trial.leftOut !== null ? "no dictionary" : trial.stage === null ? "not trained" : null;
      return html`<tr>
        <th scope="row">
          ${trial.name}${(state ?? null) !== null && html`<small class="ci">${state}</small>`}
        </th>
        ${factors.map((name) => {
          const value = trial.factors[name] ?? null;
          return html`<td data-v="${value === null ? "" : String(value)}">
            ${value === null ? "–" : levelText(value)}
          </td>`;
        })}
        ${primary.map((definition) => {
          const outcome = outcomeOf(trial, definition.name);
          if (outcome === undefined) return html`<td class="n" data-v="">–</td>`;
          const range = rangeText(definition, outcome.low, outcome.high);
          return html`<td class="n" data-v="${outcome.value}">
            ${valueText(definition, outcome.value)}${range !== "" && html`<small class="ci">${range}</small>`}
          </td>`;
        })}
      </tr>`;
    }),
    { sortable: true, tall: true },
  );
}

/** A row an outcome, a column a step of a factor. */
export function effectsTable(effects: readonly OutcomeEffects[], definitions: Definitions): Markup {
  const contrasts = [
    ...new Map(effects.flatMap((one) => one.contrasts).map((one) => [contrastKey(one), one])).values(),
  ];
  return wideTable(
    "effects",
    [{ text: "Outcome" }, ...contrasts.map((contrast) => ({ text: contrastText(contrast), number: true }))],
    effects.map((one) => {
      const definition = definitions.get(one.name)!;
      return html`<tr>
        <th scope="row">${defined(definition)}</th>
        ${contrasts.map((contrast) => {
          const found = one.contrasts.find((other) => contrastKey(other) === contrastKey(contrast))?.effect;
          if (found === undefined || found === null) return html`<td class="n none">–</td>`;
          return html`<td class="n ${leavesOutZero(found) ? "sure" : "unsure"}">
            ${effectText(definition, one.log, found.value)}<small class="ci"
              >${effectInterval(definition, one.log, found)}</small
            >
          </td>`;
        })}
      </tr>`;
    }),
  );
}

/** One line an outcome: models as they are, models with shuffled weights, and the difference. */
export function controlsTable(controls: readonly Control[], definitions: Definitions): Markup {
  return wideTable(
    "controls",
    [
      { text: "Outcome" },
      { text: "As it is", number: true },
      { text: "Shuffled weights", number: true },
      { text: "Difference", number: true },
      { text: "Configurations", number: true },
    ],
    controls.map(({ name, pairs, trained, shuffled, difference, log }) => {
      const definition = definitions.get(name)!;
      return html`<tr>
        <th scope="row">${defined(definition)}</th>
        <td class="n">${valueText(definition, trained)}</td>
        <td class="n">${valueText(definition, shuffled)}</td>
        <td class="n ${leavesOutZero(difference) ? "sure" : "unsure"}">
          ${effectText(definition, log, difference.value)}<small class="ci"
            >${effectInterval(definition, log, difference)}</small
          >
        </td>
        <td class="n">${formatCount(pairs)}</td>
      </tr>`;
    }),
  );
}

export function variationTable(variations: readonly OutcomeVariation[], definitions: Definitions): Markup {
  const cell = (definition: OutcomeDefinition, log: boolean, estimate: Estimate | null): Markup => {
    if (estimate === null) return html`<td class="n">–</td>`;
    const { value, interval } = estimate;
    const range = interval?.map((end) => deviationText(definition, log, end)).join(" – ");
    return html`<td class="n">
      ${deviationText(definition, log, value)}${range !== undefined && html`<small class="ci">${range}</small>`}
    </td>`;
  };
  return wideTable(
    "variation",
    [
      { text: "Outcome" },
      { text: "Between configurations", number: true },
      { text: "Between seeds", number: true },
      { text: "Measurement", number: true },
      { text: "measured over" },
    ],
    variations.map(({ name, log, configurations, seeds, measurement, measuredOver }) => {
      const definition = definitions.get(name)!;
      return html`<tr>
        <th scope="row">${defined(definition)}</th>
        ${cell(definition, log, configurations)} ${cell(definition, log, seeds)}
        <td class="n">${deviationText(definition, log, measurement)}</td>
        <td>${measuredOver ?? "–"}</td>
      </tr>`;
    }),
  );
}

export function correlationTable({ pairs }: CorrelationMatrix, definitions: Definitions): Markup {
  return wideTable(
    "correlations",
    [
      { text: "Outcome" },
      { text: "and" },
      { text: "ρ", number: true },
      { text: "95 % interval", number: true },
      { text: "Trials", number: true },
      { text: "Configurations", number: true },
    ],
    pairs.map(
      ({ a, b, rho, low, high, trials, configurations }) =>
        html`<tr>
          <th scope="row">${definitions.get(a)!.label}</th>
          <td>${definitions.get(b)!.label}</td>
          <td class="n" data-v="${rho}">${scoreText(rho)}</td>
          <td class="n ci">
            ${low === null || high === null ? "–" : `${scoreText(low)} – ${scoreText(high)}`}
          </td>
          <td class="n" data-v="${trials}">${formatCount(trials)}</td>
          <td class="n" data-v="${configurations}">${formatCount(configurations)}</td>
        </tr>`,
    ),
    { sortable: true, tall: true },
  );
}

export function lawsTable(scalings: readonly Scaling[]): Markup {
  const cell = ({ value, interval }: Estimate): Markup =>
    html`<td class="n">
      ${formatNumber(value)}${interval !== null && html`<small class="ci">${formatNumber(interval[0])} – ${formatNumber(interval[1])}</small>`}
    </td>`;
  return wideTable(
    "laws",
    [
      { text: "Outcome, by" },
      { text: "Setting" },
      { text: "Floor a", number: true },
      { text: "Exponent c", number: true },
      { text: "Change", number: true },
      { text: "R²", number: true },
      { text: "Doubts" },
    ],
    scalings.flatMap(({ variable, outcome, laws }) =>
      laws.map(
        ({ setting, law }) =>
          html`<tr>
            <th scope="row">${outcome.label}, by ${variable}</th>
            <td>${setting || "all"}</td>
            ${cell(law.floor)} ${cell(law.terms[0]!.exponent)} ${cell(law.terms[0]!.change)}
            <td class="n">${law.rSquared === null ? "–" : scoreText(law.rSquared)}</td>
            <td class="doubts">${law.doubts.length === 0 ? "none found" : `${law.doubts.join("; ")}.`}</td>
          </tr>`,
      ),
    ),
  );
}

/** One line a pair of trials that differ in their seed. */
export function stabilityTable(study: StudyOutcomes, definitions: Definitions): Markup {
  const names = study.definitions.filter(({ group }) => group === "stability").map(({ name }) => name);
  return wideTable(
    "stability",
    [
      { text: "Dictionary" },
      { text: "and" },
      ...names.map((name) => ({ text: defined(definitions.get(name)!), number: true })),
    ],
    study.comparisons.map(
      (comparison) =>
        html`<tr>
          <th scope="row">${comparison.a}</th>
          <td>${comparison.b}</td>
          ${names.map((name) => {
            const outcome = outcomeOf(comparison, name);
            return html`<td class="n" data-v="${outcome?.value ?? ""}">
              ${outcome === undefined ? "–" : valueText(definitions.get(name)!, outcome.value)}
            </td>`;
          })}
        </tr>`,
    ),
    { sortable: true, tall: true },
  );
}

export function costTable({ parts }: StudyOutcomes): Markup {
  const stages = [...Map.groupBy(parts, ({ stage }) => stage)].filter(([stage]) => stage !== "report");
  return wideTable(
    "cost",
    [
      { text: "Stage" },
      { text: "Done", number: true },
      { text: "Attempts", number: true },
      { text: "Time, expected", number: true },
      { text: "took", number: true },
      { text: "ratio", number: true },
      { text: "Memory, expected", number: true },
      { text: "took", number: true },
    ],
    stages.map(([stage, all]) => {
      const timed = all.filter(({ seconds }) => seconds !== null);
      const expected = timed.reduce((sum, { forecast }) => sum + forecast.seconds, 0);
      const real = timed.reduce((sum, { seconds }) => sum + seconds!, 0);
      const sizes = all.flatMap(({ memoryBytes }) => memoryBytes ?? []);
      const done = all.filter(({ condition }) => condition === "done").length;
      return html`<tr>
        <th scope="row">${stage}</th>
        <td class="n">${formatCount(done)} of ${formatCount(all.length)}</td>
        <td class="n">${formatCount(all.reduce((sum, { attempts }) => sum + attempts, 0))}</td>
        <td class="n">${timed.length === 0 ? "–" : formatDuration(expected)}</td>
        <td class="n">${timed.length === 0 ? "–" : formatDuration(real)}</td>
        <td class="n">
          ${timed.length === 0 || expected === 0 ? "–" : `×${Number((real / expected).toPrecision(2))}`}
        </td>
        <td class="n">${formatBytes(Math.max(...all.map(({ forecast }) => forecast.memoryBytes)))}</td>
        <td class="n">${sizes.length === 0 ? "–" : formatBytes(Math.max(...sizes))}</td>
      </tr>`;
    }),
  );
}
