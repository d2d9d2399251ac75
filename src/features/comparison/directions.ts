/**
 * Two dictionaries that read the same activations compared by their weights:
 *
 *   MMCS       mean over the features of one of the largest cosine of its decoder direction with any of the other's   (Cunningham et al. 2023)
 *   twin       the same feature of the other is nearest by decoder and by encoder, each with a cosine above 0.7
 *
 * Paulo and Belrose (2025) pair features one to one; here several may have one twin, so the share is theirs or higher.
 * Cosines come in tiles from the engine, and of each tile only the largest of a row and of a column are kept.
 */

import type { Engine, Program } from "../../engine/engine.ts";
import { Graph } from "../../engine/graph.ts";
import { gemm } from "../../engine/operations/matmul.ts";
import { sharedFloats } from "../../engine/tensor.ts";
import type { Sae } from "../../sae/dictionary.ts";
import { inOrder } from "../../engine/ordered.ts";
import { type Best, NO_MATCH } from "./pairs.ts";

export const TWIN_COSINE = 0.7;

/** The nearest of the other dictionary, whatever the sign of its cosine; NO_MATCH for a feature without a direction. */
export interface NearestDirections {
  readonly decoder: { readonly a: Best; readonly b: Best };
  readonly encoder: { readonly a: Best; readonly b: Best };
}

type Weights = Pick<Sae, "d_in" | "d_sae" | "W_enc" | "W_dec">;

export interface DirectionOptions {
  /** Rows of a tile. Results do not depend on it. */
  readonly tile?: number;
  readonly signal?: AbortSignal | undefined;
}

export async function nearestDirections(
  engine: Engine,
  a: Weights,
  b: Weights,
  { tile = 1024, signal }: DirectionOptions = {},
): Promise<NearestDirections> {
  const graph = new Graph("cosines");
  const rows = Math.min(tile, Math.max(a.d_sae, b.d_sae));
  const [left, right] = ["a", "b"].map((name) => graph.input(name, [rows, a.d_in]));
  graph.output("cosines", gemm(left!, right!, { transB: true }));
  const program = await engine.load(graph);
  try {
    const nearest = (matrix: "W_dec" | "W_enc") =>
      nearestRows(program, {
        a: a[matrix],
        b: b[matrix],
        dIn: a.d_in,
        rows,
        workers: engine.workers,
        signal,
      });
    return { decoder: await nearest("W_dec"), encoder: await nearest("W_enc") };
  } finally {
    await program.release();
  }
}

/** The mean of the largest cosines over `units`, those without a direction left out; null of none. */
export function meanMaxCosine({ index, value }: Best, units: Iterable<number>): number | null {
  let [sum, count] = [0, 0];
  for (const unit of units) {
    if (index[unit] === NO_MATCH) continue;
    sum += value[unit]!;
    count++;
  }
  return count === 0 ? null : sum / count;
}

/** Whether a feature of side `side` has a twin. */
export function hasTwin({ decoder, encoder }: NearestDirections, side: "a" | "b", unit: number): boolean {
  const [byDecoder, byEncoder] = [decoder[side], encoder[side]];
  return (
    byDecoder.index[unit] !== NO_MATCH &&
    byDecoder.index[unit] === byEncoder.index[unit] &&
    byDecoder.value[unit]! > TWIN_COSINE &&
    byEncoder.value[unit]! > TWIN_COSINE
  );
}

interface Work {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly dIn: number;
  readonly rows: number;
  readonly workers: number;
  readonly signal: AbortSignal | undefined;
}

async function nearestRows(program: Program, { a, b, dIn, rows, workers, signal }: Work) {
  const [unitsA, unitsB] = [a.length / dIn, b.length / dIn];
  const [normsA, normsB] = [inverseNorms(a, dIn), inverseNorms(b, dIn)];
  const best = { a: none(unitsA), b: none(unitsB) };
  const pairs = Array.from({ length: Math.ceil(unitsA / rows) }, (_, row) =>
    Array.from({ length: Math.ceil(unitsB / rows) }, (_, column) => ({ row, column })),
  ).flat();
  const ahead = workers + 1;
  const slots = Array.from({ length: ahead }, () => ({
    a: sharedFloats(rows * dIn),
    b: sharedFloats(rows * dIn),
    cosines: sharedFloats(rows * rows),
  }));
  const done = inOrder(pairs.length, ahead, async (n, slot) => {
    const { row, column } = pairs[n]!;
    const place = slots[slot]!;
    fill(a, normsA, dIn, row * rows, place.a);
    fill(b, normsB, dIn, column * rows, place.b);
    const { cosines } = await program.run({ a: place.a, b: place.b }, { cosines: place.cosines });
    return { row, column, cosines: cosines! };
  });
  for await (const { row, column, cosines } of done) {
    signal?.throwIfAborted();
    const [firstA, firstB] = [row * rows, column * rows];
    for (let i = firstA; i < Math.min(firstA + rows, unitsA); i++) {
      if (normsA[i] === 0) continue;
      for (let j = firstB; j < Math.min(firstB + rows, unitsB); j++) {
        if (normsB[j] === 0) continue;
        const cosine = Math.min(1, cosines[(i - firstA) * rows + j - firstB]!);
        keep(best.a, i, j, cosine);
        keep(best.b, j, i, cosine);
      }
    }
  }
  return best;
}

/** Of equal cosines that with the lowest partner stands: partners come in ascending order. */
function keep({ index, value }: Best, unit: number, partner: number, cosine: number): void {
  if (index[unit] !== NO_MATCH && cosine <= value[unit]!) return;
  index[unit] = partner;
  value[unit] = cosine;
}

/** Rows `first` … of `W` with norm 1, zeros behind the last. */
function fill(W: Float32Array, inverse: Float64Array, dIn: number, first: number, into: Float32Array): void {
  into.fill(0);
  const count = Math.min(into.length / dIn, inverse.length - first);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < dIn; k++) into[i * dIn + k] = W[(first + i) * dIn + k]! * inverse[first + i]!;
  }
}

function inverseNorms(W: Float32Array, dIn: number): Float64Array {
  return Float64Array.from({ length: W.length / dIn }, (_, row) => {
    let squared = 0;
    for (let k = row * dIn; k < (row + 1) * dIn; k++) squared += W[k]! * W[k]!;
    return squared > 0 ? 1 / Math.sqrt(squared) : 0;
  });
}

function none(units: number): Best {
  return { index: new Int32Array(units).fill(NO_MATCH), value: new Float32Array(units) };
}
