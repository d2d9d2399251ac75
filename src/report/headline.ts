/** The run in one sentence, and the few numbers one would say aloud. */

import type { EvaluationField, EvaluationResult } from "../evaluation/result.ts";
import { formatCount, formatNumber, formatPercent, formatRange, formatTime, formatTokens } from "./format.ts";
import { type Content, html, type Markup } from "./markup.ts";
import { defined } from "./numbers-table.ts";
import type { ReportedSae, RunFolder } from "./run-folder.ts";

/** "An 8× dictionary of 4,096 features for blocks.0.mlp.hook_post of one-layer, trained on 5.24 million tokens." */
export function sentence({ run, saes }: RunFolder): string {
  const place = [run.hook, text(run.model?.["name"])].filter(Boolean).join(" of ");
  const tokens = Math.max(0, ...saes.map(trainedTokens));
  const trained = tokens > 0 ? `, trained on ${formatTokens(tokens)}\u00a0tokens` : "";
  return `${dictionaries(saes)}${place ? ` for ${place}` : ""}${trained}`;
}

/** Where the text came from, when, with which preset and seed. */
export function subtitle({ run }: RunFolder): string[] {
  const source = run.text?.["source"];
  return [
    typeof source === "string" ? `Text: ${source}` : "",
    text(run.config?.["preset"]) && `Preset ${text(run.config?.["preset"])}`,
    run.seed === undefined ? "" : `Seed ${run.seed}`,
    run.started ? formatTime(run.started) : "",
  ].filter((part) => part !== "");
}

/** The headline numbers of one SAE, each with its interval. */
export function tiles(e: EvaluationResult): Markup {
  const tile = (field: EvaluationField, label: string, value: string, below: Content) =>
    html`<div class="tile">
      <div class="label">${defined(field, label)}</div>
      <div class="value">${value}</div>
      <div class="below">${below}</div>
    </div>`;
  const range = (ends: [number, number] | null, format: (value: number) => string) =>
    ends === null ? "no interval" : formatRange(ends, format);
  return html`<div class="tiles">
    ${tile("loss_recovered_zero", "Loss recovered", formatPercent(e.loss_recovered_zero), range(e.loss_recovered_zero_ci, formatPercent))}
    ${tile("l0", "Active features a token", formatNumber(e.l0), range(e.l0_ci, formatNumber))}
    ${tile("explained_variance", "Explained variance", formatPercent(e.explained_variance), range(e.explained_variance_ci, formatPercent))}
    ${tile("dead_fraction", "Dead features", formatPercent(e.dead_fraction), `${formatCount(e.log_density_histogram.never)} of ${formatCount(e.d_sae)}`)}
  </div>`;
}

export function trainedTokens({ train }: ReportedSae): number {
  return train.findLast(({ tokens }) => tokens !== null)?.tokens ?? 0;
}

function dictionaries(saes: readonly ReportedSae[]): string {
  const widths = [...new Set(saes.flatMap(({ dSae }) => dSae ?? []))].sort((a, b) => a - b);
  if (saes.length === 0) return "No dictionary yet";
  if (saes.length > 1) {
    if (widths.length === 0) return `${formatCount(saes.length)} dictionaries`;
    const range =
      widths.length === 1
        ? formatCount(widths[0])
        : `${formatCount(widths[0])} to ${formatCount(widths.at(-1))}`;
    return `${formatCount(saes.length)} dictionaries of ${range} features`;
  }
  const { evaluation, dSae } = saes[0]!;
  if (dSae === null) return "A dictionary";
  const ratio = evaluation ? evaluation.d_sae / evaluation.d_in : null;
  const expansion = ratio === null ? "" : `${Number(ratio.toPrecision(3))}× `;
  const article = /^(8|11|18)(×|\D|$)/.test(expansion) ? "An" : "A";
  return `${article} ${expansion}dictionary of ${formatCount(dSae)} features`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
