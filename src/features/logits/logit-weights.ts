/**
 * Logit weights (Bricken et al. 2023, "Feature → logit"): what a unit's direction adds to the logit of every token, through the
 * linear path from its hook point to the unembedding.
 *
 *     r_i = d_i            on the residual stream and on what is added to it
 *     r_i = d_i W_O        at attn.hook_z            r_i = d_i W_out     at mlp.hook_post
 *     w_i = ((r_i − mean(r_i)) ⊙ γ) W_Uᵀ             γ the final LayerNorm's scale
 *     w_i ← w_i − median(w_i)
 *
 * The final LayerNorm also divides by the standard deviation σ of the residual stream, which differs from token to token: a unit
 * with activation f changes the logits by f·w_i/σ, up to one number for all tokens. A constant added to every logit changes no
 * probability, hence the median. Where later layers lie between, they are passed over ("direct"). At mlp.hook_pre a nonlinearity
 * comes first and there are no weights.
 *
 * Tokens that the analysed text never had are left out: nothing trained their unembedding, and their weights would stand at both ends
 * of every list.
 */

import { setImmediate } from "node:timers/promises";
import { type Engine, type Program, shared } from "../../engine/engine.ts";
import { Graph } from "../../engine/graph.ts";
import { mul, sub } from "../../engine/operations/elementwise.ts";
import { gemm } from "../../engine/operations/matmul.ts";
import { reduceMean } from "../../engine/operations/normalisation.ts";
import { sharedFloats } from "../../engine/tensor.ts";
import type { ModelConfig } from "../../model/config.ts";
import type { CutModel } from "../../model/cut.ts";
import { type DirectPath, linearPath, unembeddingName } from "../../model/direct-path.ts";
import { LogitSummary } from "./logit-summary.ts";
import { inOrder } from "../../engine/ordered.ts";
import type { LogitWeights } from "../records.ts";
import type { Units } from "../units.ts";

/** Numbers in one array of weights, 16 MiB of them: a few such arrays are alive at once. */
const CHUNK_VALUES = 4 * 2 ** 20;

/** Units that are selected from before the calling thread may do something else. */
const UNITS_AT_ONCE = 16;

export interface LogitWeightOptions {
  /** Tokens at either end of the list; 10 unless given. */
  readonly k?: number;
  /** How often each token was seen [vocab]: those that were not are left out. All are kept unless given. */
  readonly seen?: ArrayLike<number>;
  readonly signal?: AbortSignal;
}

/** How the hook point's activations reach the logits linearly; null where a nonlinearity comes first. */
export function logitPath(config: ModelConfig, hook: string): LogitWeights["path"] | null {
  return linearPath(config, hook)?.kind ?? null;
}

/**
 * The logit weights of every unit, in order; nothing where `logitPath` is null. Each engine worker computes a chunk of units at a
 * time, and the calling thread selects from it.
 */
export async function* logitWeights(
  engine: Engine,
  model: CutModel,
  hook: string,
  units: Pick<Units, "count" | "dIn" | "direction">,
  { k = 10, seen, signal }: LogitWeightOptions = {},
): AsyncGenerator<LogitWeights> {
  const path = linearPath(model.config, hook);
  if (path === undefined) return;
  const tokens = tokensSeen(model.config.vocabSize, seen);
  if (tokens.length === 0) return;
  const rows = Math.min(units.count, Math.max(1, Math.floor(CHUNK_VALUES / tokens.length)));
  const program = await loadPath(engine, model, path, units.dIn, tokens, rows);
  const summary = new LogitSummary(tokens, k);
  const ahead = engine.workers + 1;
  const slots = Array.from({ length: ahead }, () => ({
    directions: sharedFloats(rows * units.dIn),
    weights: sharedFloats(rows * tokens.length),
  }));
  try {
    const chunks = inOrder(Math.ceil(units.count / rows), ahead, async (chunk, slot) => {
      const { directions, weights } = slots[slot]!;
      const first = chunk * rows;
      const count = Math.min(rows, units.count - first);
      for (let i = 0; i < count; i++) directions.set(units.direction(first + i), i * units.dIn);
      await program.run({ directions }, { weights });
      return { weights, count };
    });
    for await (const { weights, count } of chunks) {
      signal?.throwIfAborted();
      for (let i = 0; i < count; i++) {
        // A chunk takes tens of milliseconds: timers must fire and Ctrl-C be heard in between.
        if (i % UNITS_AT_ONCE === UNITS_AT_ONCE - 1) await setImmediate();
        yield {
          ...summary.of(weights.subarray(i * tokens.length, (i + 1) * tokens.length)),
          path: path.kind,
        };
      }
    }
  } finally {
    await program.release();
  }
}

