/** The numbers of an evaluation as tables: every quantity of one SAE, and a few quantities of all. */

import { definition, type EvaluationField, type EvaluationResult } from "../evaluation/result.ts";
import { formatCount, formatNumber, formatPercent, formatRange, prose } from "./format.ts";
import { type Content, html, type Markup } from "./markup.ts";
import { seriesColour } from "./palette.ts";
import { PUBLISHED } from "./published.ts";
import type { ReportedSae } from "./run-folder.ts";

interface Row {
  readonly field: EvaluationField;
  readonly label: string;
  readonly value: (e: EvaluationResult) => string;
  readonly interval?: (e: EvaluationResult) => string;
  /** Shown where the interval would stand. */
  readonly count?: (e: EvaluationResult) => string;
}

type NumberField = {
  [F in EvaluationField]: EvaluationResult[F] extends number | null ? F : never;
}[EvaluationField];
type IntervalField = Extract<EvaluationField, `${string}_ci`>;

const GROUPS: readonly { title: string; rows: readonly Row[] }[] = [
  {
    title: "Faithfulness",
    rows: [
      percent("loss_recovered_zero", "Loss recovered, zero ablation", "loss_recovered_zero_ci"),
      percent("loss_recovered_mean", "Loss recovered, mean ablation", "loss_recovered_mean_ci"),
      percent("kl_recovered_zero", "KL recovered, zero ablation", "kl_recovered_zero_ci"),
      percent("explained_variance", "Explained variance", "explained_variance_ci"),
      percent("explained_variance_after_first", "Explained variance, first position left out"),
      plain("ce_clean", "Loss, clean model"),
      plain("ce_sae", "Loss, with the SAE"),
      plain("ce_mean", "Loss, mean ablation"),
      plain("ce_zero", "Loss, zero ablation"),
      plain("ce_increase", "Loss increase", "ce_increase_ci"),
      plain("kl", "KL divergence", "kl_ci"),
      plain("mse", "Squared error", "mse_ci"),
      plain("cosine", "Cosine of x and x̂"),
      plain("shrinkage", "Shrinkage γ"),
    ],
  },
  {
    title: "Sparsity",
    rows: [
      plain("l0", "L0, mean", "l0_ci"),
      { field: "l0_median", label: "L0, median", value: (e) => formatCount(e.l0_median) },
      { field: "l0_p95", label: "L0, 95th percentile", value: (e) => formatCount(e.l0_p95) },
      percent("l0_zero_fraction", "Tokens without any feature"),
      plain("l1", "L1"),
    ],
  },
  {
    title: "Features",
    rows: [
      { field: "d_sae", label: "Features", value: (e) => formatCount(e.d_sae) },
      share("dead_fraction", "Dead"),
      share("ultralow_fraction", "Ultralow density"),
      share("fraction_above_1pct", "Active on more than 1 % of tokens"),
      share("fraction_above_10pct", "Active on more than 10 % of tokens"),
      plain("density_median", "Density, median"),
      plain("density_resolution", "Density resolution"),
      {
        field: "encoder_decoder_cosine",
        label: "Encoder–decoder cosine, median",
        value: (e) => formatNumber(e.encoder_decoder_cosine.median),
      },
      {
        field: "rare",
        label: "Rare features",
        value: (e) => formatPercent(e.rare.count / e.d_sae),
        count: (e) => ofFeatures(e.rare.count, e),
      },
      plain("splice_identity_deviation", "Splice self-check, largest deviation"),
    ],
  },
];

