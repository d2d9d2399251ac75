/** Columns of scores as the table that is read: one line for each score, explainer and share of the units, controls side by side. */

import {
  type ColumnSummary,
  PREDICTIONS,
  type ScoreColumn,
  type Split,
  type SubjectScores,
  type SummaryRow,
} from "../result.ts";
import { summariseColumn } from "../scores/mean-interval.ts";
import { CHANCE, SCORE_KINDS } from "../scores/score.ts";

const SPLITS: readonly Split[] = ["all", "single-token", "other"];

export function summarise(subjects: readonly SubjectScores[], seed: number): SummaryRow[] {
  const names = [...new Set(subjects.flatMap(({ scores }) => scores.map(({ explainer }) => explainer)))];
  return SCORE_KINDS.flatMap((kind) =>
    names.flatMap((explainer) =>
      SPLITS.flatMap((split): SummaryRow[] => {
        const cells = subjects.flatMap((subject) =>
          PREDICTIONS.flatMap((prediction) => {
            const column = subject.scores.find(
              (one) =>
                one.kind === kind &&
                one.explainer === explainer &&
                one.prediction === (prediction === "zero" ? "own" : prediction),
            );
            if (column === undefined) return [];
            const summary = summaryOf(subject, column, split, seed);
            const shown = prediction === "zero" ? constant(summary, CHANCE[kind]) : summary;
            return [{ subject: subject.subject, prediction, ...shown }];
          }),
        );
        return cells.some(({ units }) => units > 0) ? [{ kind, explainer, split, cells }] : [];
      }),
    ),
  );
}

/** The values of the units that a split has, those without a score left out. */
export function valuesOf({ singleToken }: SubjectScores, { values }: ScoreColumn, split: Split): number[] {
  return values.filter((value, i): value is number => value !== null && isIn(split, singleToken[i] ?? null));
}

/** A unit whose highest contexts are too few to say is in neither part. */
function isIn(split: Split, singleToken: boolean | null): boolean {
  return split === "all" || (split === "single-token" ? singleToken === true : singleToken === false);
}

/** What a constant prediction gets on the same units. */
function constant({ units }: ColumnSummary, value: number): ColumnSummary {
  return units === 0
    ? { units, mean: null, interval: null, median: null }
    : { units, mean: value, interval: [value, value], median: value };
}

function summaryOf(subject: SubjectScores, column: ScoreColumn, split: Split, seed: number): ColumnSummary {
  return summariseColumn(valuesOf(subject, column, split), seed);
}
