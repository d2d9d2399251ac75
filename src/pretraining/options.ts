/** What `pretrain` can be told. The defaults are the subject model of Bricken et al. 2023: one layer, 512 ReLU neurons. */

import { z } from "zod";

const count = () => z.number().int().positive();

export const pretrainOptions = z.object({
  layers: count().default(1).describe("transformer layers"),
  dModel: count().default(128).describe("width of the residual stream"),
  heads: count().default(4).describe("attention heads; must divide the width"),
  dMlp: count().default(512).describe("neurons of each MLP"),
  activation: z.enum(["relu", "gelu", "gelu_new"]).default("relu").describe("non-linearity of the MLP"),
  vocab: z
    .number()
    .int()
    .min(300)
    .default(8192)
    .describe("tokens of the byte-level BPE trained on the same text"),
  context: count().default(256).describe("tokens in a context"),
  tokens: count()
    .default(50_000_000)
    .describe("tokens to train on; the text is repeated in a new order when it is shorter"),
  batch: count().default(32).describe("contexts in an optimiser step"),
  microBatch: count()
    .default(4)
    .describe("contexts in one pass through the graph (bounds memory, changes no result beyond rounding)"),
  lr: z.number().positive().default(3e-3).describe("peak learning rate of AdamW"),
  warmup: z.number().int().min(0).default(200).describe("steps of linear warm-up"),
  lrFloor: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe("share of the peak learning rate at the end of the cosine"),
  beta1: z.number().min(0).max(1).default(0.9).describe("AdamW β₁"),
  beta2: z.number().min(0).max(1).default(0.95).describe("AdamW β₂"),
  epsilon: z.number().positive().default(1e-8).describe("AdamW ε"),
  weightDecay: z.number().min(0).default(0.1).describe("AdamW weight decay, on matrices"),
  clip: z.number().positive().default(1).describe("largest norm of a step's gradient"),
  checkpointEvery: count().default(200).describe("steps between checkpoints"),
  evaluationTokens: count().default(200_000).describe("held-out tokens for the validation loss"),
  seed: z.number().int().default(0).describe("seed of initialisation and order"),
});

export type PretrainOptions = z.infer<typeof pretrainOptions>;
