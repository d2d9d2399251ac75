/**
 * The weights of a GPT-2-family model, from and to Hugging Face `model.safetensors`.
 *
 * Names are Hugging Face's without the `transformer.` prefix, matrices are in its Conv1D layout [in, out]:
 * y = x W + b. Exactly the tensors of the configuration are taken, each of its shape and all finite: a tensor too
 * many or too few means that the file holds another model than config.json says.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import type { Dims } from "../engine/tensor.ts";
import { writeJson } from "../files/atomic.ts";
import { openSafetensors, type SafetensorsFile } from "../files/safetensors.ts";
import { writeSafetensors, type WritableTensor } from "../files/safetensors-write.ts";
import { quoted } from "../files/safetensors-header.ts";
import { configJson, type ModelConfig } from "./config.ts";
import { INDEX_FILE, readShardNames, WEIGHTS_FILE } from "./shards.ts";

/** Every parameter by name, row-major, float32 on shared memory. */
export type Weights = Readonly<Record<string, Float32Array>>;

const PREFIX = "transformer.";

/** Causal masks that older files carry along. */
const BUFFER = /^h\.\d+\.attn\.(bias|masked_bias)$/;

/** A dimension of a tensor and the field of config.json that it comes from. */
type NamedDim = readonly [size: number, field: string];

/**
 * Reads the weights of the model in `folder`, which has the configuration `config`.
 * @throws Failure naming the file, the tensor and what is wrong with it
 */
export function readWeights(folder: string, config: ModelConfig): Weights {
  const files = weightFiles(folder).map((name) => join(folder, name));
  const opened: SafetensorsFile[] = [];
  try {
    for (const path of files) opened.push(openSafetensors(path));
    return collect(folder, opened, config);
  } finally {
    for (const file of opened) file.close();
  }
}

/**
 * Names of the files that hold the weights of the model in `folder`: one, or the shards of its index.
 * @throws Failure when there are none, or the index is damaged
 */
export function weightFiles(folder: string): string[] {
  if (existsSync(join(folder, WEIGHTS_FILE))) return [WEIGHTS_FILE];
  if (existsSync(join(folder, INDEX_FILE))) return readShardNames(join(folder, INDEX_FILE));
  const pickled = existsSync(join(folder, "pytorch_model.bin"))
    ? "; pytorch_model.bin can run code and is not read: save the model again as safetensors"
    : "";
  throw new Failure(
    `${folder} has no ${WEIGHTS_FILE} and no ${INDEX_FILE}, expected a model's weights${pickled}`,
  );
}

/** Name and shape of every parameter of a model, in the order in which they are used. */
export function* parameterShapes(config: ModelConfig): Generator<[name: string, dims: Dims]> {
  for (const [name, dims] of namedShapes(config)) yield [name, dims.map(([size]) => size)];
}

/**
 * Writes `config` and `weights` to `folder` as transformers does, so that it loads them unchanged.
 * @throws Failure when the folder cannot be written or a weight is beyond float16
 */
export function saveModel(
  folder: string,
  config: ModelConfig,
  weights: Weights,
  { dtype = "float32" }: { dtype?: "float16" | "float32" } = {},
): void {
  const tensors: Record<string, WritableTensor> = {};
  for (const [name, dims] of parameterShapes(config)) {
    const data = weights[name];
    if (data === undefined) throw new Error(`the weights have no ${name}`);
    const stored = name === "lm_head.weight" ? name : PREFIX + name;
    tensors[stored] = { dims, data, dtype: dtype === "float16" ? "F16" : "F32" };
  }
  writeSafetensors(join(folder, WEIGHTS_FILE), tensors, { format: "pt" });
  writeJson(join(folder, "config.json"), { ...configJson(config), torch_dtype: dtype });
}

function* namedShapes(config: ModelConfig): Generator<[name: string, dims: readonly NamedDim[]]> {
  const d: NamedDim = [config.dModel, "n_embd"];
  const qkv: NamedDim = [3 * config.dModel, "3·n_embd"];
  const mlp: NamedDim = [config.dMlp, "n_inner"];
  const vocab: NamedDim = [config.vocabSize, "vocab_size"];
  yield ["wte.weight", [vocab, d]];
  yield ["wpe.weight", [[config.context, "n_positions"], d]];
  for (let layer = 0; layer < config.nLayer; layer++) {
    const block: Record<string, readonly NamedDim[]> = {
      "ln_1.weight": [d],
      "ln_1.bias": [d],
      "attn.c_attn.weight": [d, qkv],
      "attn.c_attn.bias": [qkv],
      "attn.c_proj.weight": [d, d],
      "attn.c_proj.bias": [d],
      "ln_2.weight": [d],
      "ln_2.bias": [d],
      "mlp.c_fc.weight": [d, mlp],
      "mlp.c_fc.bias": [mlp],
      "mlp.c_proj.weight": [mlp, d],
      "mlp.c_proj.bias": [d],
    };
    for (const [name, dims] of Object.entries(block)) yield [`h.${layer}.${name}`, dims];
  }
  yield ["ln_f.weight", [d]];
  yield ["ln_f.bias", [d]];
  if (!config.tieWordEmbeddings) yield ["lm_head.weight", [vocab, d]];
}

