/**
 * A study directory with invented results of known effects: what a grid of expansion × lambda × seed would leave behind.
 *
 *     loss recovered = BASE + PER_DOUBLING · log2 expansion + PER_LAMBDA · log2 lambda + seed + noise
 *     L0             = 40 · lambda^−0.8
 *     squared error  = FLOOR + DROP · d_sae^−EXPONENT
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EvaluationResult } from "../../src/evaluation/result.ts";
import type { Interpretation, SummaryRow } from "../../src/interpretation/result.ts";
import { Random } from "../../src/random.ts";
import type { Group, Part, Plan, Stage, Trial } from "../../src/study/plan.ts";
import { fabricateEvaluation } from "../report/fabricated-run.ts";

export const TRUTH = {
  base: 0.7,
  perDoubling: 0.04,
  perLambda: -0.03,
  seedSpread: 0.004,
  noise: 0.003,
  floor: 0.6,
  drop: 40,
  exponent: 0.5,
  dIn: 64,
};

export interface PlantedStudy {
  readonly expansions?: readonly number[];
  readonly lambdas?: readonly number[];
  readonly seeds?: readonly number[];
  readonly title?: string;
  readonly question?: string | null;
  /** Added to every trial's name. */
  readonly prefix?: string;
  /** Up to which stage results are there. */
  readonly until?: Stage;
  /** Names of the parts without a result, with what their last attempt said. */
  readonly failed?: Readonly<Record<string, string>>;
  /** Whether the trials of the highest lambda belong to a model with shuffled weights. */
  readonly shuffled?: boolean;
}

const TEMPLATE = fabricateEvaluation(
  { name: "template", dSae: 64, lambda: 1, score: 0.8, l0: 10, dead: 0.05, ultralow: 0 },
  131_072,
).result;

const ORDER: readonly Stage[] = ["join", "train", "measure", "explain", "compare", "report"];

/** Writes it into `folder`, and gives its plan. */
export function plantStudy(folder: string, planted: PlantedStudy = {}): Plan {
  const plan = plantedPlan(planted);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "plan.json"), JSON.stringify(plan));
  const reached = ORDER.indexOf(planted.until ?? "compare");
  for (const part of plan.parts) {
    const reason = planted.failed?.[part.name];
    if (reason !== undefined) plantAttempt(folder, part, { ending: "failed", sentence: reason });
    const blocked = part.needs.some((need) => planted.failed?.[need] !== undefined);
    if (reason !== undefined || blocked || ORDER.indexOf(part.stage) > reached) continue;
    plantAttempt(folder, part, { ending: "done", sentence: "done" });
    plantResult(join(folder, "parts", part.name, "result"), part, plan);
  }
  return plan;
}

export function plantedPlan({
  expansions = [1, 2, 4, 8],
  lambdas = [1, 2, 4],
  seeds = [0, 1],
  title = "Planted effects",
  question = null,
  prefix = "",
  shuffled = false,
}: PlantedStudy): Plan {
  const trials: Trial[] = lambdas.flatMap((lambda, g) =>
    expansions.flatMap((expansion) =>
      seeds.map((seed) => ({
        name: `${prefix}x${expansion}-lambda${lambda}-seed${seed}`,
        factors: { expansion, lambda, seed },
        dictionary: { expansion, lambda, seed },
        config: { model: "models/one-layer", data: ["text"], expansion: [expansion], lambda: [lambda] },
        group: `g${g}`,
      })),
    ),
  );
  const groups = lambdas.map((_, g): Group => ({
    name: `g${g}`,
    trials: trials.filter(({ group }) => group === `g${g}`).map(({ name }) => name),
    text: "t0",
    stream: {
      model: "models/one-layer",
      data: ["text"],
      heldoutShare: 0.05,
      bufferMb: 64,
      whenTextEnds: "epoch",
      evaluationTokens: 131_072,
      evaluateAt: [],
      ...(shuffled && g === lambdas.length - 1 && { shuffleWeights: 1 }),
    } as Group["stream"],
  }));
  const comparisons = trials
    .filter(({ factors }) => factors["seed"] === seeds[0] && seeds.length > 1)
    .map(({ name, factors }, i) => ({
      name: `compare-${i}`,
      a: name,
      b: trials.find(
        (other) =>
          other.factors["seed"] === seeds[1] &&
          other.factors["expansion"] === factors["expansion"] &&
          other.factors["lambda"] === factors["lambda"],
      )!.name,
    }));
  const part = (stage: Stage, subject: string, index: number, needs: readonly string[]): Part => ({
    name: stage === "compare" ? subject : `${stage}-${subject}`,
    stage,
    index,
    needs,
    subject,
    forecast: { seconds: 100, memoryBytes: 2 ** 30, diskBytes: 2 ** 20 },
  });
  return {
    format: 1,
    version: "0.1.0",
    title,
    question,
    threads: 2,
    checkpointMinutes: 5,
    memoryBytes: 2 ** 32,
    factors: { expansion: expansions, lambda: lambdas, seed: seeds },
    trials,
    texts: [],
    groups,
    comparisons,
    measures: { features: null, explain: null, compare: { tokens: 1000, minActive: 10 }, effects: null },
    parts: [
      part("join", "t0", 0, []),
      ...groups.map(({ name }, i) => part("train", name, i, ["join-t0"])),
      ...groups.map(({ name }, i) => part("measure", name, i, [`train-${name}`])),
      ...groups.map(({ name }, i) => part("explain", name, i, [`measure-${name}`])),
      ...comparisons.map(({ name, a, b }, i) =>
        part(
          "compare",
          name,
          i,
          [a, b].map((one) => `measure-${trials.find((trial) => trial.name === one)!.group}`),
        ),
      ),
      { ...part("report", "", 0, []), name: "report" },
    ],
  };
}

