/**
 * Scores of simulated activations, over the tokens of all answered excerpts, one after the other (not a mean of correlations of excerpts).
 *
 *     bricken-2023            Spearman of what was simulated with f as integers 0–9
 *     bricken-2023-weighted   the same, each token with the weight of its excerpt
 *     bills-2023              Pearson of what was simulated with f itself
 *
 * Beside bricken-2023 stand its pearson, and spearman_raw with f not rounded to integers. Beside bills-2023 its spearman, and
 * r_squared and absolute_deviation_explained, for which simulated values are brought to the size of f: by the factor that the integers
 * were made with, and, as calibrated_…, by a line fitted on other documents where one is given.
 */

import { activationsOf, sideOf, type UnitEvidence } from "../evidence/passage.ts";
import { activeOn } from "../protocols/active-tokens.ts";
import { floorTo, highestOf } from "../protocols/quantise.ts";
import type { SimulationTask } from "../protocols/task.ts";
import { absoluteDeviationExplained, type Correlation, midranks, pearson, rSquared } from "./correlation.ts";
import { correlationInterval } from "./interval.ts";
import type { LinearCalibration } from "./linear-calibration.ts";
import type { RawAnswers, Score, ScoredTask, ScoreKind } from "./score.ts";

type SimulationAnswers = Extract<RawAnswers, { type: "simulation" }>;

/** Everything of the answered excerpts, token by token. */
interface Tokens {
  readonly simulated: Float64Array;
  readonly quantised: Float64Array;
  readonly real: Float64Array;
  readonly weights: Float64Array | undefined;
  /** The excerpt of each token, counting answered ones. */
  readonly excerptOf: Uint16Array;
}

export function scoreSimulation(
  task: SimulationTask,
  given: readonly (readonly number[] | null)[],
  evidence: UnitEvidence,
  seed: number,
  calibration: LinearCalibration | null,
): ScoredTask {
  const truth = truthOf(task, evidence);
  const answers: SimulationAnswers = {
    type: "simulation",
    scale: task.scale,
    excerpts: task.excerpts,
    quantised: truth.quantised,
    real: truth.real,
    simulated: task.excerpts.map(({ length }, i) => usable(given[i] ?? null, length)),
    weights: task.weights,
  };
  const tokens = answeredTokens(answers);
  const counts = {
    asked: task.excerpts.length,
    failed: answers.simulated.filter((values) => values === null).length,
  };
  const scores =
    tokens.real.length === 0
      ? kindsOf(task).map((kind): Score => ({
          kind,
          value: null,
          interval: null,
          degenerate: false,
          ...counts,
          others: {},
        }))
      : task.scale === 9
        ? brickenScores(tokens, seed, counts)
        : [billsScore(tokens, truth.highest / task.scale, seed, counts, calibration)];
  return { scores, answers };
}

/**
 * f of each excerpt, and as integers. Of the highest f: on the side of the excerpts in bricken-2023, of these excerpts in bills-2023
 * (quantise.ts).
 */
export function truthOf(
  { scale, excerpts }: SimulationTask,
  evidence: UnitEvidence,
): { real: number[][]; quantised: number[][]; highest: number } {
  const real = excerpts.map((excerpt) => Array.from(activationsOf(evidence.column, excerpt)));
  const side = excerpts.length === 0 ? undefined : sideOf(evidence.passage, excerpts[0]!.start);
  const highest = scale === 9 && side !== undefined ? activeOn(evidence, side).max : highestOf(real);
  return { real, quantised: real.map((values) => values.map((f) => floorTo(scale, f, highest))), highest };
}

function kindsOf({ scale, weights }: SimulationTask): ScoreKind[] {
  if (scale === 10) return ["bills-2023"];
  return weights === null ? ["bricken-2023"] : ["bricken-2023", "bricken-2023-weighted"];
}

/** Null unless there is a number for each token. */
function usable(values: readonly number[] | null, length: number): readonly number[] | null {
  return values !== null && values.length === length && values.every(Number.isFinite) ? values : null;
}

function answeredTokens({ simulated, quantised, real, excerpts, weights }: SimulationAnswers): Tokens {
  const answered = simulated.flatMap((values, i) => (values === null ? [] : [i]));
  const all = (lists: readonly (readonly number[] | null)[]) =>
    Float64Array.from(answered.flatMap((i) => lists[i]!));
  return {
    simulated: all(simulated),
    quantised: all(quantised),
    real: all(real),
    weights:
      weights === null
        ? undefined
        : all(excerpts.map(({ length }, i) => Array<number>(length).fill(weights[i]!))),
    excerptOf: Uint16Array.from(
      answered.flatMap((i, place) => Array<number>(excerpts[i]!.length).fill(place)),
    ),
  };
}

type Counts = Pick<Score, "asked" | "failed">;

function brickenScores(
  { simulated, quantised, real, weights, excerptOf }: Tokens,
  seed: number,
  counts: Counts,
): Score[] {
  const predicted = midranks(simulated);
  const truth = midranks(quantised);
  const scores: Score[] = [
    {
      kind: "bricken-2023",
      ...ofCorrelation(pearson(predicted, truth)),
      interval: correlationInterval(predicted, truth, excerptOf, seed),
      ...counts,
      others: {
        pearson: pearson(simulated, quantised).value,
        spearman_raw: pearson(predicted, midranks(real)).value,
      },
    },
  ];
  if (weights !== undefined) {
    const weightedPredicted = midranks(simulated, weights);
    const weightedTruth = midranks(quantised, weights);
    scores.push({
      kind: "bricken-2023-weighted",
      ...ofCorrelation(pearson(weightedPredicted, weightedTruth, weights)),
      interval: correlationInterval(weightedPredicted, weightedTruth, excerptOf, seed, weights),
      ...counts,
      others: { pearson: pearson(simulated, quantised, weights).value },
    });
  }
  return scores;
}

function billsScore(
  { simulated, real, excerptOf }: Tokens,
  unit: number,
  seed: number,
  counts: Counts,
  calibration: LinearCalibration | null,
): Score {
  const sized = simulated.map((value) => value * unit);
  const fitted = calibration && simulated.map((value) => value * calibration.slope + calibration.intercept);
  return {
    kind: "bills-2023",
    ...ofCorrelation(pearson(simulated, real)),
    interval: correlationInterval(simulated, real, excerptOf, seed),
    ...counts,
    others: {
      spearman: pearson(midranks(simulated), midranks(real)).value,
      r_squared: rSquared(sized, real),
      absolute_deviation_explained: absoluteDeviationExplained(sized, real),
      ...(fitted && {
        calibrated_r_squared: rSquared(fitted, real),
        calibrated_absolute_deviation_explained: absoluteDeviationExplained(fitted, real),
      }),
    },
  };
}

function ofCorrelation({ value, degenerate }: Correlation): Pick<Score, "value" | "degenerate"> {
  return { value, degenerate };
}
