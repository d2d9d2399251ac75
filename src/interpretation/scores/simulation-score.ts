/**
 * Scores of simulated activations, over the tokens of all answered excerpts, one after the other (not a mean of correlations of excerpts).
 *
 *     bricken-2023            Spearman of what was simulated with f as integers 0–9
 *     bricken-2023-weighted   the same, each token with the weight of its excerpt
 *     bills-2023              Pearson of what was simulated with f itself
 *
 * Beside bricken-2023 stand its pearson, and spearman_raw with f not rounded to integers. Beside bills-2023 its spearman, and
 * r_squared and absolute_deviation_explained, for which simulated values are brought to the size of f by the factor that the integers
 * were made with.
 */

import { activationsOf, sideOf, type UnitEvidence } from "../evidence/passage.ts";
import { activeOn } from "../protocols/active-tokens.ts";
import { floorTo, highestOf } from "../protocols/quantise.ts";
import type { SimulationTask } from "../protocols/task.ts";
import { midranks, pearson } from "../../statistics/correlation.ts";
import { absoluteDeviationExplained, rSquared } from "./explained.ts";
import { correlationInterval } from "./interval.ts";
import type { RawAnswers, Score, ScoredTask, ScoreKind } from "./score.ts";

type SimulationAnswers = Extract<RawAnswers, { type: "simulation" }>;

interface Truth {
  /** f of each excerpt, and as integers. */
  readonly real: readonly (readonly number[])[];
  readonly quantised: readonly (readonly number[])[];
  /** What the highest integer stands for. */
  readonly highest: number;
}

/** The truth of the answered excerpts, token by token. */
interface TrueTokens {
  /** The excerpt of each token, counting answered ones. */
  readonly excerptOf: Uint16Array;
  readonly real: Float64Array;
  readonly realRanks: Float64Array;
  readonly quantised: Float64Array;
  readonly quantisedRanks: Float64Array;
  /** Null where excerpts have no weights. */
  readonly weighted: { readonly weights: Float64Array; readonly ranks: Float64Array } | null;
}

type Counts = Pick<Score, "asked" | "failed">;

export function scoreSimulation(
  task: SimulationTask,
  given: readonly (readonly number[] | null)[],
  evidence: UnitEvidence,
  seed: number,
): ScoredTask {
  const { truth, whole } = knownOf(task, evidence);
  const simulated = task.excerpts.map(({ length }, i) => usable(given[i] ?? null, length));
  const answered = simulated.flatMap((values, i) => (values === null ? [] : [i]));
  const counts = { asked: simulated.length, failed: simulated.length - answered.length };
  const tokens = counts.failed === 0 ? whole() : trueTokens(task, truth, answered);
  const values = Float64Array.from(answered.flatMap((i) => simulated[i]!));
  const answers: SimulationAnswers = {
    type: "simulation",
    scale: task.scale,
    excerpts: task.excerpts,
    quantised: truth.quantised,
    real: truth.real,
    simulated,
    weights: task.weights,
  };
  if (values.length === 0) {
    const nothing = { value: null, interval: null, degenerate: false, ...counts, others: {} };
    return { scores: kindsOf(task).map((kind) => ({ kind, ...nothing })), answers };
  }
  const scores =
    task.scale === 9
      ? brickenScores(values, tokens, seed, counts)
      : [billsScore(values, tokens, truth.highest / task.scale, seed, counts)];
  return { scores, answers };
}

interface Known {
  readonly evidence: UnitEvidence;
  readonly truth: Truth;
  /** All excerpts. */
  readonly whole: () => TrueTokens;
}

/** Several explanations answer one task; the truth, and its ranks, are the same for all. */
const knownTruths = new WeakMap<SimulationTask, Known>();