/** What is true of a trial, without its noise. */
export function expectedScore(expansion: number, lambda: number): number {
  return TRUTH.base + TRUTH.perDoubling * Math.log2(expansion) + TRUTH.perLambda * Math.log2(lambda);
}

export function expectedError(expansion: number): number {
  return TRUTH.floor + TRUTH.drop * (TRUTH.dIn * expansion) ** -TRUTH.exponent;
}

function plantAttempt(folder: string, part: Part, outcome: { ending: string; sentence: string }): void {
  const path = join(folder, "parts", part.name, "attempts", "0001");
  mkdirSync(path, { recursive: true });
  const write = (name: string, value: object) => writeFileSync(join(path, name), JSON.stringify(value));
  write("attempt.json", { number: 1, started: "2026-03-01T12:00:00.000Z", continues: null });
  write("progress.json", { at: "2026-03-01T12:02:00.000Z", memoryBytes: 900_000_000 });
  write("outcome.json", { ...outcome, at: "2026-03-01T12:02:05.000Z", signal: null });
}

function plantResult(result: string, part: Part, plan: Plan): void {
  mkdirSync(result, { recursive: true });
  if (part.stage === "compare") {
    writeFileSync(join(result, "compare.json"), JSON.stringify(plantedComparison()));
    return;
  }
  if (!["train", "measure", "explain"].includes(part.stage)) return;
  const trials = plan.trials.filter(({ group }) => group === part.subject);
  writeFileSync(join(result, "run.json"), JSON.stringify({ status: "complete", peak_memory_bytes: 1e9 }));
  writeFileSync(join(result, "metrics.jsonl"), trials.flatMap((trial) => metricsLines(trial)).join(""));
  for (const trial of trials) {
    const sae = join(result, "saes", trial.name);
    mkdirSync(sae, { recursive: true });
    const width = TRUTH.dIn * Number(trial.factors["expansion"]);
    writeFileSync(join(sae, "cfg.json"), JSON.stringify({ d_in: TRUTH.dIn, d_sae: width }));
    if (part.stage !== "train") {
      writeFileSync(join(sae, "evaluation.json"), JSON.stringify(plantedEvaluation(trial)));
    }
    if (part.stage !== "explain") continue;
    const place = join(result, "interpretation", trial.name);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "offline.json"), JSON.stringify(plantedInterpretation(trial)));
  }
}

