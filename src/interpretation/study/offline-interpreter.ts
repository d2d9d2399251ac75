/** Interpretation without a language model: every rule explains every unit, and answers every protocol's tasks. */

import { type Explanation, OFFLINE_EXPLAINERS, type Probe } from "../explainers/explainer.ts";
import { OFFLINE } from "../explainers/offline.ts";
import type { ProtocolName } from "../protocols/task.ts";
import type { SubjectName } from "../result.ts";
import type { Interpreter } from "./study.ts";

/** @param probeOf asks the model whose units a subject's are; null where there is no model to ask */
export function offlineInterpreter(
  protocols: readonly ProtocolName[],
  probeOf: (subject: SubjectName) => Probe | null,
): Interpreter {
  return {
    explainers: OFFLINE_EXPLAINERS.map((name) => ({ name, protocols })),
    withoutExplanation: [],
    concurrency: 1,
    async explain({ subject, units }, { signal }) {
      const explanations: (Explanation | null)[][] = [];
      for (const name of OFFLINE_EXPLAINERS) {
        explanations.push(await OFFLINE[name].explain(units, { probe: probeOf(subject), signal }));
      }
      return async (place) => explanations.map((ofExplainer) => ofExplainer[place] ?? null);
    },
  };
}
