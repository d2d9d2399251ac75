/** Explainers beside each other on the same features of the same dictionaries: each less the one that was chosen for each feature. */

import { join } from "node:path";
import { readInterpretations } from "../../../src/interpretation/read-results.ts";
import type { ScoreKind } from "../../../src/interpretation/scores/score.ts";
import { mean } from "../../../src/statistics/correlation.ts";
import type { Estimate } from "../../../src/statistics/estimate.ts";
import { meanEstimate } from "../../../src/statistics/mean-estimate.ts";
import type { Studied } from "./trials.ts";

export const CHOSEN = "chosen";
export type Split = "all" | "single-token" | "other";

/** Of one dictionary: what each explainer scores on its features, null where it could not be scored. */
export interface Explained {
  readonly configuration: string;
  readonly kind: ScoreKind;
  readonly singleToken: readonly (boolean | null)[];
  readonly scores: ReadonlyMap<string, readonly (number | null)[]>;
  readonly chosen: readonly (string | null)[];
}

export function explainedIn({ folder, population }: Studied): Explained[] {
  return population.trials.flatMap((trial, i) => {
    if (trial.result === null) return [];
    const { interpretations } = readInterpretations(join(folder.path, trial.result), trial.name);
    const features = interpretations[0]?.subjects.find(({ subject }) => subject === "features");
    if (features === undefined) return [];
    const own = features.scores.filter(({ prediction }) => prediction === "own");
    return [...new Set(own.map(({ kind }) => kind))].map((kind) => ({
      configuration: population.configurations[i]!,
      kind,
      singleToken: features.singleToken,
      chosen: features.chosen,
      scores: new Map(own.filter((one) => one.kind === kind).map((one) => [one.explainer, one.values])),
    }));
  });
}

export interface Compared {
  readonly mean: number;
  /** Less the chosen one's on the same features; t interval over configurations. */
  readonly less: number;
  readonly interval: Estimate["interval"];
  readonly configurations: number;
}

/** A mean over features of each dictionary, of dictionaries of each configuration, of configurations. */
export function compared(all: readonly Explained[], explainer: string, split: Split): Compared | null {
  const rows = all.flatMap(({ configuration, scores, singleToken }) => {
    const [own, chosen] = [scores.get(explainer), scores.get(CHOSEN)];
    if (own === undefined || chosen === undefined) return [];
    const pairs = own.flatMap((score, i) => {
      const isIn = split === "all" || singleToken[i] === (split === "single-token");
      const other = chosen[i] ?? null;
      return isIn && score !== null && other !== null ? [{ score, less: score - other }] : [];
    });
    return pairs.length === 0
      ? []
      : [
          {
            configuration,
            score: mean(pairs.map(({ score }) => score)),
            less: mean(pairs.map(({ less }) => less)),
          },
        ];
  });
  if (rows.length === 0) return null;
  const groups = [...Map.groupBy(rows, ({ configuration }) => configuration).values()];
  const differences = groups.map((group) => mean(group.map(({ less }) => less)));
  const { value: less, interval } = meanEstimate(differences, 3);
  return {
    mean: mean(groups.map((group) => mean(group.map(({ score }) => score)))),
    less,
    interval,
    configurations: differences.length,
  };
}

/** Share of all explained features that an explainer was chosen for. */
export function chosenShare(all: readonly Explained[], explainer: string): number {
  const chosen = all.flatMap((one) => one.chosen).filter((one) => one !== null);
  return chosen.filter((one) => one === explainer).length / chosen.length;
}
