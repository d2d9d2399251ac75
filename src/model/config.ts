/**
 * The shape and arithmetic of a GPT-2-family model, from and to Hugging Face `config.json`.
 *
 * A field that would change the result and is not implemented is refused by name: a model that is computed slightly
 * wrong looks fine and ruins every measurement made on it. Fields that do not touch the forward pass (dropout,
 * initialisation, generation, bookkeeping) are passed over.
 */

import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../errors.ts";
import { readJson } from "../files/read.ts";

export type Activation = "relu" | "gelu" | "gelu_tanh";

export interface ModelConfig {
  readonly nLayer: number;
  readonly nHead: number;
  /** Width of the residual stream. */
  readonly dModel: number;
  /** Width of one attention head, dModel / nHead. */
  readonly dHead: number;
  /** Number of neurons of one MLP. */
  readonly dMlp: number;
  readonly vocabSize: number;
  /** Longest input in tokens: the rows of the position embedding. */
  readonly context: number;
  /** gelu is x·Φ(x); gelu_tanh its approximation 0.5x(1 + tanh(√(2/π)(x + 0.044715x³))). */
  readonly activation: Activation;
  readonly layerNormEpsilon: number;
  /** Whether the unembedding is the transposed token embedding. */
  readonly tieWordEmbeddings: boolean;
  /** Undefined when the file names none, or one outside the vocabulary, which no text can contain. */
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
}

/** Names of transformers for the same three functions; gelu_fast and gelu_accurate only group the terms differently. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  relu: "relu",
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "gelu_tanh",
  gelu_pytorch_tanh: "gelu_tanh",
  gelu_fast: "gelu_tanh",
  gelu_accurate: "gelu_tanh",
};

/**
 * Fields that change the arithmetic in a way that is not implemented, each with the values that leave it alone.
 * `reorder_and_upcast_attn` is not among them: it only keeps half precision attention in float32, and everything
 * here is float32.
 */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  scale_attn_weights: [true],
  scale_attn_by_inverse_layer_idx: [false],
  add_cross_attention: [false],
  is_encoder_decoder: [false],
  quantization_config: [],
  auto_map: [],
  pruned_heads: [],
  rotary: [false],
  rotary_dim: [],
  rope_scaling: [],
  rope_theta: [],
  alibi: [false],
  multi_query: [false],
  parallel_attn: [false],
  sliding_window: [],
  attention_layers: [],
  attention_types: [],
  num_experts: [],
  num_key_value_heads: [],
  logit_scale: [1],
  final_logit_softcapping: [],
  attn_logit_softcapping: [],
  use_bias: [true],
};

/** Far beyond any model, and far below where a product of two of them stops being exact. */
const MAX_COUNT = 2 ** 24;
const COUNT = `a whole number from 1 to ${MAX_COUNT}`;
const count = z.int({ error: COUNT }).min(1, COUNT).max(MAX_COUNT, COUNT);
const EPSILON = "a number above 0 and at most 1";
/** Newer files hold a list of equivalent ids; the first is the one that stands in text. */
const tokenId = z
  .union([z.int(), z.array(z.int())], { error: "a token id" })
  .nullish()
  .transform((id) => (Array.isArray(id) ? id[0] : (id ?? undefined)));

const schema = z.object({
  model_type: z.string().nullish(),
  n_layer: count,
  n_head: count,
  n_embd: count,
  n_inner: count.nullish(),
  vocab_size: count,
  n_positions: count.nullish(),
  n_ctx: count.nullish(),
  activation_function: z.string({ error: "a name" }).default("gelu_new"),
  layer_norm_epsilon: z.number({ error: EPSILON }).positive(EPSILON).max(1, EPSILON).default(1e-5),
  tie_word_embeddings: z.boolean({ error: "true or false" }).default(true),
  bos_token_id: tokenId,
  eos_token_id: tokenId,
});

/**
 * The configuration in `folder/config.json`.
 * @throws Failure naming the field that is missing, wrong, or asks for what is not implemented
 */
