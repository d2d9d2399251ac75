/**
 * cfg.json of a SAELens folder: what a dictionary's numbers mean. Version 6 nests what describes the run under
 * `metadata`; older files are flat and use other names for some fields. What this program does not implement is refused
 * by name: a field that is ignored would make every number of the evaluation wrong in silence.
 */

import { z } from "zod";
import { Failure, nearest } from "../errors.ts";
import { ARCHITECTURES, type Architecture, type Sae } from "./dictionary.ts";

export interface SaelensConfig {
  readonly architecture: Architecture;
  readonly d_in: number;
  readonly d_sae: number;
  readonly k?: number;
  /** TopK on activations times their decoder's norm. */
  readonly rescale_acts_by_decoder_norm: boolean;
  readonly apply_b_dec_to_input: boolean;
  readonly normalize_activations: Sae["normalize_activations"];
  readonly metadata: Readonly<Record<string, unknown>>;
}

const schema = z.looseObject({
  architecture: z.string().default("standard"),
  d_in: z.int().positive(),
  d_sae: z.int().positive(),
  d_out: z.int().positive().optional(),
  k: z.int().positive().optional(),
  rescale_acts_by_decoder_norm: z.boolean().default(false),
  apply_b_dec_to_input: z.boolean().default(true),
  normalize_activations: z.union([z.string(), z.boolean()]).default("none"),
  reshape_activations: z.string().nullable().default("none"),
  finetuning_scaling_factor: z.boolean().nullable().optional(),
  activation_fn: z.string().optional(),
  activation_fn_str: z.string().optional(),
  activation_fn_kwargs: z.looseObject({ k: z.int().positive().optional() }).nullable().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

/** Fields that files from before version 6 have beside the numbers, under the names of version 6. */
const FLAT_METADATA: Readonly<Record<string, string>> = {
  model_name: "model_name",
  hook_name: "hook_name",
  hook_point: "hook_name",
  hook_head_index: "hook_head_index",
  hook_point_head_index: "hook_head_index",
  context_size: "context_size",
  prepend_bos: "prepend_bos",
  dataset_path: "dataset_path",
  model_from_pretrained_kwargs: "model_from_pretrained_kwargs",
  neuronpedia_id: "neuronpedia_id",
  sae_lens_training_version: "sae_lens_training_version",
};

/**
 * @param path named in messages
 * @throws Failure when a field is missing, contradicts another, or asks for something that is not implemented
 */
export function parseSaelensConfig(path: string, json: unknown): SaelensConfig {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new Failure(
      `${path}: ${issue.path.join(".") || "the file"}: ${issue.message}; expected a SAELens cfg.json`,
    );
  }
  const fields = parsed.data;
  const { d_in, d_sae, apply_b_dec_to_input, rescale_acts_by_decoder_norm } = fields;
  if (fields.d_out !== undefined && fields.d_out !== d_in) {
    throw new Failure(
      `${path}: d_out ${fields.d_out} is not d_in ${d_in}: it is a transcoder, expected an autoencoder`,
    );
  }
  if (fields.finetuning_scaling_factor) {
    throw new Failure(
      `${path}: finetuning_scaling_factor is not implemented; fold the factor into W_dec and unset it`,
    );
  }
  refuseUnknown(path, "reshape_activations", fields.reshape_activations ?? "none", ["none", "hook_z"]);
  const { architecture, k } = architectureOf(path, fields);
  return {
    architecture,
    d_in,
    d_sae,
    ...(k !== undefined && { k }),
    rescale_acts_by_decoder_norm: architecture === "topk" && rescale_acts_by_decoder_norm,
    apply_b_dec_to_input,
    normalize_activations: normalisationOf(path, fields.normalize_activations),
    metadata: fields.metadata ?? flatMetadata(fields),
  };
}

function architectureOf(
  path: string,
  fields: z.infer<typeof schema>,
): { architecture: Architecture; k?: number } {
  const activation = fields.activation_fn ?? fields.activation_fn_str ?? "relu";
  // Before version 6 a TopK dictionary was a standard one with another activation function.
  const topk =
    fields.architecture === "topk" || (fields.architecture === "standard" && activation === "topk");
  if (!topk) {
    refuseUnknown(path, "architecture", fields.architecture, ARCHITECTURES);
    if (fields.architecture === "standard") refuseUnknown(path, "activation_fn", activation, ["relu"]);
    return { architecture: fields.architecture as Architecture };
  }
  const k = fields.k ?? fields.activation_fn_kwargs?.k;
  if (k === undefined)
    throw new Failure(`${path}: a topk dictionary needs k, the number of active features; there is none`);
  if (k > fields.d_sae)
    throw new Failure(`${path}: k ${k} is more than the ${fields.d_sae} features there are`);
  return { architecture: "topk", k };
}

function normalisationOf(path: string, value: string | boolean): Sae["normalize_activations"] {
  if (typeof value === "boolean") return value ? "expected_average_only_in" : "none";
  refuseUnknown(path, "normalize_activations", value, ["none", "expected_average_only_in", "layer_norm"]);
  return value as Sae["normalize_activations"];
}

function refuseUnknown(path: string, field: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new Failure(
    `${path}: ${field} "${value}" is not implemented, expected ${nearest(value, known, known.length).join(" or ")}`,
  );
}

function flatMetadata(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const metadata: Record<string, unknown> = {};
  for (const [old, name] of Object.entries(FLAT_METADATA)) if (old in fields) metadata[name] = fields[old];
  return metadata;
}

/** cfg.json for a dictionary whose weights are written as float32. */
export function saelensConfig(sae: Sae): Record<string, unknown> {
  return {
    architecture: sae.architecture,
    d_in: sae.d_in,
    d_sae: sae.d_sae,
    dtype: "float32",
    device: "cpu",
    apply_b_dec_to_input: sae.apply_b_dec_to_input,
    normalize_activations: sae.normalize_activations,
    reshape_activations: String(sae.metadata["hook_name"]).endsWith("attn.hook_z") ? "hook_z" : "none",
    ...(sae.architecture === "topk" && { k: sae.k, rescale_acts_by_decoder_norm: false }),
    // Readers take a file without a version from 6 on for one of the old format.
    metadata: { sae_lens_version: "6.18.0", sae_lens_training_version: null, ...sae.metadata },
  };
}
