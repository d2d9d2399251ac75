/**
 * What a step needs to know of its objective: which kernel branch, how many reconstructions a row has, which parameters
 * there are beside the four that all have. Everything else about an objective is an equation (see reference/).
 */

import { type ObjectiveName, rankedBy } from "./objectives.ts";
import type { SaeOptions } from "./options.ts";
import { KERNEL } from "./plan.ts";

export interface StepKind {
  readonly objective: ObjectiveName;
  /** The kernels' name for it (assembly/plan.ts). */
  readonly kernel: number;
  /** Ends of the prefixes that reconstruct on their own: matryoshka has several, all others the whole dictionary. */
  readonly groups: readonly number[];
  /** Dead features make a reconstruction of the error. */
  readonly revive: boolean;
  /** Residuals of a row: one for each prefix, and one for revived features or gates. */
  readonly slots: number;
  /** Parameters over features beside b_enc, under their names in a saved dictionary; `b_enc` is b_gate for gated. */
  readonly gain?: "threshold" | "r_mag";
  readonly b_mag: boolean;
  /** Decoder rows are of norm 1; otherwise their norm weighs the L1 term. */
  readonly unitNorm: boolean;
  /** See `rankedBy`. */
  readonly ranked?: "row" | "batch";
  readonly k: number;
  readonly kAux: number;
  /** The L1 term's coefficient is Λ. */
  readonly l1: boolean;
}

export function stepKind(options: SaeOptions, d_sae: number): StepKind {
  const { objective } = options;
  const ranked = rankedBy(objective);
  const groups = objective === "matryoshka" ? prefixes(options.groups, d_sae) : [d_sae];
  const revive = ranked !== undefined && options.aux_coefficient > 0 && options.k_aux > 0;
  const gain = objective === "jumprelu" ? "threshold" : objective === "gated" ? "r_mag" : undefined;
  return {
    objective,
    kernel: KERNEL[objective],
    groups,
    revive,
    slots: groups.length + (revive || objective === "gated" ? 1 : 0),
    ...(gain && { gain }),
    b_mag: objective === "gated",
    unitNorm: objective !== "april-2024",
    ...(ranked && { ranked }),
    k: ranked ? Math.min(options.k, d_sae) : 0,
    kAux: revive ? Math.min(options.k_aux, d_sae) : 0,
    l1: ranked === undefined && objective !== "jumprelu",
  };
}

/** Widths of the prefixes from their shares of the dictionary, ascending, the last one all of it. */
export function prefixes(shares: readonly number[], d_sae: number): number[] {
  const ends = shares.map((share) => Math.min(d_sae, Math.max(1, Math.round(share * d_sae))));
  return [...new Set([...ends, d_sae])].sort((a, b) => a - b);
}
