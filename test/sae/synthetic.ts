/**
 * Activations whose features are known: sparse non-negative combinations of fixed unit directions, as the superposition
 * hypothesis says a network's activations are.
 */

import { sharedFloats } from "../../src/engine/tensor.ts";
import { Random } from "../../src/random.ts";

export interface Synthetic {
  readonly d: number;
  /** Ground truth: unit rows [features, d]. */
  readonly directions: Float32Array;
  /** Rows [n, d]. The same index gives the same rows. */
  batch(index: number, n: number): Float32Array;
}

export interface SyntheticOptions {
  readonly d: number;
  readonly features: number;
  /** Which features are present in a row, and how strongly. */
  readonly sample: (random: Random, features: number) => Map<number, number>;
  /** Added to every row: a bias that is no feature. */
  readonly offset?: number;
  readonly noise?: number;
  /** Dimensions in which a direction is not zero; all of them unless given. */
  readonly support?: number;
  readonly seed?: number;
}

export function synthetic({
  d,
  features,
  sample,
  offset = 0,
  noise = 0,
  support = d,
  seed = 1,
}: SyntheticOptions): Synthetic {
  const random = Random.of(seed, "directions");
  const directions = new Float32Array(features * d);
  const centre = Float32Array.from({ length: d }, () => offset * random.normal());
  for (let i = 0; i < features; i++) {
    const row = directions.subarray(i * d, (i + 1) * d);
    for (const k of random.permutation(d).subarray(0, support)) row[k] = random.normal();
    const norm = Math.hypot(...row);
    for (let k = 0; k < d; k++) row[k]! /= norm;
  }
  return {
    d,
    directions,
    batch(index, n) {
      const draw = Random.of(seed, `batch ${index}`);
      const x = sharedFloats(n * d);
      for (let row = 0; row < n; row++) {
        const out = x.subarray(row * d, (row + 1) * d);
        for (let k = 0; k < d; k++) out[k] = centre[k]! + (noise > 0 ? noise * draw.normal() : 0);
        for (const [i, strength] of sample(draw, features)) {
          for (let k = 0; k < d; k++) out[k]! += strength * directions[i * d + k]!;
        }
      }
      return x;
    },
  };
}

/** Each feature present with probability `density`, independently, uniformly strong in [0.5, 1.5). */
export const independent =
  (density: number) =>
  (random: Random, features: number): Map<number, number> => {
    const present = new Map<number, number>();
    for (let i = 0; i < features; i++) if (random.uniform() < density) present.set(i, 0.5 + random.uniform());
    return present;
  };

/** Features come in pairs that share their presence more often than not. */
export const correlated =
  (density: number, together: number) =>
  (random: Random, features: number): Map<number, number> => {
    const present = new Map<number, number>();
    for (let i = 0; i + 1 < features; i += 2) {
      if (random.uniform() >= 2 * density) continue;
      const both = random.uniform() < together;
      const first = random.uniform() < 0.5;
      if (both || first) present.set(i, 0.5 + random.uniform());
      if (both || !first) present.set(i + 1, 0.5 + random.uniform());
    }
    return present;
  };

/** Groups of one parent and `children` children: a child is only there with its parent, which is often there alone. */
export const hierarchical =
  (density: number, children: number) =>
  (random: Random, features: number): Map<number, number> => {
    const present = new Map<number, number>();
    for (let parent = 0; parent + children < features; parent += children + 1) {
      if (random.uniform() >= density) continue;
      present.set(parent, 0.5 + random.uniform());
      if (random.uniform() < 0.5) present.set(parent + 1 + random.integer(children), 0.5 + random.uniform());
    }
    return present;
  };

/** Mean over true directions of the largest cosine with any decoder row. */
export function meanMaxCosine(directions: Float32Array, decoder: Float32Array, d: number): number {
  const cosines: number[] = [];
  for (let i = 0; i < directions.length; i += d) {
    let best = -1;
    for (let j = 0; j < decoder.length; j += d) {
      let [dot, norm] = [0, 0];
      for (let k = 0; k < d; k++) {
        dot += directions[i + k]! * decoder[j + k]!;
        norm += decoder[j + k]! ** 2;
      }
      best = Math.max(best, dot / Math.sqrt(norm || 1));
    }
    cosines.push(best);
  }
  return cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
}
