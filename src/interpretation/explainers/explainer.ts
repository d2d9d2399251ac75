/** What explains a unit: in words for people, and in whatever form its own predictions need. */

import type { UnitEvidence } from "../evidence/passage.ts";
import type { Answerer } from "../protocols/task.ts";

/** Explainers that need no language model. */
export const OFFLINE_EXPLAINERS = ["token-lookup", "previous-token", "n2g", "rule", "next-token"] as const;
export type OfflineExplainerName = (typeof OFFLINE_EXPLAINERS)[number];

export interface Explanation {
  /** One sentence. */
  readonly text: string;
  /** The explainer's name; for a language model, its name. */
  readonly author: string;
  readonly answerer: Answerer;
  /** Whatever belongs to it: the rule, patterns, prompts' hashes. JSON. */
  readonly details: unknown;
}

/** f of a unit at the last token of each sequence, by the model itself. Sequences are what the model reads behind a separator. */
export type Probe = (
  requests: readonly { readonly unit: number; readonly ids: readonly number[] }[],
) => Promise<Float64Array>;

/** An explainer of many units at once: `explain[i]` is of `units[i]`; null where it has nothing to say. */
export interface OfflineExplainer {
  readonly name: OfflineExplainerName;
  explain(
    units: readonly { readonly unit: number; readonly evidence: UnitEvidence }[],
    context: { readonly probe: Probe | null; readonly signal?: AbortSignal | undefined },
  ): Promise<(Explanation | null)[]>;
}
