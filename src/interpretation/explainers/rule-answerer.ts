/**
 * Answers tasks on behalf of an explanation that is a function of the text. A value in [0, scale] is
 *
 *     scale · min(1, f̂ / max)        max: the highest f on the side "explain"
 *
 * rounded on the scale 0–9, since Bricken et al. 2023 have integers predicted, and as it is on 0–10, where Bills et al. 2023 take expected
 * values. (Rounding matters for Spearman's correlation: without it a lookup that expects a little of every token it has once seen orders
 * hundreds of silent tokens by nothing but noise.)
 *
 * A verdict is a comparison with a threshold that was chosen there, with f̂ / (f̂ + threshold) for its probability: ½ at the threshold,
 * rising with f̂. An explanation that says nothing of the next token answers no to every one, with probability ½.
 */

import type { UnitEvidence } from "../evidence/passage.ts";
import type { Answerer, Verdict } from "../protocols/task.ts";
import { calibrate, highestOf, meanAt, type Thresholds } from "./calibration.ts";
import { explainSide, onSide } from "./explain-side.ts";
import type { Predictor } from "./predictor.ts";

const SAYS_NOTHING: Verdict = { yes: false, probability: 0.5 };

/**
 * @param max of f on the side "explain", where the unit is active
 * @param seed for the windows that thresholds are chosen on
 */
export function ruleAnswerer(
  predictor: Predictor,
  { passage, column }: UnitEvidence,
  max: number,
  seed: string,
): Answerer {
  let chosen: Thresholds | undefined;
  // What is active where is found again when it is asked for: kept for every explanation, it would fill the memory.
  const thresholds = () => {
    const side = explainSide(passage);
    return (chosen ??= calibrate(side, onSide(side, column)!, predictor, seed));
  };
  const verdict = (value: number, threshold: number): Verdict => ({
    yes: value > threshold,
    probability: value / (value + (Number.isFinite(threshold) ? threshold : max)),
  });
  return {
    simulate: async (sequences, scale) =>
      sequences.map(({ ids }) =>
        Array.from(predictor.predict(ids), (prediction) => {
          const value = scale * Math.min(1, Math.max(0, prediction) / max);
          return scale === 9 ? Math.round(value) : value;
        }),
      ),
    detect: async (sequences) =>
      sequences.map(({ ids }) => verdict(highestOf(predictor.predict(ids)), thresholds().detection)),
    fuzz: async (sequences) =>
      sequences.map(({ ids, marked }) =>
        verdict(meanAt(predictor.predict(ids), marked), thresholds().fuzzing),
      ),
    intrude: async (trials) =>
      trials.map((trial) => {
        const scores = trial.map(({ ids, marked }) => {
          const values = predictor.predict(ids);
          return highestOf(marked.length > 0 ? marked.map((place) => values[place] ?? 0) : values);
        });
        return scores.length > 0 ? scores.indexOf(Math.min(...scores)) : null;
      }),
    plausible: async (tokens) => tokens.map(({ id }) => predictor.plausible?.(id) ?? SAYS_NOTHING),
  };
}
