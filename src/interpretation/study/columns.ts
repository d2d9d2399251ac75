/** The scores of a subject's units as columns: one for each score, explainer and prediction, with one element a unit. */

import type { ScoreColumn } from "../result.ts";
import { SCORE_KINDS, type Score, type ScoreKind } from "../scores/score.ts";
import type { StudiedExplanation, StudiedUnit } from "./study.ts";

/** The explainer's name in columns of the explanation that was chosen for each unit. */
export const CHOSEN = "chosen";

interface Cell {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

const NOTHING: Cell = { value: null, low: null, high: null };

/** @param units in the order of `SubjectScores.units` */
export function scoreColumns(units: readonly StudiedUnit[], explainers: readonly string[]): ScoreColumn[] {
  const own = new Map(units.map((unit) => [unit, scoresOf(unit, (one) => one.tasks)]));
  // An explanation's scores elsewhere belong to the unit that they were taken on.
  const byNumber = new Map(units.map((unit) => [unit.unit, unit]));
  const other = new Map(units.map((unit) => [unit, new Map<string, Cell>()]));
  for (const unit of units) {
    for (const one of unit.explanations) {
      const there = one.elsewhere && byNumber.get(one.elsewhere.unit);
      if (!there) continue;
      for (const [key, cell] of cellsOf(one, one.elsewhere!.tasks)) other.get(there)!.set(key, cell);
    }
  }
  const columns: ScoreColumn[] = [];
  for (const kind of SCORE_KINDS) {
    const names = explainers.length > 1 ? [CHOSEN, ...explainers] : explainers;
    for (const explainer of names) {
      const key = keyOf(kind, explainer);
      const cells = units.map((unit) => own.get(unit)!.get(key) ?? NOTHING);
      if (cells.every(({ value }) => value === null)) continue;
      columns.push(column(kind, explainer, "own", cells, explainer === names[0]));
      const others = units.map((unit) => other.get(unit)!.get(key) ?? NOTHING);
      if (others.some(({ value }) => value !== null))
        columns.push(column(kind, explainer, "other", others, false));
      if (explainer !== names[0]) continue;
      const places = units.map(({ place }) =>
        cellOf(place.flatMap(({ scores }) => scores).find((score) => score.kind === kind)),
      );
      if (places.some(({ value }) => value !== null))
        columns.push(column(kind, explainer, "place", places, false));
    }
  }
  return columns;
}

/** @param stands for the units: the intervals of other columns are left out, which would be two thirds of the file */
function column(
  kind: ScoreKind,
  explainer: string,
  prediction: ScoreColumn["prediction"],
  cells: readonly Cell[],
  stands: boolean,
): ScoreColumn {
  return {
    kind,
    explainer,
    prediction,
    values: cells.map(({ value }) => short(value)),
    low: stands ? cells.map(({ low }) => short(low)) : [],
    high: stands ? cells.map(({ high }) => short(high)) : [],
  };
}

function scoresOf(
  unit: StudiedUnit,
  tasks: (one: StudiedExplanation) => StudiedExplanation["tasks"],
): Map<string, Cell> {
  return new Map(unit.explanations.flatMap((one) => [...cellsOf(one, tasks(one))]));
}

function* cellsOf(
  { explainer, chosen }: StudiedExplanation,
  tasks: StudiedExplanation["tasks"],
): Generator<[string, Cell]> {
  for (const { kind, value, interval } of tasks.flatMap(({ scores }): readonly Score[] => scores)) {
    const cell = cellOf({ value, interval });
    yield [keyOf(kind, explainer), cell];
    if (chosen) yield [keyOf(kind, CHOSEN), cell];
  }
}

function cellOf(score: Pick<Score, "value" | "interval"> | undefined): Cell {
  if (score === undefined) return NOTHING;
  return { value: score.value, low: score.interval?.[0] ?? null, high: score.interval?.[1] ?? null };
}

function keyOf(kind: ScoreKind, explainer: string): string {
  return `${kind}\n${explainer}`;
}

/** Five digits: far more than the intervals leave certain. */
function short(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(5));
}
