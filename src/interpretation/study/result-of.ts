/** What a study found of one subject, as it is kept. */

import { isSingleToken } from "./single-token.ts";
import { scoreColumns } from "./columns.ts";
import type { StudiedUnit, StudyUnit } from "./study.ts";
import type { SubjectName, SubjectScores } from "../result.ts";

export interface SubjectFacts {
  readonly subject: SubjectName;
  /** Units of the set, and those alive on the run's text. */
  readonly count: number;
  readonly alive: number;
  readonly tooRare: number;
}

/**
 * @param units that were to be explained
 * @param studied those that were, in any order
 */
export function subjectScores(
  facts: SubjectFacts,
  units: readonly StudyUnit[],
  studied: readonly StudiedUnit[],
  explainers: readonly string[],
): SubjectScores {
  const byNumber = new Map(studied.map((one) => [one.unit, one]));
  const done = units.filter(({ unit }) => byNumber.has(unit));
  const inOrder = done.map(({ unit }) => byNumber.get(unit)!);
  const tokens = units[0]?.evidence.passage.tokens.length ?? 0;
  return {
    ...facts,
    tokens,
    units: done.map(({ unit }) => unit),
    density: done.map(({ evidence }) => Number((evidence.column.rows.length / tokens).toPrecision(5))),
    singleToken: done.map(({ evidence: { passage, column } }) => isSingleToken(passage, column)),
    chosen: inOrder.map(({ explanations }) =>
      explainers.length > 1 ? (explanations.find(({ chosen }) => chosen)?.explainer ?? null) : null,
    ),
    scores: scoreColumns(inOrder, explainers),
  };
}
