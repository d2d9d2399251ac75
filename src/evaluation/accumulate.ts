/**
 * Running sums of one SAE over the evaluation text: everything `evaluation.json` needs, in memory that does not grow with tokens
 * (a few numbers a document for the bootstrap, a few a feature for the densities).
 */

import type { ForwardResult } from "../sae/forward.ts";
import { L0Counts } from "./l0.ts";
import type { ResamplingUnits } from "./resampling-units.ts";

export class SaeSums {
  readonly dIn: number;
  readonly context: number;
  readonly units: ResamplingUnits;
  // Per document, for the bootstrap.
  readonly loss: Float64Array;
  readonly kl: Float64Array;
  readonly squaredError: Float64Array;
  readonly l0: Float64Array;
  // Whole set.
  squaredErrorFirst = 0;
  l1 = 0;
  cosine = 0;
  dot = 0;
  reconstructionNorm = 0;
  // Per feature.
  readonly firings: Float64Array;
  readonly activation: Float64Array;
  readonly maximum: Float32Array;
  readonly l0Counts: L0Counts;

  constructor(dIn: number, dSae: number, units: ResamplingUnits, context: number) {
    this.dIn = dIn;
    this.context = context;
    this.units = units;
    this.loss = new Float64Array(units.count);
    this.kl = new Float64Array(units.count);
    this.squaredError = new Float64Array(units.count);
    this.l0 = new Float64Array(units.count);
    this.firings = new Float64Array(dSae);
    this.activation = new Float64Array(dSae);
    this.maximum = new Float32Array(dSae);
    this.l0Counts = new L0Counts(dSae);
  }

  /** Takes in `count` sequences starting with sequence `first`; `x` and `out` may hold more rows, which are ignored. */
  addForward(first: number, count: number, x: Float32Array, out: ForwardResult): void {
    for (let row = 0; row < count * this.context; row++) {
      const unit = this.units.of[first * this.context + row]!;
      this.#addError(unit, row, x, out.reconstruction);
      this.#addFeatures(unit, row, out);
    }
  }

  /** Adds loss and KL [·, context − 1] of `count` sequences. */
  addLoss(first: number, count: number, loss: Float32Array, kl: Float32Array): void {
    addPredictions(this.loss, this.units, first, count, loss, this.context);
    addPredictions(this.kl, this.units, first, count, kl, this.context);
  }

  #addError(unit: number, row: number, x: Float32Array, reconstruction: Float32Array): void {
    let error = 0;
    let dot = 0;
    let norm = 0;
    let normHat = 0;
    for (let d = 0, at = row * this.dIn; d < this.dIn; d++, at++) {
      const value = x[at]!;
      const hat = reconstruction[at]!;
      error += (value - hat) * (value - hat);
      dot += value * hat;
      norm += value * value;
      normHat += hat * hat;
    }
    this.squaredError[unit]! += error;
    if (row % this.context === 0) this.squaredErrorFirst += error;
    this.dot += dot;
    this.reconstructionNorm += normHat;
    if (norm > 0 && normHat > 0) this.cosine += dot / Math.sqrt(norm * normHat);
  }

  #addFeatures(unit: number, row: number, { rowOffsets, indices, values }: ForwardResult): void {
    let active = 0;
    for (let entry = rowOffsets[row]!; entry < rowOffsets[row + 1]!; entry++) {
      const value = values[entry]!;
      // An entry kept by the kernel with value 0 is not a firing.
      if (!(value > 0)) continue;
      const feature = indices[entry]!;
      active++;
      this.l1 += value;
      this.firings[feature]!++;
      this.activation[feature]! += value;
      if (value > this.maximum[feature]!) this.maximum[feature] = value;
    }
    this.l0[unit]! += active;
    this.l0Counts.add(active);
  }
}

/** Adds `values` [count, context − 1], made at all tokens but the last of `count` contexts, to the sums of those tokens' units. */
export function addPredictions(
  sums: Float64Array,
  { of }: ResamplingUnits,
  first: number,
  count: number,
  values: Float32Array,
  context: number,
): void {
  const width = context - 1;
  for (let s = 0; s < count; s++) {
    const at = (first + s) * context;
    for (let t = 0; t < width; t++) sums[of[at + t]!]! += values[s * width + t]!;
  }
}