export function readConfig(folder: string): ModelConfig {
  const path = join(folder, "config.json");
  return parseConfig(readJson(path, "the config.json of a GPT-2-family model"), path);
}

/**
 * The configuration that the parsed JSON `value` of the file `path` describes.
 * @throws Failure as readConfig does
 */
export function parseConfig(value: unknown, path: string): ModelConfig {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Failure(`${path} is JSON but not an object, expected the config.json of a GPT-2-family model`);
  }
  const modelType = (value as { model_type?: unknown }).model_type;
  // Without a model_type, the fields below, which no other family has, are enough to know GPT-2.
  if (modelType !== undefined && modelType !== null && modelType !== "gpt2") {
    throw new Failure(
      `${path} has model_type ${clip(modelType)}, expected "gpt2": only that family is implemented`,
    );
  }
  refuseUnimplemented(value as Record<string, unknown>, path);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Failure(describe(parsed.error, value as Record<string, unknown>, path));
  const fields = parsed.data;
  const context = fields.n_positions ?? fields.n_ctx;
  if (context === undefined || context === null) {
    throw new Failure(`${path} has no n_positions, expected the number of tokens the model can take`);
  }
  if (fields.n_embd % fields.n_head !== 0) {
    throw new Failure(
      `${path} has n_embd ${fields.n_embd} and n_head ${fields.n_head}, expected n_embd to be a multiple of n_head`,
    );
  }
  return {
    nLayer: fields.n_layer,
    nHead: fields.n_head,
    dModel: fields.n_embd,
    dHead: fields.n_embd / fields.n_head,
    dMlp: fields.n_inner ?? 4 * fields.n_embd,
    vocabSize: fields.vocab_size,
    context,
    activation: activationOf(fields.activation_function, path),
    layerNormEpsilon: fields.layer_norm_epsilon,
    tieWordEmbeddings: fields.tie_word_embeddings,
    bosId: within(fields.bos_token_id, fields.vocab_size),
    eosId: within(fields.eos_token_id, fields.vocab_size),
  };
}

/** `config` as the config.json from which transformers makes the same model. */
export function configJson(config: ModelConfig): Record<string, unknown> {
  return {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    n_layer: config.nLayer,
    n_head: config.nHead,
    n_embd: config.dModel,
    n_inner: config.dMlp,
    n_positions: config.context,
    n_ctx: config.context,
    vocab_size: config.vocabSize,
    activation_function: config.activation === "gelu_tanh" ? "gelu_new" : config.activation,
    layer_norm_epsilon: config.layerNormEpsilon,
    tie_word_embeddings: config.tieWordEmbeddings,
    bos_token_id: config.bosId ?? null,
    eos_token_id: config.eosId ?? null,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
  };
}

function refuseUnimplemented(fields: Record<string, unknown>, path: string): void {
  for (const [name, neutral] of Object.entries(NEUTRAL)) {
    const found = fields[name];
    const isEmpty =
      found === undefined || found === null || (typeof found === "object" && Object.keys(found).length === 0);
    if (isEmpty || neutral.includes(found)) continue;
    const expected = neutral.length > 0 ? `${neutral[0]} or no such field` : "no such field";
    throw new Failure(`${path} has ${name} ${clip(found)}, which is not implemented; expected ${expected}`);
  }
}

function activationOf(name: string, path: string): Activation {
  if (Object.hasOwn(ACTIVATIONS, name)) return ACTIVATIONS[name]!;
  const known = Object.keys(ACTIVATIONS).join(", ");
  throw new Failure(
    `${path} has activation_function ${clip(name)}, which is not implemented; expected one of ${known}`,
  );
}

function within(id: number | undefined, vocabSize: number): number | undefined {
  return id !== undefined && id >= 0 && id < vocabSize ? id : undefined;
}

function describe(error: z.ZodError, fields: Record<string, unknown>, path: string): string {
  const issue = error.issues[0]!;
  const name = String(issue.path[0]);
  if (fields[name] === undefined) return `${path} has no ${name}, expected ${issue.message}`;
  return `${path} has ${name} ${clip(fields[name])}, expected ${issue.message}`;
}

function clip(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