/**
 * The logit weights of a few units in whole, median not shifted: [vocab] of each, in order; null where `logitPath` is. For measures over
 * all tokens: `logitWeights` keeps only the ends.
 */
export async function wholeLogitWeights(
  engine: Engine,
  model: CutModel,
  hook: string,
  directions: readonly Float32Array[],
): Promise<Float32Array[] | null> {
  const path = linearPath(model.config, hook);
  if (path === undefined) return null;
  const [dIn] = directions.map(({ length }) => length);
  if (dIn === undefined) return [];
  const { vocabSize } = model.config;
  const rows = Math.min(directions.length, Math.max(1, Math.floor(CHUNK_VALUES / vocabSize)));
  const program = await loadPath(engine, model, path, dIn, tokensSeen(vocabSize, undefined), rows);
  const found: Float32Array[] = [];
  try {
    for (let first = 0; first < directions.length; first += rows) {
      const fed = sharedFloats(rows * dIn);
      const here = directions.slice(first, first + rows);
      here.forEach((direction, i) => fed.set(direction, i * dIn));
      const { weights } = await program.run({ directions: fed });
      here.forEach((_, i) => found.push(weights!.slice(i * vocabSize, (i + 1) * vocabSize)));
    }
    return found;
  } finally {
    await program.release();
  }
}

function tokensSeen(vocabSize: number, seen: ArrayLike<number> | undefined): Uint32Array {
  if (seen !== undefined && seen.length !== vocabSize) {
    throw new Error(`${seen.length} counts for a vocabulary of ${vocabSize} tokens`);
  }
  const tokens = Uint32Array.from({ length: vocabSize }, (_, token) => token);
  return seen ? tokens.filter((token) => seen[token]! > 0) : tokens;
}

/** directions [rows, d_in] → weights [rows, tokens], not yet shifted. */
async function loadPath(
  engine: Engine,
  { config, weights }: CutModel,
  path: DirectPath,
  dIn: number,
  tokens: Uint32Array,
  rows: number,
): Promise<Program> {
  const { dModel, vocabSize } = config;
  const graph = new Graph("logit weights");
  const constants: Record<string, Float32Array> = {};
  const constant = (name: string, dims: readonly number[], data: Float32Array) => {
    constants[name] = shared(data);
    return graph.input(name, dims);
  };
  let stream = graph.input("directions", [rows, dIn]);
  if (path.weight !== undefined) {
    stream = gemm(stream, constant("W", [dIn, dModel], weightOf(weights, path.weight)));
  }
  const centred = sub(stream, reduceMean(stream, [1], true));
  const scaled = mul(centred, constant("gamma", [dModel], weightOf(weights, "ln_f.weight")));
  const unembedding = weightOf(weights, unembeddingName(config));
  const columns = tokens.length === vocabSize ? unembedding : takeRows(unembedding, tokens, dModel);
  graph.output("weights", gemm(scaled, constant("W_U", [tokens.length, dModel], columns), { transB: true }));
  return engine.load(graph, { constants });
}

function takeRows(matrix: Float32Array, rows: Uint32Array, width: number): Float32Array {
  const taken = sharedFloats(rows.length * width);
  rows.forEach((row, i) => taken.set(matrix.subarray(row * width, (row + 1) * width), i * width));
  return taken;
}

function weightOf(weights: CutModel["weights"], name: string): Float32Array {
  const data = weights[name];
  if (!data) throw new Error(`the model has no weight "${name}"`);
  return data;
}
