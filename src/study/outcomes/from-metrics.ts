/** Outcomes of metrics.jsonl: how training went, and the evaluations on the way as a curve over tokens. */

import { median } from "../../statistics/quantiles.ts";
import { found, type Found, numberOf } from "./found.ts";
import type { CurvePoint } from "./outcome.ts";

type Line = Readonly<Record<string, unknown>>;

/** What an evaluation on the way has, under the catalogue's names. */
export const CURVE_OUTCOMES = [
  "loss_recovered_zero",
  "loss_recovered_mean",
  "explained_variance",
  "mse",
  "l0",
  "dead_fraction",
  "ultralow_fraction",
] as const;

export interface TrainingFacts {
  readonly found: readonly Found[];
  readonly curve: readonly CurvePoint[];
  readonly tokens: number | null;
  readonly Lambda: number | null;
}

/**
 * @param lines of one dictionary
 * @param width features of the dictionary, where it is known
 */
export function trainingFacts(lines: readonly Line[], width: number | null): TrainingFacts {
  const of = (kind: string) => lines.filter((line) => line["kind"] === kind);
  const train = of("train");
  const last = train.at(-1);
  const events = of("event");
  const restarts = events.filter(({ event }) => event === "resample" || event === "reinit");
  const restarted = restarts.reduce(
    (sum, line) => sum + (numberOf(line["dead"]) ?? numberOf(line["features"]) ?? 0),
    0,
  );
  const curve = curveOf(of("evaluation"));
  return {
    curve,
    tokens: numberOf(last?.["tokens"]),
    Lambda: numberOf(last?.["lambda"]),
    found: [
      ...found("train_loss", numberOf(last?.["loss"])),
      ...found("train_mse", numberOf(last?.["mse"])),
      ...found("train_l0", numberOf(last?.["l0"])),
      ...found("score_fall", fallOf(curve)),
      ...found(
        "tokens_per_second",
        median(train.flatMap((line) => numberOf(line["tokens_per_second"]) ?? [])),
      ),
      ...(train.length > 0
        ? [
            ...found("restarts", restarts.length),
            ...found("restarted_features", width === null ? null : restarted / width),
            ...found("repeats", events.filter(({ event }) => event === "epoch").length),
          ]
        : []),
    ],
  };
}

function curveOf(evaluations: readonly Line[]): CurvePoint[] {
  return evaluations
    .flatMap((line) => {
      const tokens = numberOf(line["tokens"]);
      const increase = difference(numberOf(line["ce_sae"]), numberOf(line["ce_clean"]));
      const values = Object.fromEntries(CURVE_OUTCOMES.map((name) => [name, numberOf(line[name])]));
      return tokens === null ? [] : [{ tokens, values: { ...values, ce_increase: increase } }];
    })
    .sort((a, b) => a.tokens - b.tokens);
}

/** Null with a single evaluation, from which nothing can have fallen. */
function fallOf(curve: readonly CurvePoint[]): number | null {
  const scores = curve.flatMap(({ values }) => values["loss_recovered_zero"] ?? []);
  return scores.length < 2 ? null : Math.max(...scores) - scores.at(-1)!;
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}
