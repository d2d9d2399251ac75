/**
 * Nearest units by direction: the k largest cosines cos(d_i, d_j), j ≠ i, for every unit.
 *
 * Every pair is multiplied once, in square tiles: 24,576 directions of 3,072 numbers are 1.9 TFLOP, and of their 302 million cosines
 * only k a unit are kept. Memory is a few tiles, whatever the number of units.
 */

import type { Engine } from "../../engine/engine.ts";
import { Graph } from "../../engine/graph.ts";
import { gemm } from "../../engine/operations/matmul.ts";
import { sharedFloats } from "../../engine/tensor.ts";
import { BestNeighbours, type NeighbourTable } from "./best-neighbours.ts";
import { inOrder } from "../../engine/ordered.ts";
import type { Units } from "../units.ts";

export interface DecoderNeighbourOptions {
  readonly k: number;
  /** Units that are neighbours and have neighbours, ascending; all unless given. Those without a direction never are. */
  readonly among?: ArrayLike<number>;
  /** Rows of a tile. Results do not depend on it. */
  readonly tile?: number;
  readonly signal?: AbortSignal;
}

export async function decoderNeighbours(
  engine: Engine,
  units: Pick<Units, "count" | "dIn" | "direction">,
  { k, among, tile = 1024, signal }: DecoderNeighbourOptions,
): Promise<NeighbourTable> {
  const { dIn } = units;
  const best = new BestNeighbours(units.count, k);
  const candidates = among ? Uint32Array.from(among) : Uint32Array.from({ length: units.count }, (_, i) => i);
  const scales = inverseNorms(units, candidates);
  const members = candidates.filter((_, i) => scales[i]! > 0);
  const inverse = scales.filter((scale) => scale > 0);
  const size = Math.min(tile, members.length);
  if (size === 0) return best.table;
  const tiles = Math.ceil(members.length / size);
  const graph = new Graph("cosines");
  const [a, b] = ["a", "b"].map((name) => graph.input(name, [size, dIn]));
  graph.output("products", gemm(a!, b!, { transB: true }));
  const program = await engine.load(graph);

  const fill = (number: number, into: Float32Array) => {
    const first = number * size;
    const count = Math.min(size, members.length - first);
    for (let i = 0; i < count; i++) into.set(units.direction(members[first + i]!), i * dIn);
    return into;
  };
  const pairs = pairsOf(tiles);
  const ahead = engine.workers + 1;
  const slots = Array.from({ length: ahead }, () => ({
    b: sharedFloats(size * dIn),
    products: sharedFloats(size * size),
  }));
  let left = { number: -1, rows: sharedFloats(0) };
  try {
    const done = inOrder(pairs.length, ahead, async (n, slot) => {
      const { row, column } = pairs[n]!;
      // Products with the tile before may still be under way, so each gets an array of its own.
      if (left.number !== row) left = { number: row, rows: sharedFloats(size * dIn) };
      if (row === column) fill(row, left.rows);
      const { b, products } = slots[slot]!;
      await program.run({ a: left.rows, b: row === column ? left.rows : fill(column, b) }, { products });
      return { row, column, products };
    });
    for await (const { row, column, products } of done) {
      signal?.throwIfAborted();
      select(best, products, { size, members, inverse, row, column });
    }
  } finally {
    await program.release();
  }
  return best.table;
}

/** Tiles on and above the diagonal, row by row: the partners of every unit then come in ascending order. */
function pairsOf(tiles: number): { row: number; column: number }[] {
  const rows = Array.from({ length: tiles }, (_, row) => row);
  return rows.flatMap((row) => rows.slice(row).map((column) => ({ row, column })));
}

function select(
  best: BestNeighbours,
  products: Float32Array,
  tile: { size: number; members: Uint32Array; inverse: Float64Array; row: number; column: number },
): void {
  const { size, members, inverse, row, column } = tile;
  const { floor } = best;
  const rowEnd = Math.min((row + 1) * size, members.length);
  const columnStart = column * size;
  const columnEnd = Math.min(columnStart + size, members.length);
  for (let p = row * size; p < rowEnd; p++) {
    const i = members[p]!;
    const scale = inverse[p]!;
    const line = (p - row * size) * size - columnStart;
    for (let q = row === column ? p + 1 : columnStart; q < columnEnd; q++) {
      const cosine = Math.fround(products[line + q]! * scale * inverse[q]!);
      const j = members[q]!;
      if (cosine > floor[i]!) best.insert(i, j, Math.min(1, cosine));
      if (cosine > floor[j]!) best.insert(j, i, Math.min(1, cosine));
    }
  }
}

/** 1/‖d_i‖ of each member, 0 for a unit without a direction. */
function inverseNorms(units: Pick<Units, "direction">, members: Uint32Array): Float64Array {
  return Float64Array.from(members, (unit) => {
    let squared = 0;
    for (const value of units.direction(unit)) squared += value * value;
    return squared > 0 ? 1 / Math.sqrt(squared) : 0;
  });
}
