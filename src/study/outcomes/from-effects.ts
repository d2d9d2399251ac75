/** Outcomes of RUN/effects/SAE.json: what features do to the model, and the same of neurons and of random directions. */

import { MEASURES } from "../../experiments/effects/measures.ts";
import type { EffectsResult, EffectSubject } from "../../experiments/effects/result.ts";
import { effect } from "./catalogue.ts";
import { found, type Found } from "./found.ts";

const SUBJECTS: Readonly<Record<EffectSubject, readonly [suffix: string, label: string, sentence: string]>> =
  {
    features: ["", "", "Mean over sampled features."],
    neurons: ["_neurons", ", neurons", "Mean over neurons of the layer."],
    "random-directions": ["_random_directions", ", random directions", "Mean over random directions."],
  };

export function effectsOutcomes({ summary }: EffectsResult): Found[] {
  return summary
    .filter(({ split }) => split === "all")
    .flatMap(({ measure, subject, mean, interval }) => {
      const { title, definition, unit } = MEASURES[measure];
      const [suffix, label, sentence] = SUBJECTS[subject];
      return found(
        effect(`${measure}${suffix}`, `Effect: ${title}${label}`, `${sentence} ${definition}`, {
          unit: unit === "share" ? "share" : "number",
        }),
        mean,
        interval,
        "features",
      );
    });
}
