/** What one wants to know first of a dictionary, on one line. */

import type { EvaluationResult } from "../evaluation/result.ts";

export function scoreLine(name: string, e: EvaluationResult): string {
  const percent = (share: number | null) => (share === null ? "undefined" : `${(100 * share).toFixed(1)} %`);
  return (
    `${name}: loss recovered ${percent(e.loss_recovered_zero)} (zero ablation), L0 ${e.l0.toFixed(1)}, ` +
    `explained variance ${percent(e.explained_variance)}, dead ${percent(e.dead_fraction)} of ${e.d_sae} on ${e.tokens} tokens`
  );
}
