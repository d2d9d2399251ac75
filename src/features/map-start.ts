/**
 * Where UMAP begins. The optimisation moves points a short way each, so the large shape of a map is that of its start: from
 * random places, groups that belong together are torn apart and stay so (Kobak & Linderman 2021).
 *
 * The reference implementation takes eigenvectors of the neighbour graph's Laplacian. Here two random fields are smoothed over the graph by a
 * lazy random walk, kept orthogonal, which approaches the same eigenvectors:
 *
 *     y ← ½ (y + D⁻¹ A y) − mean,   A_ij = 1 where i is among j's neighbours or j among i's
 *
 * A graph in several parts has constant vectors on each, which would put every part on one spot; the walk ends before, and each
 * coordinate is then replaced by its rank, spread evenly over the square.
 */

import type { Random } from "../random.ts";

const STEPS = 200;
/** umap-js begins with places in [−10, 10]². */
const HALF_WIDTH = 10;

/** Overwrites `places` [n][2]. `neighbours` of each point may hold the point itself. */
export function mapStart(
  places: number[][],
  neighbours: readonly (readonly number[])[],
  random: Random,
): void {
  const { offsets, partners } = undirected(neighbours);
  const n = neighbours.length;
  const fields = [0, 1].map(() => Float64Array.from({ length: n }, () => random.normal()));
  const degrees = Float64Array.from({ length: n }, (_, i) => offsets[i + 1]! - offsets[i]!);
  const smoothed = new Float64Array(n);
  for (let step = 0; step < STEPS; step++) {
    fields.forEach((field, which) => {
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let e = offsets[i]!; e < offsets[i + 1]!; e++) sum += field[partners[e]!]!;
        smoothed[i] = (field[i]! + (degrees[i]! > 0 ? sum / degrees[i]! : field[i]!)) / 2;
      }
      field.set(smoothed);
      // Orthogonal under the walk's stationary weights, those of which its eigenvectors are.
      remove(field, undefined, degrees);
      if (which === 1) remove(field, fields[0]!, degrees);
      normalise(field, degrees);
    });
  }
  fields.forEach((field, axis) => {
    const order = Uint32Array.from(field.keys()).sort((a, b) => field[a]! - field[b]! || a - b);
    order.forEach((point, rank) => {
      places[point]![axis] = HALF_WIDTH * ((2 * rank + 1) / n - 1);
    });
  });
}

/** Takes out of `field` its part along `other`, or along the constant vector. */
function remove(field: Float64Array, other: Float64Array | undefined, weights: Float64Array): void {
  let product = 0;
  let square = 0;
  for (let i = 0; i < field.length; i++) {
    const along = other ? other[i]! : 1;
    product += weights[i]! * field[i]! * along;
    square += weights[i]! * along * along;
  }
  const share = square > 0 ? product / square : 0;
  for (let i = 0; i < field.length; i++) field[i]! -= share * (other ? other[i]! : 1);
}

function normalise(field: Float64Array, weights: Float64Array): void {
  let square = 0;
  for (let i = 0; i < field.length; i++) square += weights[i]! * field[i]! ** 2;
  const scale = square > 0 ? 1 / Math.sqrt(square) : 1;
  for (let i = 0; i < field.length; i++) field[i]! *= scale;
}

/** Both directions of every neighbourhood, as lists one after the other. A mutual pair counts twice. */
function undirected(neighbours: readonly (readonly number[])[]) {
  const offsets = new Uint32Array(neighbours.length + 1);
  const each = (visit: (i: number, j: number) => void) => {
    neighbours.forEach((row, i) => {
      for (const j of row) if (j !== i) visit(i, j);
    });
  };
  each((i, j) => {
    offsets[i + 1]!++;
    offsets[j + 1]!++;
  });
  for (let i = 0; i < neighbours.length; i++) offsets[i + 1]! += offsets[i]!;
  const next = offsets.slice(0, neighbours.length);
  const partners = new Uint32Array(offsets[neighbours.length]!);
  each((i, j) => {
    partners[next[i]!++] = j;
    partners[next[j]!++] = i;
  });
  return { offsets, partners };
}