function metricsLines({ name, factors }: Trial): string[] {
  const score = scoreOf(factors);
  const lines = [
    {
      kind: "train",
      sae: name,
      step: 10,
      tokens: 40_960,
      loss: 3,
      mse: 2,
      l1: 1,
      l0: 12,
      lambda: 1,
      tokens_per_second: 1000,
    },
    { kind: "event", sae: name, step: 10, event: "resample", dead: 32, inputs: 10 },
    ...[0.25, 0.5, 1].map((share) => ({
      kind: "evaluation",
      sae: name,
      step: 20 * share,
      tokens: 81_920 * share,
      loss_recovered_zero: score - 0.1 * (1 - share) + (share === 0.5 ? 0.07 : 0),
      loss_recovered_mean: score - 0.2,
      ce_sae: 3.5,
      ce_clean: 3.4,
      explained_variance: 0.8 * share,
      mse: 2 / share,
      l0: 12,
      dead_fraction: 0.1,
      ultralow_fraction: 0,
    })),
    {
      kind: "train",
      sae: name,
      step: 20,
      tokens: 81_920,
      loss: 2.5,
      mse: 1.5,
      l1: 1,
      l0: 11,
      lambda: 1.5,
      tokens_per_second: 1200,
    },
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`);
}

function scoreOf(factors: Trial["factors"]): number {
  const seed = Number(factors["seed"]);
  const noise = Random.of(seed, `planted ${factors["expansion"]} ${factors["lambda"]}`).normal();
  const ofSeed = Random.of(seed, "planted seed").normal();
  return (
    expectedScore(Number(factors["expansion"]), Number(factors["lambda"])) +
    TRUTH.seedSpread * ofSeed +
    TRUTH.noise * noise
  );
}

function plantedEvaluation({ name, factors }: Trial): EvaluationResult {
  const [expansion, lambda] = [Number(factors["expansion"]), Number(factors["lambda"])];
  const random = Random.of(Number(factors["seed"]), `evaluation ${expansion} ${lambda}`);
  const score = scoreOf(factors);
  const l0 = 40 * lambda ** -0.8 * Math.exp(0.02 * random.normal());
  const mse = expectedError(expansion) * Math.exp(0.005 * random.normal());
  const variance = score - 0.05 + 0.01 * random.normal();
  return {
    ...TEMPLATE,
    name,
    d_in: TRUTH.dIn,
    d_sae: TRUTH.dIn * expansion,
    loss_recovered_zero: score,
    loss_recovered_zero_ci: [score - 0.002, score + 0.002],
    loss_recovered_mean: score - 0.2,
    loss_recovered_mean_ci: [score - 0.205, score - 0.195],
    explained_variance: variance,
    explained_variance_ci: [variance - 0.004, variance + 0.004],
    ce_increase: 0.775 * (1 - score),
    ce_increase_ci: [0.775 * (1 - score) - 0.003, 0.775 * (1 - score) + 0.003],
    l0,
    l0_ci: [0.98 * l0, 1.02 * l0],
    mse,
    mse_ci: [0.99 * mse, 1.01 * mse],
    dead_fraction: Math.min(1, Math.max(0, 0.02 * expansion + 0.005 * random.normal())),
    ultralow_fraction: 0.01,
  };
}

function plantedInterpretation({ name, factors }: Trial): Interpretation {
  const mean = 0.3 + 0.05 * Math.log2(Number(factors["lambda"])) + 0.01 * Number(factors["seed"]);
  const cell = (subject: "features" | "neurons", prediction: "own" | "other", value: number) => ({
    subject,
    prediction,
    units: 50,
    mean: value,
    interval: [value - 0.03, value + 0.03] as const,
    median: value,
  });
  const row = (explainer: string, split: SummaryRow["split"], shift: number): SummaryRow => ({
    kind: "bricken-2023",
    explainer,
    split,
    cells: [
      cell("features", "own", mean + shift),
      cell("features", "other", 0.02),
      cell("neurons", "own", 0.12),
    ],
  });
  return {
    format: 1,
    version: "0.1.0",
    sae: name,
    weights: "",
    hook: "blocks.0.mlp.hook_post",
    name: "offline",
    started: "2026-03-01T13:00:00.000Z",
    finished: "2026-03-01T13:01:00.000Z",
    stopped: null,
    seconds: 60,
    protocols: ["bricken-2023"],
    primary: "bricken-2023",
    endpoint: null,
    explainers: ["token-lookup", "n2g"],
    text: { tokens: 10_000, documents: { explain: 10, choose: 5, score: 10 } },
    sampling: { rule: "all", seed: 0, asked: null },
    subjects: [
      {
        subject: "features",
        count: 4,
        alive: 4,
        tooRare: 0,
        tokens: 10_000,
        units: [0, 1, 2, 3],
        density: [0.1, 0.1, 0.1, 0.1],
        singleToken: [true, false, false, null],
        chosen: ["token-lookup", "n2g", "token-lookup", "token-lookup"],
        scores: [],
      },
    ],
    asked: 10,
    failed: 0,
    summary: [row("chosen", "all", 0), row("chosen", "single-token", 0.2), row("token-lookup", "all", -0.05)],
    conclusion: "Features score higher than neurons.",
    notes: [],
  };
}

function plantedComparison(): object {
  const match = (median: number) => ({
    counted: 40,
    median,
    interval: [median - 0.01, median + 0.01],
    held_out_median: median - 0.02,
    histogram: { start: 0, width: 0.05, counts: [] },
  });
  const direction = (share: number) => ({
    mmcs: 0.6,
    mmcs_active: 0.7,
    twins: 4,
    twin_share: share,
    twin_share_active: share,
  });
  return {
    format: 1,
    min_active: 10,
    activation: { a_in_b: match(0.6), b_in_a: match(0.64) },
    neurons: null,
    directions: { a_in_b: direction(0.4), b_in_a: direction(0.5) },
    features: { columns: [], a: [], b: [] },
    edges: [],
  };
}
