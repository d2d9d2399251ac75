/** Trials of the study on longer training: curves on held-out text with their intervals, and what the training rows said meanwhile. */

import { join } from "node:path";
import { readLines } from "../../../src/files/lines.ts";
import { collectOutcomes } from "../../../src/study/outcomes/collect.ts";
import { outcomeOf, type TrialOutcomes } from "../../../src/study/outcomes/outcome.ts";
import { StudyFolder } from "../../../src/study/study-folder.ts";
import type { FactorValue } from "../../../src/study/plan.ts";

/** Where the study evaluates; steps have 1,024 tokens, and restarts follow steps 1,000 and 1,200. */
export const TEXT_END = 260_096;
export const BEFORE = 1_022_976;
export const AFTER = 1_025_024;
export const FIFTY_STEPS_AFTER = 1_075_200;
export const BEFORE_SECOND = 1_227_776;
export const AFTER_SECOND = 1_229_824;
export const LAST = 1_432_576;

export interface Point {
  readonly tokens: number;
  readonly score: number;
  /** 95 %, over documents. */
  readonly interval: readonly [number, number] | null;
  readonly variance: number;
  readonly l0: number;
}

export interface Trial {
  readonly name: string;
  readonly seed: number;
  readonly factors: Readonly<Record<string, FactorValue>>;
  /** Folder of its dictionary. */
  readonly folder: string;
  /** Ascending in tokens; ends with the finished dictionary where that was measured. */
  readonly points: readonly Point[];
  /** Features drawn anew by each restart. */
  readonly restarted: readonly number[];
  /** On training rows, means of the steps that end there. */
  onRows(tokens: number): { readonly variance: number; readonly l0: number } | null;
}

/** Those that were trained; in the order of the plan. */
export function openTrials(study: string): { trials: Trial[]; complete: boolean } {
  const folder = StudyFolder.open(study);
  const { trials, complete } = collectOutcomes(folder);
  const lines = new Map<string, Record<string, unknown>[]>();
  return {
    complete,
    trials: trials.flatMap((trial) => {
      const { result } = trial;
      if (result === null) return [];
      const path = join(folder.path, result);
      if (!lines.has(path)) lines.set(path, readLines(join(path, "metrics.jsonl")));
      return [openTrial(trial, path, lines.get(path)!)];
    }),
  };
}

function openTrial(trial: TrialOutcomes, path: string, all: readonly Record<string, unknown>[]): Trial {
  const own = all.filter((line) => line["sae"] === trial.name);
  const of = (kind: string) => own.filter((line) => line["kind"] === kind);
  const points = trial.curve.map(({ tokens, values }): Point => {
    const line = of("evaluation").find((one) => one["tokens"] === tokens);
    return {
      tokens,
      score: values["loss_recovered_zero"]!,
      interval: (line?.["loss_recovered_zero_ci"] ?? null) as [number, number] | null,
      variance: values["explained_variance"]!,
      l0: values["l0"]!,
    };
  });
  const [score, variance, l0] = ["loss_recovered_zero", "explained_variance", "l0"].map((name) =>
    outcomeOf(trial, name),
  );
  if (score && variance && l0) {
    const interval = score.low === null || score.high === null ? null : ([score.low, score.high] as const);
    const tokens = trial.size.tokens ?? LAST;
    points.push({ tokens, score: score.value, interval, variance: variance.value, l0: l0.value });
  }
  return {
    name: trial.name,
    seed: Number(trial.factors["seed"]),
    factors: trial.factors,
    folder: join(path, "saes", trial.name),
    points,
    restarted: of("event").flatMap((line) => (line["event"] === "reinit" ? Number(line["features"]) : [])),
    onRows(tokens) {
      const line = of("train").findLast((one) => Number(one["tokens"]) <= tokens);
      return line === undefined
        ? null
        : { variance: Number(line["explained_variance"]), l0: Number(line["l0"]) };
    },
  };
}

export function pointAt(trial: Trial, tokens: number): Point | null {
  return trial.points.find((point) => point.tokens === tokens) ?? null;
}

/** Score at one place less the score at another; null where it was not taken. */
export function change(trial: Trial, from: number, to: number): number | null {
  const [a, b] = [pointAt(trial, from), pointAt(trial, to)];
  return a === null || b === null ? null : b.score - a.score;
}

export interface Variant {
  readonly title: string;
  /** What differs from the program as published. */
  readonly changed: Readonly<Record<string, FactorValue>>;
}

const PUBLISHED: Variant["changed"] = {
  whenTextEnds: "same-buffer",
  reinit_moments: "kept",
  decoder_norm: "before-step",
  dead: "neel-reinit",
  reinit_frequency: 1e-4,
  lr: 2e-3,
  Lambda: 0.5,
  bufferMb: 1.1,
  textTokens: 262_144,
};

export function seedsOf(trials: readonly Trial[], { changed }: Variant): Trial[] {
  return trials
    .filter(({ factors }) =>
      Object.entries({ ...PUBLISHED, ...changed }).every(
        ([name, value]) => (factors[name] ?? null) === value,
      ),
    )
    .sort((a, b) => a.seed - b.seed);
}

const NEW_TEXT = { whenTextEnds: "epoch", textTokens: null };
const THE_PENALTY = { Lambda: 1.2288 };

export const AS_PUBLISHED: Variant = { title: "as published", changed: {} };
export const REPEATED: Variant = { title: "the text again, reordered", changed: { whenTextEnds: "epoch" } };
export const ON_NEW_TEXT: Variant = { title: "new text", changed: NEW_TEXT };
export const NEVER_RESTORED: Variant = { title: "norms never restored", changed: { decoder_norm: "never" } };
export const NO_RESTARTS: Variant = { title: "no restarts", changed: { dead: "none" } };
export const SUSPECTS: readonly Variant[] = [
  { title: "moments cleared", changed: { reinit_moments: "cleared" } },
  { title: "norm 1 after each step", changed: { decoder_norm: "after-step" } },
  NEVER_RESTORED,
  NO_RESTARTS,
  { title: "restarts below 10⁻³", changed: { reinit_frequency: 1e-3 } },
];
export const SLOWER: Variant = { title: "lr 10⁻³", changed: { lr: 1e-3 } };
export const BUFFERS: readonly (Variant & { readonly rows: number })[] = [
  { title: "8,192 rows", rows: 8192, changed: { bufferMb: 4.3 } },
  { title: "32,768 rows", rows: 32_768, changed: { bufferMb: 17 } },
  { title: "131,072 rows", rows: 131_072, changed: { bufferMb: 68 } },
];
export const ROWS = 2048;
export const PENALTY: Variant = { title: "Λ 1.2288", changed: THE_PENALTY };
export const PENALTY_NO_RESTARTS: Variant = {
  title: "Λ 1.2288, no restarts",
  changed: { ...THE_PENALTY, dead: "none" },
};
export const PENALTY_NEW_TEXT: Variant = {
  title: "Λ 1.2288, new text",
  changed: { ...NEW_TEXT, ...THE_PENALTY },
};
export const NEW_TEXT_NO_RESTARTS: Variant = {
  title: "new text, no restarts",
  changed: { ...NEW_TEXT, dead: "none" },
};
export const NEW_TEXT_MORE_RESTARTS: Variant = {
  title: "new text, restarts below 10⁻³",
  changed: { ...NEW_TEXT, reinit_frequency: 1e-3 },
};
