/** The dictionaries of a study with the values of every unit that was measured: effects, and scores of explanations. */

import { existsSync } from "node:fs";
import type { Matchable } from "../../../src/experiments/effects/matching.ts";
import { type Measure, MEASURES } from "../../../src/experiments/effects/measures.ts";
import { type EffectSubject, readEffects } from "../../../src/experiments/effects/result.ts";
import { readInterpretations } from "../../../src/interpretation/read-results.ts";
import type { ScoreKind } from "../../../src/interpretation/scores/score.ts";
import { StudyFolder } from "../../../src/study/study-folder.ts";

/** One value of each unit of a set, and what units are matched by. */
export interface UnitValues extends Matchable {
  readonly values: readonly (number | null)[];
}

export interface Dictionary {
  readonly name: string;
  /** Seed that the model's weights were shuffled with; null for its own. */
  readonly shuffled: number | null;
  /** What it shares with others, its weights and its seed aside: λ, width. */
  readonly block: string;
  /** The same with the seed: dictionaries of the trained and of a shuffled model that are compared. */
  readonly partner: string;
  of(row: Row, subject: EffectSubject): UnitValues | null;
}

/** A line of the tables. */
export interface Row {
  readonly title: string;
  /** What a unit gets that has no effect, or no explanation. */
  readonly nothing: number | null;
  readonly source:
    | { readonly measure: Measure; readonly to?: (value: number) => number }
    | { readonly kind: ScoreKind; readonly explainer: string };
}

export function effectRow(measure: Measure, title: string = MEASURES[measure].title): Row {
  return { title, nothing: MEASURES[measure].nothing, source: { measure } };
}

/** A correlation of halves as the highest correlation that the whole can have with anything: √(2r/(1+r)) (Spearman and Brown). */
export const CEILING: Row = {
  title: "– most that counting allows",
  nothing: null,
  source: {
    measure: "agreement_reliability",
    to: (r) => Math.sqrt((2 * Math.max(0, r)) / (1 + Math.max(0, r))),
  },
};

/** Those whose effects were measured; in the order of the plan. */
export function openDictionaries(study: string): Dictionary[] {
  const folder = StudyFolder.open(study);
  return folder.plan.trials.flatMap((trial) => {
    const [measured, explained] = ["measure", "explain"].map((stage) =>
      folder.plan.parts
        .filter((part) => part.stage === stage && part.subject === trial.group)
        .map((part) => folder.result(part.name))
        .find((path) => existsSync(path)),
    );
    const effects = measured === undefined ? null : readEffects(measured, trial.name);
    if (effects === null) return [];
    const interpretation =
      explained === undefined ? undefined : readInterpretations(explained, trial.name).interpretations[0];
    const { shuffleWeights, seed, ...rest } = trial.factors;
    const block = Object.entries(rest)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
    return [
      {
        name: trial.name,
        shuffled: typeof shuffleWeights === "number" ? shuffleWeights : null,
        block,
        partner: `${block} ${seed ?? ""}`,
        of({ source }, subject) {
          if ("measure" in source) {
            const found = effects.subjects.find((one) => one.subject === subject);
            const values = found?.values[source.measure];
            if (!found || !values?.some((value) => value !== null)) return null;
            const to = source.to ?? ((value: number) => value);
            return { ...found, values: values.map((value) => (value === null ? null : to(value))) };
          }
          const found = interpretation?.subjects.find((one) => one.subject === subject);
          const scores = found?.scores.find(
            ({ kind, explainer, prediction }) =>
              kind === source.kind && explainer === source.explainer && prediction === "own",
          );
          return found && scores
            ? { density: [...found.density], singleToken: [...found.singleToken], values: scores.values }
            : null;
        },
      } satisfies Dictionary,
    ];
  });
}
