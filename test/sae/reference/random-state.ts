/** Small random problems for the reference: a state with every parameter an objective has, rows, and options. */

import { Random } from "../../../src/random.ts";
import type { ObjectiveName } from "../../../src/sae/objectives.ts";
import {
  type ReferenceOptions,
  type ReferenceState,
  referenceState,
} from "../../../src/sae/reference/state.ts";

export const [d, m, B] = [5, 9, 7] as const;

export function randomState(objective: ObjectiveName, seed: number): ReferenceState {
  const random = Random.of(seed);
  const normals = (length: number, scale = 1) => Float64Array.from({ length }, () => scale * random.normal());
  return referenceState(d, m, {
    W_enc: normals(m * d),
    W_dec: normals(m * d),
    b_dec: normals(d),
    ...(objective === "gated"
      ? { b_gate: normals(m), r_mag: normals(m, 0.3), b_mag: normals(m) }
      : { b_enc: normals(m) }),
    ...(objective === "jumprelu" && { threshold: normals(m).map((value) => 0.2 + Math.abs(value)) }),
  });
}

export function randomRows(seed: number, rows: number = B): Float64Array {
  const random = Random.of(seed);
  return Float64Array.from({ length: rows * d }, () => random.normal());
}

/** Options under which every term of the objective counts. */
export function optionsOf(
  objective: ObjectiveName,
  change: Partial<ReferenceOptions> = {},
): ReferenceOptions {
  return {
    objective,
    Lambda: 0.7,
    lr: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    centred: true,
    renormalise: "after-step",
    k: 3,
    kAux: 2,
    auxCoefficient: 0.6,
    dead: Uint8Array.of(0, 1, 1, 0, 0, 1, 1, 0, 0),
    groups: [2, 5, m],
    targetL0: 2,
    sparsityPenalty: 0.8,
    bandwidth: 0.5,
    ...change,
  };
}
