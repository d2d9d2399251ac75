/** The product's side of the benchmarks of a training step: a trainer whose features fire as a trained dictionary's do. */

import type { Pool } from "../src/sae/pool.ts";
import { resolveOptions } from "../src/sae/presets.ts";
import { SaeTrainer, type StepReport } from "../src/sae/trainer.ts";
import { biasesForDensities, describeDensities, logNormalDensities, sparseBatch } from "./sparse-batch.ts";

export type BenchObjective = "relu-l1" | "topk";

export interface StepShape {
  readonly objective: BenchObjective;
  readonly d_in: number;
  readonly d_sae: number;
  readonly batch: number;
  /** Active features a token, on average; TopK's k. */
  readonly l0: number;
}

export interface Product {
  readonly trainer: SaeTrainer;
  readonly x: Float32Array;
  /** The loss of the first step: of the parameters and the batch as the peers get them. */
  readonly firstLoss: number;
  /** What was counted in the first step. */
  readonly densities: Record<string, number>;
  /** The last step. */
  readonly report: () => StepReport;
  /** One step, in seconds. */
  readonly step: () => Promise<number>;
}

export const LAMBDA = 1;
/** Far too small to change which features fire, or the loss. */
export const LEARNING_RATE = 1e-9;
/** A TopK dictionary has more positive products than it keeps. */
const SURPLUS = 2;
const SEED = 1;

/** @param beforeFirstStep gets the trainer and its batch, for peers that shall take the same step */
export async function makeProduct(
  pool: Pool,
  shape: StepShape,
  beforeFirstStep: (trainer: SaeTrainer, x: Float32Array) => void = () => {},
): Promise<Product> {
  const { objective, d_in, d_sae, batch, l0 } = shape;
  const options = resolveOptions(
    {
      preset: "monosemantic",
      objective,
      ...(objective === "topk" && { k: l0 }),
      expansion: d_sae / d_in,
      batch,
      tokens: 100_000 * batch,
      Lambda: LAMBDA,
      lr: LEARNING_RATE,
      lr_warmup: 0,
      lambda_warmup: 0,
      dead: "none",
      b_dec_init: "zero",
      normalize_activations: "none",
      apply_b_dec_to_input: true,
    },
    d_in,
  );
  const trainer = await SaeTrainer.create(pool, { d_in, options });
  const { parameters } = trainer;
  for (let i = 0; i < d_sae; i++) parameters.encoderRow(i).set(parameters.decoderRow(i));
  const densities = logNormalDensities(d_sae, objective === "topk" ? SURPLUS * l0 : l0, SEED);
  const x = sparseBatch(batch, d_in, densities, (i) => parameters.decoderRow(i), SEED);
  const encoderRow = (i: number) => parameters.encoderRow(i);
  const biases = await biasesForDensities(densities, x, batch, d_in, encoderRow, SEED);
  biases.forEach((bias, i) => parameters.setBias(i, bias));
  beforeFirstStep(trainer, x);
  let report = await trainer.step(x);
  const fired = Array.from({ length: d_sae }, (_, i) => parameters.fired(i));
  return {
    trainer,
    x,
    firstLoss: report.loss,
    densities: describeDensities(fired, batch),
    report: () => report,
    async step() {
      const start = performance.now();
      report = await trainer.step(x);
      return (performance.now() - start) / 1000;
    },
  };
}
