/** How outcomes, effects and settings are written, the same in tables, figures and sentences. */

import type { Estimate } from "../../statistics/estimate.ts";
import { levelName } from "../../statistics/factor.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
  formatRange,
  formatTokens,
} from "../../report/format.ts";
import { scoreText } from "../../report/scores/score-words.ts";
import type { FactorValue } from "../plan.ts";
import type { Outcome, OutcomeDefinition, TrialOutcomes } from "../outcomes/outcome.ts";
import type { Contrast } from "./effects.ts";
import type { Population } from "./population.ts";

type Unit = Pick<OutcomeDefinition, "unit">;

export function valueText({ unit }: Unit, value: number | null | undefined): string {
  const written = {
    share: formatPercent,
    score: scoreText,
    seconds: formatDuration,
    bytes: formatBytes,
    number: formatNumber,
  };
  return written[unit](value);
}

/** 62.1 – 87.4 %; "" where there is no interval. */
export function rangeText(definition: Unit, low: number | null, high: number | null): string {
  if (low === null || high === null) return "";
  return formatRange([low, high], (value) => valueText(definition, value));
}

export function outcomeText(definition: Unit, outcome: Outcome | undefined): string {
  if (outcome === undefined) return "–";
  const { value, low, high } = outcome;
  const range = rangeText(definition, low, high);
  return `${valueText(definition, value)}${range && ` (${range})`}`;
}

/** A difference: +4.02 points of a share, ×0.57 of what is compared by ratios, +0.031 of the rest. */
export function effectText({ unit }: Unit, log: boolean, value: number): string {
  if (log) return `×${three(Math.exp(value))}`;
  return unit === "share" ? `${signed(100 * value)} pts` : signed(value);
}

/** [+3.8, +4.2] */
export function effectInterval({ unit }: Unit, log: boolean, { interval }: Estimate): string {
  if (interval === null) return "";
  const scale = unit === "share" && !log ? 100 : 1;
  const [low, high] = interval.map((end) => (log ? three(Math.exp(end)) : signed(scale * end)));
  return `[${low}, ${high}]`;
}

/** As deviations are written: of a logarithm as a share of the value. */
export function deviationText({ unit }: Unit, log: boolean, value: number | null): string {
  if (value === null) return "–";
  if (log) return `${three(100 * value)} %`;
  return unit === "share" ? `${three(100 * value)} pts` : three(value);
}

/** "expansion, per doubling"; "objective: topk beside relu-l1" */
export function contrastText({ factor, step }: Contrast): string {
  if (step.kind === "doubling") return `${factor}, per doubling`;
  if (step.kind === "range") return `${factor}, ${levelText(step.from)} → ${levelText(step.to)}`;
  return `${factor}: ${levelText(step.to)} beside ${levelText(step.from)}`;
}

export function levelText(level: FactorValue): string {
  if (typeof level !== "number") return levelName(level);
  if (level >= 1e6) return formatTokens(level);
  if (Number.isInteger(level)) return level < 10_000 ? String(level) : formatCount(level);
  return String(level);
}

/** "1, 2, 4 and 8"; "0.0001 to 0.01 (20 values)" */
export function levelsText(levels: readonly FactorValue[]): string {
  const most = 8;
  const ascending = levels.every((level) => typeof level === "number");
  if (levels.length > most && ascending) {
    return `${levelText(levels[0]!)} to ${levelText(levels.at(-1)!)} (${levels.length} values)`;
  }
  const shown = levels.slice(0, most).map(levelText);
  if (levels.length > most) return `${shown.join(", ")} and ${levels.length - most} more`;
  return listed(shown);
}

export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** 1 trial, 24 trials. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function signed(value: number): string {
  const text = three(value);
  return value > 0 ? `+${text}` : text;
}

function three(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  return text.replace(/^-/, "−").replace("e-", "e−");
}

/** The factors of a trial, seeds left out: "expansion 8, lambda 2". */
export function settingText({ factors }: Population, trial: Pick<TrialOutcomes, "factors">): string {
  return factors.map(({ name }) => `${name} ${levelText(trial.factors[name] ?? null)}`).join(", ");
}
