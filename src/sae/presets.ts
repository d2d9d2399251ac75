/**
 * Recipes: a full set of options each, and the meaning of their λ.
 *
 * The published ones differ in what they average (the squared error over dimensions, the L1 term over the batch), so the
 * same written λ means very different things. All are converted to Λ of  L = mean_B Σ_d (x̂−x)² + Λ · mean_B Σ_i f_i.
 */

import { UsageError } from "../errors.ts";
import { type ObjectiveName, rankedBy } from "./objectives.ts";
import { type PresetName, type SaeOptions, type SaeRequest, saeRequest } from "./options.ts";

type Recipe = Omit<SaeOptions, "preset" | "Lambda">;

interface Preset {
  readonly recipe: Recipe;
  /** What the written λ is multiplied with to give Λ, and why. */
  readonly convention: { readonly factor: (d_in: number, batch: number) => number; readonly words: string };
}

/** Used by the policies that a preset leaves off, so that switching one on needs no more flags. */
const DEAD_FEATURE_DEFAULTS = {
  resample_at: [25_000, 50_000, 75_000, 100_000],
  resample_window: 12_500,
  resample_inputs: 819_200,
  resample_direction: "input" as const,
  resample_encoder_norm: 0.2,
  reinit_every: 30_000,
  reinit_tokens: 3_276_800,
  reinit_frequency: 10 ** -5.5,
  reinit_moments: "cleared" as const,
  decoder_norm: "after-step" as const,
};

/** What `as_published` stands for. */
const AS_PUBLISHED = { reinit_moments: "kept", decoder_norm: "before-step" } as const;

/** Used by the objectives that a preset does not speak of. */
const OBJECTIVE_DEFAULTS = {
  objective: "relu-l1" as const,
  k: 32,
  k_aux: 256,
  aux_coefficient: 1 / 32,
  dead_after: 0.05,
  groups: [1 / 32, 3 / 32, 7 / 32, 15 / 32, 1],
  target_l0: 0,
  sparsity_penalty: 1,
  bandwidth: 0.1,
  threshold_init: 0.1,
  encoder_product: "screened" as const,
};

/** What an objective changes in our own recipe. */
const OBJECTIVE_RECIPES: Partial<Record<ObjectiveName, Partial<Recipe>>> = {
  // Anthropic, April 2024: no pre-encoder bias, λ 5 with a warm-up of 5 %, the learning rate falling over the last fifth. Their
  // gradient clipping is left out: a feature is updated while its gradient is in the cache, before the gradient's norm is known.
  "april-2024": {
    lambda: 5,
    lambda_warmup: 0.05,
    initialisation: "april-2024",
    apply_b_dec_to_input: false,
    b_dec_init: "zero",
  },
  jumprelu: { target_l0: 32, lambda_warmup: 0.2 },
  gated: { lambda_warmup: 0.2 },
};

const presets: Record<PresetName, Preset> = {
  /**
   * Ours: for runs of 10³ to 10⁵ steps on a CPU. Every length is a share of the run, so it scales from minutes to days.
   * Λ rises over the first half of the run: features then find their directions before they have to be rare, and hardly any
   * dies; with a short rise a third of them does, and resampling in so short a run costs more than it gains (docs/results.md).
   */
  monosemantic: {
    recipe: {
      ...DEAD_FEATURE_DEFAULTS,
      ...OBJECTIVE_DEFAULTS,
      expansion: 8,
      lambda: 4,
      tokens: 5_000_000,
      batch: 1024,
      lr: 1e-3,
      lr_warmup: 0.02,
      lr_decay: 0.2,
      lambda_warmup: 0.5,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      dead: "none",
      resample_at: [0.55, 0.65, 0.75],
      resample_window: 0.05,
      resample_inputs: 32_768,
      resample_direction: "centred",
      initialisation: "decoder-transpose",
      initial_length: 1,
      b_dec_init: "geometric-median",
      apply_b_dec_to_input: true,
      normalize_activations: "expected_average_only_in",
      as_published: false,
      seed: 0,
    },
    convention: { factor: () => 1, words: "the same, in units of activations scaled to norm √d_in" },
  },

  /**
   * Bricken et al. 2023. The paper gives no learning rate and no Adam constants: 1e-4 and β = (0.9, 0.99) are Nanda's.
   * 8·10⁹ tokens, 10⁶ steps.
   */
  "bricken-2023": {
    recipe: {
      ...DEAD_FEATURE_DEFAULTS,
      ...OBJECTIVE_DEFAULTS,
      expansion: 8,
      lambda: 0.004,
      tokens: 8_192_000_000,
      batch: 8192,
      lr: 1e-4,
      lr_warmup: 0,
      lr_decay: 0,
      lambda_warmup: 0,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      dead: "bricken-resample",
      initialisation: "torch-linear",
      initial_length: 1,
      b_dec_init: "geometric-median",
      apply_b_dec_to_input: true,
      normalize_activations: "none",
      as_published: false,
      seed: 0,
    },
    convention: {
      factor: (d_in) => d_in,
      words: "λ · d_in, since the paper averages the squared error over dimensions",
    },
  },

  /** Nanda 2023, the program the 2024 student project started from. 2·10⁹ tokens, 488,281 steps. */
  "neel-2023": {
    recipe: {
      ...DEAD_FEATURE_DEFAULTS,
      ...OBJECTIVE_DEFAULTS,
      expansion: 32,
      lambda: 3e-4,
      tokens: 2_000_000_000,
      batch: 4096,
      lr: 1e-4,
      lr_warmup: 0,
      lr_decay: 0,
      lambda_warmup: 0,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      dead: "neel-reinit",
      initialisation: "kaiming",
      initial_length: 1,
      b_dec_init: "zero",
      apply_b_dec_to_input: true,
      normalize_activations: "none",
      as_published: false,
      seed: 49,
    },
    convention: {
      factor: (_d_in, batch) => batch,
      words: "λ · batch, since the program sums the L1 term over the batch",
    },
  },
};

