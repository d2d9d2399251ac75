/** An explainer that looks at one unit after the other. */

import type { Explanation, OfflineExplainer, OfflineExplainerName } from "./explainer.ts";
import { type ExplainSide, explainSide, onSide, type UnitOnSide } from "./explain-side.ts";
import type { Predictor } from "./predictor.ts";
import { ruleAnswerer } from "./rule-answerer.ts";
import type { UnitEvidence } from "../evidence/passage.ts";

/** What an explainer finds out about one unit. */
export interface Found {
  readonly text: string;
  readonly predictor: Predictor;
  readonly details: unknown;
}

/** Units between two looks at the signal, which only another task can set off. */
const TURN = 64;

/** @param find null where nothing can be said; it is not asked about units that are not active on the side "explain" */
export function oneByOne(
  name: OfflineExplainerName,
  find: (evidence: UnitEvidence, side: ExplainSide, unit: UnitOnSide) => Found | null,
): OfflineExplainer {
  return {
    name,
    async explain(units, { signal }) {
      const explanations: (Explanation | null)[] = [];
      for (const { unit, evidence } of units) {
        if (explanations.length % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
        const side = explainSide(evidence.passage);
        const sums = onSide(side, evidence.column);
        const found = sums && find(evidence, side, sums);
        explanations.push(found && explanationOf(name, unit, evidence, sums.max, found));
      }
      return explanations;
    },
  };
}

export function explanationOf(
  name: OfflineExplainerName,
  unit: number,
  evidence: UnitEvidence,
  max: number,
  { text, predictor, details }: Found,
): Explanation {
  return {
    text,
    author: name,
    answerer: ruleAnswerer(predictor, evidence, max, `${name} ${unit}`),
    details,
  };
}
