/** The pretraining loop: order, schedule, step, checkpoint, validation. Stops at a checkpoint when told to. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { Failure } from "../errors.ts";
import { appendLine, keepLines } from "../files/lines.ts";
import type { ModelConfig } from "../model/config.ts";
import type { TokenShards } from "../text/shards.ts";
import { clipFactor, warmupCosine } from "./adamw.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { initialise } from "./initialisation.ts";
import type { PretrainOptions } from "./options.ts";
import { EpochOrder } from "../text/order.ts";
import { freshState, LanguageModelTrainer } from "./trainer.ts";
import { mean, Validation } from "./validation.ts";

export interface PretrainProgress {
  readonly step: number;
  readonly steps: number;
  readonly tokens: number;
  readonly loss: number;
  readonly validation?: number;
}

/**
 * Trains until `options.tokens` tokens are done, continuing from the checkpoint in `folder` when there is one.
 * Lines of `folder/metrics.jsonl` record the way.
 * @returns the trained weights
 * @throws Failure when the loss diverges; the last checkpoint stays
 */
export async function trainLanguageModel(
  engine: Engine,
  config: ModelConfig,
  shards: TokenShards,
  options: PretrainOptions,
  folder: string,
  { onProgress, signal }: { onProgress?: (progress: PretrainProgress) => void; signal?: AbortSignal } = {},
): Promise<Record<string, Float32Array>> {
  const { context, batch, microBatch } = options;
  const steps = Math.ceil(options.tokens / (batch * context));
  // Whole micro-batches, at least one.
  const evaluated = Math.max(microBatch, Math.floor(options.evaluationTokens / context));
  const state = freshState(initialise(config, options.seed));
  const trainer = await LanguageModelTrainer.create(engine, config, state, { batch: microBatch, context });
  const validation = await Validation.open(engine, config, { batch: microBatch, context });
  const order = new EpochOrder(shards.train.contexts, options.seed);
  // How often to look does not change what is trained.
  const { checkpointEvery: _c, evaluationTokens: _e, ...decisive } = options;
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([decisive, shards.manifest]))
    .digest("hex");
  loadCheckpoint(folder, state, fingerprint);
  const metrics = join(folder, "metrics.jsonl");
  // Lines behind the checkpoint belong to steps that are lost and will be taken again.
  keepLines(metrics, (line) => Number(line["step"]) <= state.step);

  const tokens = new Int32Array(batch * context);
  while (state.step < steps) {
    order.take(state.step * batch, batch).forEach((index, i) => {
      shards.train.read(index, 1, tokens.subarray(i * context, (i + 1) * context));
    });
    const lr = options.lr * warmupCosine(state.step + 1, steps, options.warmup, options.lrFloor);
    const { loss, gradientNorm } = await trainer.step(tokens, { ...options, lr });
    const due = state.step % options.checkpointEvery === 0 || state.step === steps || signal?.aborted;
    const progress = { step: state.step, steps, tokens: state.step * batch * context, loss };
    if (due) {
      const held = mean(await validation.losses(state.weights, shards.heldout, evaluated));
      const clipped = clipFactor(gradientNorm, options.clip) < 1;
      appendLine(metrics, {
        kind: "pretrain",
        ...progress,
        validation: held,
        lr,
        gradient_norm: gradientNorm,
        clipped,
      });
      saveCheckpoint(folder, state, fingerprint);
      onProgress?.({ ...progress, validation: held });
    } else onProgress?.(progress);
    if (signal?.aborted && state.step < steps) {
      throw new Failure(
        `stopped at step ${state.step} of ${steps}: run the same command again to go on from there`,
      );
    }
  }
  return state.weights;
}
