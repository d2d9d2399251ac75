/**
 * What training leaves behind → a dictionary on raw activations, in the form that SAELens has for it:
 *
 *   relu-l1                  standard
 *   april-2024               standard; decoder norms move into the encoder, so f becomes f‖v‖ and rows have norm 1
 *   topk                     topk
 *   batch-topk, matryoshka   jumprelu with the inference threshold for every feature: a batch's selection does not exist
 *                            for one token, and a feature is active strictly above the threshold
 *   jumprelu                 jumprelu
 *   gated                    gated
 *
 * Training saw s·x. With s·x − b_dec = s(x − b_dec/s), dividing biases and thresholds by s divides every pre-activation and
 * every f by s: gates, thresholds and rankings decide as before, x̂ comes out divided by s, and the matrices stay as they are.
 */

import { type Architecture, foldDecoderNorms, foldScale, type Sae } from "./dictionary.ts";
import type { ObjectiveName } from "./objectives.ts";

export interface TrainedDictionary {
  readonly objective: ObjectiveName;
  readonly d_in: number;
  readonly d_sae: number;
  /**
   * W_enc and W_dec [d_sae, d_in], b_dec [d_in], and [d_sae] each: b_enc; threshold with jumprelu; b_gate, r_mag and b_mag
   * with gated, which has no b_enc.
   */
  readonly parameters: Readonly<Record<string, Float32Array>>;
  /** Features per token of topk. */
  readonly k?: number;
  /** Of batch-topk and matryoshka, in the units of s·x. */
  readonly inferenceThreshold?: number;
  /** s: training saw activations times this. */
  readonly scale: number;
  readonly apply_b_dec_to_input: boolean;
  readonly metadata?: Sae["metadata"];
}

const ARCHITECTURE: Readonly<Record<ObjectiveName, Architecture>> = {
  "relu-l1": "standard",
  "april-2024": "standard",
  topk: "topk",
  "batch-topk": "jumprelu",
  matryoshka: "jumprelu",
  jumprelu: "jumprelu",
  gated: "gated",
};

/** A dictionary that shares no memory with `trained`. */
export function finishedDictionary(trained: TrainedDictionary): Sae {
  const { objective, d_in, d_sae, k, scale, apply_b_dec_to_input, metadata = {} } = trained;
  const architecture = ARCHITECTURE[objective];
  const own = (name: string) => Float32Array.from(present(objective, name, trained.parameters[name]));
  const sae: Sae = {
    architecture,
    d_in,
    d_sae,
    W_enc: own("W_enc"),
    W_dec: own("W_dec"),
    b_enc: own(architecture === "gated" ? "b_mag" : "b_enc"),
    b_dec: own("b_dec"),
    ...(architecture === "topk" && { k: present(objective, "k", k) }),
    ...(architecture === "jumprelu" && { threshold: thresholds(trained) }),
    ...(architecture === "gated" && { b_gate: own("b_gate"), r_mag: own("r_mag") }),
    apply_b_dec_to_input,
    normalize_activations: "none",
    metadata,
  };
  return foldScale(objective === "april-2024" ? foldDecoderNorms(sae) : sae, scale);
}

function thresholds({ objective, d_sae, parameters, inferenceThreshold }: TrainedDictionary): Float32Array {
  if (objective === "jumprelu")
    return Float32Array.from(present(objective, "threshold", parameters["threshold"]));
  return new Float32Array(d_sae).fill(present(objective, "inferenceThreshold", inferenceThreshold));
}

function present<T>(objective: ObjectiveName, name: string, value: T | undefined): T {
  if (value === undefined) throw new Error(`a dictionary trained with ${objective} has no ${name}`);
  return value;
}
