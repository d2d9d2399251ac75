/**
 * The randomised transformer (Bricken et al. 2023, "randomized transformer"; Heap et al. 2025, arXiv 2501.17727): the same model with
 * the entries of each weight matrix permuted. Every matrix keeps its distribution of values, and nothing that training arranged in it
 * remains. What a dictionary finds on such a model, it owes to the text and the architecture: the control without which a high score of
 * interpretability says nothing about what the model has learned.
 *
 *     W'[π(i)] = W[i],   π a uniform permutation of the entries of W, drawn from (seed, name of W)
 *
 * Permuted are the matrices: token and position embeddings, attention, MLP, an untied unembedding; a tied one follows the embedding.
 * Query, key and value are three matrices that lie side by side in one tensor, and each is permuted within itself: their
 * distributions differ. Vectors stay, as in the paper: LayerNorm's scales and biases, and the biases of the linear maps. Between
 * permuted matrices one coordinate is like another, so to permute a vector would do little more than rename them, but for how vectors
 * of the residual stream lie to each other; and a bias keeps its neurons as ready to fire as they were.
 */

import { createHash } from "node:crypto";
import { sharedFloats } from "../engine/tensor.ts";
import { Random } from "../random.ts";
import type { SourceModel } from "./load.ts";
import { parameterShapes } from "./weights.ts";

/** Matrices side by side in one tensor, by the end of its name. */
const PARTS: readonly (readonly [ending: string, parts: readonly string[]])[] = [
  [".attn.c_attn.weight", ["query", "key", "value"]],
];

/**
 * `model` with the entries of its weight matrices permuted; `model` itself is not changed, and lends its vectors.
 * The same model and seed give the same bits.
 */
export function shuffleWeights<Model extends SourceModel>(model: Model, seed: number): Model {
  const weights: Record<string, Float32Array> = {};
  for (const [name, dims] of parameterShapes(model.config)) {
    const data = model.weights[name]!;
    weights[name] = dims.length === 2 ? shuffledMatrix(data, dims[1]!, name, seed) : data;
  }
  return {
    ...model,
    name: `${model.name}-shuffled-${seed}`,
    origin: { ...model.origin, shuffled: seed },
    weights,
    weightsSha256: shuffledSha256(model.weightsSha256, seed),
  };
}

/** Stands for the weights of the model with hash `original`, shuffled with `seed`: nothing has to be shuffled to know it. */
export function shuffledSha256(original: string, seed: number): string {
  return createHash("sha256").update(`${original} shuffled matrices ${seed}`).digest("hex");
}

/** @param data [rows, columns] */
function shuffledMatrix(data: Float32Array, columns: number, name: string, seed: number): Float32Array {
  const parts = PARTS.find(([ending]) => name.endsWith(ending))?.[1];
  const result = sharedFloats(data.length);
  if (parts === undefined) {
    result.set(data);
    Random.of(seed, name).shuffle(result);
    return result;
  }
  const rows = data.length / columns;
  const width = columns / parts.length;
  const part = new Float32Array(rows * width);
  parts.forEach((which, i) => {
    for (let row = 0; row < rows; row++) {
      const at = row * columns + i * width;
      part.set(data.subarray(at, at + width), row * width);
    }
    Random.of(seed, `${name} ${which}`).shuffle(part);
    for (let row = 0; row < rows; row++) {
      result.set(part.subarray(row * width, (row + 1) * width), row * columns + i * width);
    }
  });
  return result;
}