function knownOf(task: SimulationTask, evidence: UnitEvidence): Known {
  let known = knownTruths.get(task);
  if (known === undefined || known.evidence !== evidence) {
    const truth = truthOf(task, evidence);
    let tokens: TrueTokens | undefined;
    const whole = () => (tokens ??= trueTokens(task, truth, [...task.excerpts.keys()]));
    knownTruths.set(task, (known = { evidence, truth, whole }));
  }
  return known;
}

/** Integers are of the highest f on the side of the excerpts in bricken-2023, of these excerpts in bills-2023 (quantise.ts). */
export function truthOf({ scale, excerpts }: SimulationTask, evidence: UnitEvidence): Truth {
  const real = excerpts.map((excerpt) => Array.from(activationsOf(evidence.column, excerpt)));
  const side = excerpts.length === 0 ? undefined : sideOf(evidence.passage, excerpts[0]!.start);
  const highest = scale === 9 && side !== undefined ? activeOn(evidence, side).max : highestOf(real);
  return { real, quantised: real.map((values) => values.map((f) => floorTo(scale, f, highest))), highest };
}

/** @param answered places of the excerpts */
function trueTokens(
  { weights, excerpts }: SimulationTask,
  truth: Truth,
  answered: readonly number[],
): TrueTokens {
  const all = (of: (i: number) => readonly number[]) => Float64Array.from(answered.flatMap(of));
  const same = (i: number, value: number) => Array.from({ length: excerpts[i]!.length }, () => value);
  const real = all((i) => truth.real[i]!);
  const quantised = all((i) => truth.quantised[i]!);
  const ofTokens = weights && all((i) => same(i, weights[i]!));
  return {
    excerptOf: Uint16Array.from(answered.flatMap((i, place) => same(i, place))),
    real,
    realRanks: midranks(real),
    quantised,
    quantisedRanks: midranks(quantised),
    weighted: ofTokens && { weights: ofTokens, ranks: midranks(quantised, ofTokens) },
  };
}

/** Null unless there is a number for each token. */
function usable(values: readonly number[] | null, length: number): readonly number[] | null {
  return values !== null && values.length === length && values.every(Number.isFinite) ? values : null;
}

function kindsOf({ scale, weights }: SimulationTask): ScoreKind[] {
  if (scale === 10) return ["bills-2023"];
  return weights === null ? ["bricken-2023"] : ["bricken-2023", "bricken-2023-weighted"];
}

function brickenScores(simulated: Float64Array, tokens: TrueTokens, seed: number, counts: Counts): Score[] {
  const { excerptOf, quantised, quantisedRanks, realRanks, weighted } = tokens;
  const ranks = midranks(simulated);
  const scores: Score[] = [
    {
      kind: "bricken-2023",
      ...pearson(ranks, quantisedRanks),
      interval: correlationInterval(ranks, quantisedRanks, excerptOf, seed),
      ...counts,
      others: {
        pearson: pearson(simulated, quantised).value,
        spearman_raw: pearson(ranks, realRanks).value,
      },
    },
  ];
  if (weighted !== null) {
    const { weights, ranks: truth } = weighted;
    const predicted = midranks(simulated, weights);
    scores.push({
      kind: "bricken-2023-weighted",
      ...pearson(predicted, truth, weights),
      interval: correlationInterval(predicted, truth, excerptOf, seed, weights),
      ...counts,
      others: { pearson: pearson(simulated, quantised, weights).value },
    });
  }
  return scores;
}

/** @param step f for each step of the scale */
function billsScore(
  simulated: Float64Array,
  { excerptOf, real, realRanks }: TrueTokens,
  step: number,
  seed: number,
  counts: Counts,
): Score {
  const sized = simulated.map((value) => value * step);
  return {
    kind: "bills-2023",
    ...pearson(simulated, real),
    interval: correlationInterval(simulated, real, excerptOf, seed),
    ...counts,
    others: {
      spearman: pearson(midranks(simulated), realRanks).value,
      r_squared: rSquared(sized, real),
      absolute_deviation_explained: absoluteDeviationExplained(sized, real),
    },
  };
}
