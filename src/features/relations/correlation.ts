/**
 * Pearson correlation of the activations of units over the tokens of a sample, zeros included:
 *
 *     r_ij = (E[f_i f_j] − E[f_i] E[f_j]) / (s_i s_j)
 *
 * E[f_i f_j] is a sum over the tokens at which both are active: for each entry of unit i's column the rest of that token's row. Two
 * units that are never active together have r ≤ 0. Only positive correlations are listed, so the lists are exact on the sample.
 */

import type { SparseActivations } from "../../sae/forward.ts";
import { BestNeighbours, type NeighbourTable } from "./best-neighbours.ts";
import { columnsOf } from "./unit-columns.ts";

export interface UnitRows extends SparseActivations {
  readonly units: number;
}

/** A share of E[f²] below which the variance is rounding. */
const NO_VARIANCE = 1e-12;

/** The k units of the same set that correlate most with each, itself left out. */
export function correlatedUnits(rows: UnitRows, k: number): NeighbourTable {
  const best = new BestNeighbours(rows.units, k, 0);
  eachProduct(rows, rows, true, (i, correlations) => {
    const { floor } = best;
    for (let j = i + 1; j < rows.units; j++) {
      const r = correlations[j]!;
      if (r > floor[i]!) best.insert(i, j, r);
      if (r > floor[j]!) best.insert(j, i, r);
    }
  });
  return best.table;
}

/** The k units of `others` that correlate most with each unit of `rows`. Both have the same tokens. */
export function correlatedOthers(rows: UnitRows, others: UnitRows, k: number): NeighbourTable {
  if (rows.rowOffsets.length !== others.rowOffsets.length) {
    throw new Error(`${rows.rowOffsets.length - 1} and ${others.rowOffsets.length - 1} rows`);
  }
  const best = new BestNeighbours(rows.units, k, 0);
  eachProduct(rows, others, false, (i, correlations) => {
    for (let j = 0; j < others.units; j++) {
      const r = correlations[j]!;
      if (r > best.floor[i]!) best.insert(i, j, r);
    }
  });
  return best.table;
}

/**
 * Correlations of one unit of `a` after the other with those of `b`, as float32, 0 where two were never active together.
 * @param above only units with a higher number than i are wanted, and a is b
 */
function eachProduct(
  a: UnitRows,
  b: UnitRows,
  above: boolean,
  visit: (unit: number, correlations: Float32Array) => void,
): void {
  const tokens = a.rowOffsets.length - 1;
  const { columnOffsets, entries, rows } = columnsOf(a, a.units);
  const [statsA, statsB] = [statistics(a), statistics(b)];
  const products = new Float64Array(b.units);
  const correlations = new Float32Array(b.units);
  for (let i = 0; i < a.units; i++) {
    if (statsA.deviation[i] === 0) continue;
    for (let at = columnOffsets[i]!; at < columnOffsets[i + 1]!; at++) {
      const entry = entries[at]!;
      const row = rows[at]!;
      const value = a.values[entry]!;
      const end = b.rowOffsets[row + 1]!;
      for (let e = above ? entry + 1 : b.rowOffsets[row]!; e < end; e++) {
        products[b.indices[e]!]! += value * b.values[e]!;
      }
    }
    for (let j = above ? i + 1 : 0; j < b.units; j++) {
      const product = products[j]!;
      const deviation = statsA.deviation[i]! * statsB.deviation[j]!;
      if (product === 0 || deviation === 0) {
        correlations[j] = 0;
        products[j] = 0;
        continue;
      }
      const covariance = product / tokens - statsA.mean[i]! * statsB.mean[j]!;
      correlations[j] = Math.min(1, covariance / deviation);
      products[j] = 0;
    }
    visit(i, correlations);
  }
}

/** Mean and standard deviation of each unit; a deviation of 0 where there is none to speak of. */
function statistics({ rowOffsets, indices, values, units }: UnitRows) {
  const tokens = rowOffsets.length - 1;
  const mean = new Float64Array(units);
  const deviation = new Float64Array(units);
  for (let e = 0; e < indices.length; e++) {
    mean[indices[e]!]! += values[e]!;
    deviation[indices[e]!]! += values[e]! ** 2;
  }
  for (let i = 0; i < units; i++) {
    mean[i]! /= tokens;
    const squares = deviation[i]! / tokens;
    const variance = squares - mean[i]! ** 2;
    deviation[i] = variance > NO_VARIANCE * squares ? Math.sqrt(variance) : 0;
  }
  return { mean, deviation };
}