/** Where a parameter lies: its file, and the name that it has there. */
interface Place {
  readonly file: SafetensorsFile;
  readonly stored: string;
}

function collect(folder: string, files: readonly SafetensorsFile[], config: ModelConfig): Weights {
  const places = findPlaces(files);
  const weights: Record<string, Float32Array> = {};
  for (const [name, dims] of namedShapes(config)) {
    const place = places.get(name);
    if (place === undefined) throw missing(folder, files, name);
    weights[name] = readParameter(place, dims);
    places.delete(name);
  }
  checkTiedHead(places, weights, config);
  const [unknown] = [...places.values()].filter(({ stored }) => !BUFFER.test(withoutPrefix(stored)));
  if (unknown !== undefined) {
    throw new Failure(
      `${unknown.file.path} has a tensor ${quoted(unknown.stored)} that a GPT-2 of ${config.nLayer} layers does not ` +
        `have; check n_layer in ${join(folder, "config.json")}, or use a model without it`,
    );
  }
  return weights;
}

function findPlaces(files: readonly SafetensorsFile[]): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const file of files) {
    for (const stored of file.names) {
      const name = withoutPrefix(stored);
      const earlier = places.get(name);
      if (earlier !== undefined) {
        throw new Failure(
          `${file.path} has a tensor ${quoted(stored)} that ${earlier.file.path} has too, as ` +
            `${quoted(earlier.stored)}; expected each weight once`,
        );
      }
      places.set(name, { file, stored });
    }
  }
  return places;
}

function readParameter({ file, stored }: Place, expected: readonly NamedDim[]): Float32Array {
  const { shape } = file.info(stored);
  if (shape.length !== expected.length || expected.some(([size], i) => size !== shape[i])) {
    const sizes = expected.map(([size]) => size).join(", ");
    const fields = expected.map(([, field]) => field).join(", ");
    throw new Failure(
      `tensor ${quoted(stored)} of ${file.path} has shape [${shape.join(", ")}], config.json expects [${sizes}], ` +
        `which is [${fields}]: they do not belong to the same model, or one was edited`,
    );
  }
  const data = file.readFloats(stored);
  const index = firstNotFinite(data);
  if (index !== undefined) {
    throw new Failure(
      `tensor ${quoted(stored)} of ${file.path} holds ${data[index]} at index ${index}, expected finite numbers: ` +
        `the model diverged while it was trained, or the file is damaged`,
    );
  }
  return data;
}

/** Where the first NaN or infinity is. x − x is 0 for every finite x and NaN otherwise, so one sum sees them all. */
function firstNotFinite(data: Float32Array): number | undefined {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! - data[i]!;
  return sum === 0 ? undefined : data.findIndex((value) => !Number.isFinite(value));
}

/** A file may repeat the tied head; with other values in it, config.json and file describe different models. */
function checkTiedHead(places: Map<string, Place>, weights: Weights, config: ModelConfig): void {
  const head = places.get("lm_head.weight");
  if (head === undefined) return;
  const embedding = weights["wte.weight"]!;
  const unembedding = readParameter(head, [
    [config.vocabSize, "vocab_size"],
    [config.dModel, "n_embd"],
  ]);
  for (let i = 0; i < embedding.length; i++) {
    if (embedding[i] !== unembedding[i]) {
      throw new Failure(
        `${head.file.path} has a tensor "lm_head.weight" that differs from "wte.weight", but config.json ties them; ` +
          `set tie_word_embeddings to false in config.json if the head was trained separately`,
      );
    }
  }
  places.delete("lm_head.weight");
}

function missing(folder: string, files: readonly SafetensorsFile[], name: string): Failure {
  const where = files.length === 1 ? files[0]!.path : `the ${files.length} shards in ${folder}`;
  if (name === "lm_head.weight") {
    return new Failure(
      `${where} has no tensor "lm_head.weight", but config.json has tie_word_embeddings false; ` +
        `set it to true if the head is the token embedding`,
    );
  }
  return new Failure(
    `${where} has no tensor ${quoted(name)}, which config.json expects; fetch the whole model again`,
  );
}

function withoutPrefix(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
}
