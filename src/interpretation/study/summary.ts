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
import { SCORE_KINDS } from "../scores/score.ts";

const SPLITS: readonly Split[] = ["all", "single-token", "other"];

export function summarise(subjects: readonly SubjectScores[], seed: number): SummaryRow[] {
  const names = [...new Set(subjects.flatMap(({ scores }) => scores.map(({ explainer }) => explainer)))];
  return SCORE_KINDS.flatMap((kind) =>
    names.flatMap((explainer) =>
      SPLITS.flatMap((split): SummaryRow[] => {
        const cells = subjects.flatMap((subject) =>
          PREDICTIONS.flatMap((prediction) => {
            const column = subject.scores.find(
              (one) => one.kind === kind && one.explainer === explainer && one.prediction === prediction,
            );
            if (column === undefined) return [];
            return [{ subject: subject.subject, prediction, ...summaryOf(subject, column, split, seed) }];
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

function summaryOf(subject: SubjectScores, column: ScoreColumn, split: Split, seed: number): ColumnSummary {
  return summariseColumn(valuesOf(subject, column, split), seed);
}
