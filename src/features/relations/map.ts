/**
 * The map of a dictionary: UMAP (McInnes et al. 2018) of its directions in two dimensions, by cosine distance, with the settings of
 * Bricken et al. 2023 (15 neighbours, minimal distance 0.05; 0.01 where dictionaries of three sizes are on one map).
 *
 * Neighbours are not searched for again: `decoderNeighbours` has the exact ones. As in the reference implementation a point counts as
 * the first of its own 15 neighbours. The optimisation is sequential and its random numbers come from the seed, so the same
 * directions give the same bits. It begins at random places: a start smoothed over the neighbour graph, as the reference
 * implementation's is, kept no more neighbours or distances on trained and on synthetic directions.
 */

import { UMAP } from "umap-js";
import { Random } from "../../random.ts";
import type { NeighbourTable } from "./best-neighbours.ts";

/** Neighbours of a point, itself included. */
export const MAP_NEIGHBOURS = 15;
export const MAP_MIN_DISTANCE = 0.05;

/** Two directions that are the same to the last bit still need a distance: 0 marks the point itself. */
const LEAST_DISTANCE = 1e-6;

export interface MapOptions {
  readonly seed: number;
  readonly minDistance?: number;
  readonly onProgress?: (done: { readonly epoch: number; readonly epochs: number }) => void;
}

export interface DirectionMap {
  /** Units that are on the map, ascending. */
  readonly units: Uint32Array;
  /** x and y of each [units, 2]. */
  readonly places: Float32Array;
  /** Passes of the optimisation; 0 when there were too few units for one. */
  readonly epochs: number;
}

/**
 * Places every unit that has neighbours in the table.
 * @param table of `decoderNeighbours` among the units that are wanted, with k ≥ 14; only the first 14 are used
 */
export function mapOfDirections(
  table: NeighbourTable,
  { seed, minDistance = MAP_MIN_DISTANCE, onProgress }: MapOptions,
): DirectionMap {
  const units = Uint32Array.from(table.counts.keys()).filter((unit) => table.counts[unit]! > 0);
  const size = Math.min(MAP_NEIGHBOURS, units.length - 1);
  if (table.k < Math.min(MAP_NEIGHBOURS, units.length) - 1) {
    throw new Error(`${table.k} neighbours of each unit, ${MAP_NEIGHBOURS - 1} are needed`);
  }
  const random = Random.of(seed, "map");
  if (size < 3) return { units, places: aLine(units.length), epochs: 0 };
  const { indices, distances } = neighbourhoods(table, units, size);
  const umap = new UMAP({ nNeighbors: size, minDist: minDistance, random: () => random.uniform() });
  umap.setPrecomputedKNN(indices, distances);
  // It looks at no coordinates when neighbours are given, only at how many points there are.
  const epochs = umap.initializeFit(indices);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    umap.step();
    onProgress?.({ epoch, epochs });
  }
  return { units, places: Float32Array.from(umap.getEmbedding().flat()), epochs };
}

/** Each point's neighbours by place in `units`, itself first, and their distances 1 − cos. */
function neighbourhoods(
  { k, indices, values }: NeighbourTable,
  units: Uint32Array,
  size: number,
): { indices: number[][]; distances: number[][] } {
  const place = new Map(Array.from(units, (unit, i) => [unit, i]));
  const rows = Array.from(units, (unit, i) => {
    const others = Array.from({ length: size - 1 }, (_, n) => unit * k + n);
    return {
      indices: [i, ...others.map((at) => place.get(indices[at]!)!)],
      distances: [0, ...others.map((at) => Math.max(LEAST_DISTANCE, 1 - values[at]!))],
    };
  });
  return { indices: rows.map((row) => row.indices), distances: rows.map((row) => row.distances) };
}

function aLine(length: number): Float32Array {
  return Float32Array.from({ length: 2 * length }, (_, i) => (i % 2 === 0 ? i / 2 : 0));
}
