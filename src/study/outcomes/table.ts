/**
 * Outcomes as one wide table: a row a trial; its factors, its size, and of each outcome the value, with _low and _high beside it where
 * some trial has an interval. The same columns go into trials.csv and trials.parquet.
 */

import type { StudyOutcomes, TrialOutcomes } from "./outcome.ts";
import { outcomeOf } from "./outcome.ts";

export type Cell = string | number | boolean | null;

export interface Column {
  readonly name: string;
  readonly type: "STRING" | "DOUBLE" | "BOOLEAN";
  readonly cells: readonly Cell[];
}

export function wideTable({ trials, factors, definitions }: StudyOutcomes): Column[] {
  const column = (name: string, of: (trial: TrialOutcomes) => Cell): Column => {
    const cells = trials.map(of);
    return { name, type: typeOf(cells), cells };
  };
  return [
    column("trial", ({ name }) => name),
    column("group", ({ group }) => group),
    column("stage", ({ stage }) => stage),
    { ...column("shuffled", ({ shuffled }) => shuffled), type: "BOOLEAN" },
    ...Object.keys(factors).map((name) => column(`factor_${name}`, (trial) => trial.factors[name] ?? null)),
    ...(["d_in", "d_sae", "tokens", "Lambda"] as const).map((name) => ({
      ...column(name, ({ size }) => size[name]),
      type: "DOUBLE" as const,
    })),
    ...definitions.flatMap(({ name }) => {
      const value = column(name, (trial) => outcomeOf(trial, name)?.value ?? null);
      const low = column(`${name}_low`, (trial) => outcomeOf(trial, name)?.low ?? null);
      const high = column(`${name}_high`, (trial) => outcomeOf(trial, name)?.high ?? null);
      const all = low.cells.every((cell) => cell === null) ? [value] : [value, low, high];
      return all.map((one) => ({ ...one, type: "DOUBLE" as const }));
    }),
  ];
}

/** One type for the cells of a column; text where they are mixed. */
function typeOf(cells: readonly Cell[]): Column["type"] {
  const types = new Set(cells.filter((cell) => cell !== null).map((cell) => typeof cell));
  if (types.size === 1 && types.has("number")) return "DOUBLE";
  return types.size === 1 && types.has("boolean") ? "BOOLEAN" : "STRING";
}

/** RFC 4180, lines end in \n; a value that is not there is empty. */
export function csvText(columns: readonly Column[]): string {
  const rows = columns[0]?.cells.length ?? 0;
  const lines = [columns.map(({ name }) => quoted(name))];
  for (let row = 0; row < rows; row++) lines.push(columns.map(({ cells }) => quoted(cells[row] ?? null)));
  return lines.map((line) => `${line.join(",")}\n`).join("");
}

function quoted(cell: Cell): string {
  const text = cell === null ? "" : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
