/**
 * Dictionaries on disk in the layout of SAELens 6: a folder with `cfg.json` and `sae_weights.safetensors`. On disk W_enc is
 * [d_in, d_sae]; in memory both matrices are [d_sae, d_in], one row per feature.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeJson } from "../files/atomic.ts";
import { readJson } from "../files/read.ts";
import { openSafetensors, type SafetensorsFile } from "../files/safetensors.ts";
import { type WritableTensor, writeSafetensors } from "../files/safetensors-write.ts";
import { Failure } from "../errors.ts";
import { type Architecture, foldDecoderNorms, foldScale, type Sae } from "./dictionary.ts";
import { parseSaelensConfig, type SaelensConfig, saelensConfig } from "./saelens-config.ts";

const CONFIG = "cfg.json";
const WEIGHTS = "sae_weights.safetensors";
/** Holds the factor on activations when it was not folded into the weights. */
const SCALER = "activation_scaler.json";

/** Name on disk of each vector over features, by its name here. */
const VECTORS: Record<Architecture, Partial<Record<"b_enc" | "threshold" | "b_gate" | "r_mag", string>>> = {
  standard: { b_enc: "b_enc" },
  topk: { b_enc: "b_enc" },
  jumprelu: { b_enc: "b_enc", threshold: "threshold" },
  gated: { b_enc: "b_mag", b_gate: "b_gate", r_mag: "r_mag" },
};

/** Writes a dictionary to `folder`. @throws Failure when it cannot be written */
export function writeSae(folder: string, sae: Sae): void {
  const { d_in, d_sae } = sae;
  const tensors: Record<string, WritableTensor> = {
    W_enc: { dims: [d_in, d_sae], data: transpose(sae.W_enc, d_sae, d_in) },
    W_dec: { dims: [d_sae, d_in], data: sae.W_dec },
    b_dec: { dims: [d_in], data: sae.b_dec },
  };
  for (const [name, onDisk] of Object.entries(VECTORS[sae.architecture])) {
    tensors[onDisk] = { dims: [d_sae], data: sae[name as "b_enc"] };
  }
  writeSafetensors(join(folder, WEIGHTS), tensors);
  writeJson(join(folder, CONFIG), saelensConfig(sae));
}

/**
 * Reads any dictionary in this layout whose architecture is known, whoever trained it.
 * @throws Failure naming the file and what is wrong with it or not implemented
 */
export function readSae(folder: string): Sae {
  const configPath = join(folder, CONFIG);
  const config = parseSaelensConfig(
    configPath,
    readJson(configPath, "the cfg.json of a dictionary in SAELens layout"),
  );
  const file = openSafetensors(join(folder, WEIGHTS));
  try {
    return scaled(folder, withUnitDecoder(readTensors(file, config), config));
  } finally {
    file.close();
  }
}

function readTensors(file: SafetensorsFile, config: SaelensConfig): Sae {
  const { architecture, d_in, d_sae, k, apply_b_dec_to_input, normalize_activations, metadata } = config;
  const read = (name: string, dims: readonly number[]) => readTensor(file, name, dims);
  if (file.has("scaling_factor") && read("scaling_factor", [d_sae]).some((factor) => factor !== 1)) {
    throw new Failure(`${file.path}: scaling_factor is not implemented; fold it into W_dec and remove it`);
  }
  const vectors = Object.fromEntries(
    Object.entries(VECTORS[architecture]).map(([name, onDisk]) => [name, read(onDisk, [d_sae])]),
  ) as { b_enc: Float32Array };
  return {
    architecture,
    d_in,
    d_sae,
    W_enc: transpose(read("W_enc", [d_in, d_sae]), d_in, d_sae),
    W_dec: read("W_dec", [d_sae, d_in]),
    b_dec: read("b_dec", [d_in]),
    ...vectors,
    ...(k !== undefined && { k }),
    apply_b_dec_to_input,
    normalize_activations,
    metadata,
  };
}

function readTensor(file: SafetensorsFile, name: string, dims: readonly number[]): Float32Array {
  const { shape } = file.info(name);
  if (shape.length !== dims.length || shape.some((dim, i) => dim !== dims[i])) {
    throw new Failure(
      `${file.path}: ${name} is [${shape.join(", ")}], but cfg.json says [${dims.join(", ")}] (d_in and d_sae): the two ` +
        `files do not belong together`,
    );
  }
  const values = file.readFloats(name);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new Failure(
      `${file.path}: ${name} holds ${values[bad]} at element ${bad}; its training diverged or it is damaged`,
    );
  }
  return values;
}

/** TopK that ranks f·‖W_dec‖: the norms move into the encoder for the same result. */
function withUnitDecoder(sae: Sae, { rescale_acts_by_decoder_norm }: SaelensConfig): Sae {
  return rescale_acts_by_decoder_norm ? foldDecoderNorms(sae) : sae;
}

/** Folds in the factor on activations where a file beside the weights says what it is. */
function scaled(folder: string, sae: Sae): Sae {
  const path = join(folder, SCALER);
  if (sae.normalize_activations !== "expected_average_only_in" || !existsSync(path)) return sae;
  const { scaling_factor: scale } = readJson(path, "the scale of a dictionary's activations") as {
    scaling_factor?: unknown;
  };
  if (scale === null || scale === undefined) return sae;
  if (typeof scale !== "number" || !(scale > 0) || !Number.isFinite(scale)) {
    throw new Failure(`${path}: scaling_factor is ${JSON.stringify(scale)}, expected a positive number`);
  }
  return foldScale(sae, scale);
}

/** [rows, columns] → [columns, rows], in tiles that fit the cache. */
function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const TILE = 32;
  const out = new Float32Array(matrix.length);
  for (let top = 0; top < rows; top += TILE) {
    for (let left = 0; left < columns; left += TILE) {
      for (let i = top; i < Math.min(rows, top + TILE); i++) {
        for (let j = left; j < Math.min(columns, left + TILE); j++)
          out[j * rows + i] = matrix[i * columns + j]!;
      }
    }
  }
  return out;
}
