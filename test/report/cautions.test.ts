import { describe, expect, it } from "vitest";
import type { EvaluationResult } from "../../src/evaluation/result.ts";
import { cautionsOf } from "../../src/report/cautions.ts";
import type { ReportedSae, RunEvent, TrainLine } from "../../src/report/run-folder.ts";
import { fabricateEvaluation, GOOD } from "./fabricated-run.ts";

const good = fabricateEvaluation(GOOD, 2_097_152);

function titles(
  change: Partial<EvaluationResult>,
  train: TrainLine[] = [],
  events: RunEvent[] = [],
  model: Record<string, unknown> = {},
): string[] {
  const sae: ReportedSae = {
    interpretation: null,
    unreadable: [],
    name: "8x",
    dSae: 4096,
    train,
    events,
    evaluation: { ...good.result, ...change },
    features: null,
  };
  const run = { status: "complete" as const, model: { vocab_size: 8192, ...model } };
  return cautionsOf({ path: "", name: "", run, saes: [sae], unreadableLines: 0 }).map(({ title }) => title);
}

const lines = (losses: (number | null)[]): TrainLine[] =>
  losses.map((loss, i) => ({
    step: i,
    tokens: i,
    loss,
    mse: loss,
    l1: 1,
    l0: 1,
    explained_variance: 1,
    lambda: 1,
    lr: 1,
    alive: 1,
    tokens_per_second: 1,
  }));

describe("cautionsOf", () => {
  it("has nothing to say about a good run", () => {
    expect(titles({}, lines(Array.from({ length: 100 }, (_, i) => 10 - i / 20)))).toEqual([]);
  });

  it("holds nothing about the loss against a control on shuffled weights", () => {
    expect(titles({ loss_recovered_zero: 1.01 }, [], [], { shuffled: 0 })).toEqual(["Shuffled weights"]);
  });

  it.each<[string, Partial<EvaluationResult>]>([
    ["Small ablation gap", { ce_zero: 3.45, ce_mean: 3.44 }],
    ["Zero ablation flatters", { ce_mean: 3.45 }],
    ["Ablation is worse than knowing nothing", { ce_zero: 12.9, ce_mean: 10 }],
    ["Little evaluation text", { tokens: 50_000 }],
    ["Coarse density resolution", { density_resolution: 1e-5 }],
    ["No reconstruction score", { loss_recovered_zero: null, loss_recovered_zero_ci: null }],
    ["No interval", { loss_recovered_zero_ci: null }],
    ["Wide interval", { loss_recovered_zero_ci: [0.8, 0.88] }],
    ["Better than the model", { loss_recovered_zero: 1.01 }],
    ["Not very sparse", { l0: 21 }],
    ["Nearly silent", { l0: 0.4 }],
    ["Many dead features", { dead_fraction: 0.06 }],
    ["Many ultralow features", { ultralow_fraction: 0.3 }],
    ["Dense features", { fraction_above_10pct: 0.02 }],
    ["Shrinkage", { shrinkage: 0.7 }],
    ["First position dominates", { explained_variance_after_first: 0.6 }],
    ["Rare features share a direction", { rare: { ...good.result.rare, encoder_aligned_fraction: 0.9 } }],
    ["Splice check failed", { splice_identity_deviation: 0.1 }],
  ])("raises %s, and nothing else", (title, change) => {
    expect(titles(change)).toEqual([title]);
  });

  it("sees a loss that rises again, but not a spike that settles", () => {
    const falling = Array.from({ length: 60 }, (_, i) => 10 - i / 10);
    const rising = [...falling, ...Array.from({ length: 40 }, (_, i) => 4 + i / 20)];
    const spike = [...falling, 9, ...Array<number>(40).fill(4)];
    expect(titles({}, lines(rising))).toEqual(["Loss rose again"]);
    expect(titles({}, lines(spike))).toEqual([]);
  });

  it("sees a diverged run and repeated text", () => {
    expect(titles({}, lines([1, null]))).toEqual(["Loss not finite"]);
    expect(titles({}, [], [{ step: 5, event: "epoch" }])).toEqual(["Text was repeated"]);
  });
});