/** Every number of one SAE. */
export function numbersTable(e: EvaluationResult): Markup {
  return html`<table class="numbers">
    <thead>
      <tr>
        <th scope="col">Quantity</th>
        <th scope="col" class="n">Value</th>
        <th scope="col" class="n">95 % interval</th>
        <th scope="col">Published</th>
      </tr>
    </thead>
    ${GROUPS.map(
      ({ title, rows }) =>
        html`<tbody>
          <tr class="group">
            <th colspan="4" scope="colgroup">${title}</th>
          </tr>
          ${rows.map(
            (row) =>
              html`<tr>
                <th scope="row">${defined(row.field, row.label)}</th>
                <td class="n">${row.value(e)}</td>
                <td class="n ci">${(row.interval ?? row.count)?.(e)}</td>
                <td class="published">${PUBLISHED[row.field]}</td>
              </tr>`,
          )}
        </tbody>`,
    )}
  </table>`;
}

const COMPARED: readonly Row[] = [
  { field: "d_sae", label: "Features", value: (e) => formatCount(e.d_sae) },
  percent("loss_recovered_zero", "Loss recovered", "loss_recovered_zero_ci"),
  percent("loss_recovered_mean", "… mean abl.", "loss_recovered_mean_ci"),
  plain("l0", "L0"),
  percent("explained_variance", "Expl. variance"),
  plain("ce_increase", "Loss increase"),
  percent("dead_fraction", "Dead"),
  percent("ultralow_fraction", "Ultralow"),
];

/** One line an SAE. Those without an evaluation are listed too. */
export function comparisonTable(saes: readonly ReportedSae[]): Markup {
  return html`<div class="scroll">
    <table class="comparison">
      <thead>
        <tr>
          <th scope="col">Dictionary</th>
          <th scope="col" class="n">Λ</th>
          ${COMPARED.map(({ field, label }) => html`<th scope="col" class="n">${defined(field, label)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${saes.map(
          (sae, index) =>
            html`<tr>
              <th scope="row"><i class="swatch" style="background:${seriesColour(index)}"></i>${sae.name}</th>
              <td class="n">${formatNumber(sae.train.at(-1)?.lambda)}</td>
              ${COMPARED.map((row) => html`<td class="n">${comparedCell(row, sae.evaluation)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function comparedCell(row: Row, evaluation: EvaluationResult | null): Content {
  if (evaluation === null) return "–";
  return row.interval
    ? html`${row.value(evaluation)}<small class="ci">${row.interval(evaluation)}</small>`
    : row.value(evaluation);
}

/** A term that shows its definition on hover or focus. */
export function defined(field: EvaluationField, label: string): Markup {
  return html`<dfn tabindex="0"
    >${label}<span class="tip" role="tooltip">${prose(definition(field))}</span></dfn
  >`;
}

/** All definitions in the open, for paper and for screens without a pointer. */
export function definitionList(): Markup {
  return html`<dl class="definitions">
    ${GROUPS.flatMap(({ rows }) => rows).map(
      ({ field, label }) =>
        html`<div>
          <dt>${label}</dt>
          <dd>${prose(definition(field))}</dd>
        </div>`,
    )}
  </dl>`;
}

function percent(field: NumberField, label: string, interval?: IntervalField): Row {
  return row(field, label, formatPercent, interval);
}

function plain(field: NumberField, label: string, interval?: IntervalField): Row {
  return row(field, label, formatNumber, interval);
}

/** A share of the features, with their number beside it. */
function share(field: NumberField, label: string): Row {
  const count = (e: EvaluationResult) => ofFeatures(Math.round((e[field] ?? 0) * e.d_sae), e);
  return { ...row(field, label, formatPercent), count };
}

function ofFeatures(count: number, e: EvaluationResult): string {
  return `${formatCount(count)} of ${formatCount(e.d_sae)}`;
}

function row(
  field: NumberField,
  label: string,
  format: (value: number | null) => string,
  interval?: IntervalField,
): Row {
  const value = (e: EvaluationResult) => format(e[field]);
  if (!interval) return { field, label, value };
  return {
    field,
    label,
    value,
    interval: (e) => {
      const ends = e[interval];
      return ends === null ? "–" : formatRange(ends, format);
    },
  };
}
