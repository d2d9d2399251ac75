/**
 * Every option of training one dictionary, with its meaning. Flags, `--help`, the JSON Schema and the saved configuration
 * come from here; defaults come from the preset (presets.ts).
 *
 * Lengths marked "steps or share" are a number of steps, or below 1 a share of the run's steps.
 */

import { z } from "zod";
import { OBJECTIVE_MEANING, OBJECTIVES } from "./objectives.ts";

const positive = z.number().positive();
const share = z.number().min(0);

export const PRESETS = ["monosemantic", "bricken-2023", "neel-2023"] as const;
export type PresetName = (typeof PRESETS)[number];

/** The options of one dictionary as they are used: nothing is left open. */
export const saeOptions = z.strictObject({
  preset: z
    .enum(PRESETS)
    .describe("recipe that fills in every option not given: our own for short runs, or a published one"),
  objective: z
    .enum(OBJECTIVES)
    .describe(
      `what is minimised: ${OBJECTIVES.map((name) => `${name}, ${OBJECTIVE_MEANING[name]}`).join("; ")}`,
    ),
  k: z
    .int()
    .positive()
    .describe("topk, batch-topk, matryoshka: active features per token, exactly or on average"),
  k_aux: z
    .int()
    .min(0)
    .describe(
      "topk, batch-topk, matryoshka: dead features per token that learn to reconstruct the error (AuxK)",
    ),
  aux_coefficient: z.number().min(0).describe("weight of that auxiliary loss (0: off)"),
  dead_after: positive.describe(
    "topk, batch-topk, matryoshka: a feature silent for this long is dead (steps or share)",
  ),
  groups: z
    .array(positive.max(1))
    .min(1)
    .describe(
      "matryoshka: shares of the dictionary, from its first feature on, that reconstruct on their own",
    ),
  target_l0: z
    .number()
    .min(0)
    .describe(
      "mean number of active features per token to reach: Λ is adapted during training, and for jumprelu it is the L0 that " +
        "the penalty aims at (0: no target)",
    ),
  sparsity_penalty: positive.describe(
    "jumprelu: weight of (L0/target − 1)², in units of the mean squared norm of the activations",
  ),
  bandwidth: positive.describe("jumprelu: width of the window in which a threshold feels its entries"),
  threshold_init: share.describe("jumprelu: first threshold"),
  expansion: positive.describe("features per dimension of the activation: d_sae = expansion · d_in"),
  lambda: positive.describe("sparsity coefficient as the preset writes it; the conversion to Λ is printed"),
  Lambda: positive.describe(
    "sparsity coefficient Λ of mean Σ(x̂−x)² + Λ · mean Σf; given, it overrides lambda",
  ),
  tokens: positive.describe("activation vectors to train on"),
  batch: z.int().positive().describe("activation vectors per step"),
  lr: positive.describe("peak learning rate"),
  lr_warmup: share.describe("linear rise of the learning rate from 0 (steps or share)"),
  lr_decay: share.describe("linear fall of the learning rate to 0 at the end (steps or share)"),
  lambda_warmup: share.describe("linear rise of Λ from 0 (steps or share)"),
  beta1: z.number().min(0).lt(1).describe("Adam's decay of the first moment"),
  beta2: z.number().min(0).lt(1).describe("Adam's decay of the second moment"),
  epsilon: positive.describe("Adam's ε"),
  dead: z
    .enum(["none", "neel-reinit", "bricken-resample"])
    .describe(
      "what happens to features that stopped firing: nothing, a random restart, or a start at a badly reconstructed input",
    ),
  resample_at: z.array(positive).describe("bricken-resample: when (steps or shares)"),
  resample_window: positive.describe("bricken-resample: dead means silent for this long (steps or share)"),
  resample_inputs: z
    .int()
    .positive()
    .describe("bricken-resample: inputs whose loss is computed, drawn from by loss²"),
  resample_direction: z
    .enum(["input", "centred"])
    .describe("bricken-resample: a new feature points along its input, or along the input less b_dec"),
  resample_encoder_norm: positive.describe(
    "bricken-resample: encoder norm of a new feature relative to the alive ones' mean",
  ),
  reinit_every: positive.describe("neel-reinit: restart rare features every so often (steps or share)"),
  reinit_tokens: positive.describe(
    "neel-reinit: tokens before each restart over which the firing frequency is counted",
  ),
  reinit_frequency: positive.describe(
    "neel-reinit: features that fire on a smaller share of tokens are restarted",
  ),
  reinit_moments: z
    .enum(["cleared", "kept"])
    .describe("neel-reinit: what becomes of Adam's moments of a restarted feature"),
  decoder_norm: z
    .enum(["after-step", "before-step", "never"])
    .describe(
      "when decoder rows are brought back to norm 1: after each step; before it, as the published program does, so that saved " +
        "and restarted rows are off; or never, the projection of the gradient alone, as in the program of its public runs",
    ),
  initialisation: z
    .enum(["decoder-transpose", "torch-linear", "kaiming", "april-2024"])
    .describe(
      "first values of the matrices: encoder along its decoder row, or as the published recipes draw them",
    ),
  initial_length: positive.describe(
    "decoder-transpose: length of the first reconstructions relative to the activations",
  ),
  b_dec_init: z
    .enum(["zero", "mean", "geometric-median"])
    .describe("first value of the decoder bias: zero, or a centre of a sample of activations"),
  apply_b_dec_to_input: z.boolean().describe("the encoder sees x − b_dec instead of x"),
  normalize_activations: z
    .enum(["none", "expected_average_only_in"])
    .describe("scale activations to an expected norm of √d_in while training; folded into the saved weights"),
  as_published: z
    .boolean()
    .describe(
      "neel-2023: also do what the original program did by mistake: decoder_norm before-step and reinit_moments kept, where " +
        "they are not given",
    ),
  encoder_product: z
    .enum(["screened", "float32"])
    .describe(
      "sparse steps compute all encoder products in float32, or screen them in eight bits with a bound that loses none and " +
        "compute in float32 what is left",
    ),
  seed: z.int().min(0).describe("seed of the first values and of resampling"),
});

export type SaeOptions = z.infer<typeof saeOptions>;

/** What a user asks for: any subset. */
export const saeRequest = saeOptions.partial();
export type SaeRequest = z.infer<typeof saeRequest>;