/**
 * All options of a dictionary on activations of `d_in` dimensions: what was asked for, the rest from its preset.
 * @throws UsageError for an option that is not possible
 */
export function resolveOptions(request: SaeRequest, d_in: number): SaeOptions {
  const parsed = saeRequest.safeParse(request);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UsageError(`option ${issue.path.join(".") || "of the dictionary"}: ${issue.message}`);
  }
  const asked = Object.fromEntries(
    Object.entries(parsed.data).filter(([, value]) => value !== undefined),
  ) as SaeRequest;
  const preset = asked.preset ?? "monosemantic";
  const { recipe, convention } = presets[preset];
  const objective = asked.objective ?? recipe.objective;
  const own = preset === "monosemantic" ? OBJECTIVE_RECIPES[objective] : undefined;
  const options = { ...recipe, ...own, ...(asked.as_published && AS_PUBLISHED), ...asked, preset };
  const factor = convention.factor(d_in, options.batch);
  const Lambda = asked.Lambda ?? options.lambda * factor;
  if (options.as_published && preset !== "neel-2023") {
    throw new UsageError(`option as_published belongs to preset neel-2023, not ${preset}`);
  }
  refuseContradictions(options, preset, d_in);
  return { ...options, Lambda, lambda: Lambda / factor };
}

function refuseContradictions(options: Omit<SaeOptions, "Lambda">, preset: PresetName, d_in: number): void {
  const { objective, target_l0, k, dead } = options;
  if (preset !== "monosemantic" && objective !== "relu-l1") {
    throw new UsageError(
      `option objective ${objective} belongs to preset monosemantic: ${preset} is ReLU with L1`,
    );
  }
  const d_sae = widthOf(options, d_in);
  const ranked = rankedBy(objective) !== undefined;
  if (ranked && target_l0 > 0) {
    throw new UsageError(
      `option target_l0: ${objective} has exactly k active features per token; give --k instead`,
    );
  }
  if (ranked && dead !== "none") {
    throw new UsageError(
      `option dead ${dead}: ${objective} revives dead features with its auxiliary loss (--aux-coefficient)`,
    );
  }
  if (ranked && k > d_sae / 4) {
    throw new UsageError(
      `option k ${k} is more than a quarter of the ${d_sae} features: such a dictionary is not sparse`,
    );
  }
  if (objective === "jumprelu" && target_l0 === 0) {
    throw new UsageError("option target_l0: jumprelu needs an L0 to aim at, for example --target-l0 32");
  }
  if (objective === "april-2024" && options.decoder_norm !== "after-step") {
    throw new UsageError(
      `option decoder_norm: ${objective} leaves decoder norms free and counts them instead`,
    );
  }
  // A restarted feature would need more than directions: a gate's scalars, a free norm.
  if ((objective === "gated" || objective === "april-2024") && dead !== "none") {
    throw new UsageError(`option dead ${dead}: not implemented for ${objective}; use --dead none`);
  }
  if (target_l0 > d_sae) {
    throw new UsageError(`option target_l0 ${target_l0} is more than the ${d_sae} features there are`);
  }
}

/** One line that says what sets the sparsity, for the log: "λ 0.0003 (neel-2023) = Λ 1.2288: …". */
export function describeSparsity({ preset, lambda, Lambda, objective, k, target_l0 }: SaeOptions): string {
  const ranked = rankedBy(objective);
  if (ranked)
    return `${k} active features per token${ranked === "batch" ? " on average" : ""} (${objective})`;
  if (objective === "jumprelu")
    return `thresholds that aim at ${target_l0} active features per token (jumprelu)`;
  const round = (value: number) => Number(value.toPrecision(6)).toString();
  const written = `λ ${round(lambda)} (${preset}) = Λ ${round(Lambda)}: ${presets[preset].convention.words}`;
  return target_l0 > 0 ? `${written}; adapted to reach L0 ${target_l0}` : written;
}

/** Features of a dictionary, d_sae = expansion · d_in. */
export function widthOf({ expansion }: Pick<SaeOptions, "expansion">, d_in: number): number {
  return Math.max(1, Math.round(expansion * d_in));
}

/** Steps of the run: only whole batches are used. */
export function stepsOf({ tokens, batch }: Pick<SaeOptions, "tokens" | "batch">): number {
  return Math.max(1, Math.floor(tokens / batch));
}
