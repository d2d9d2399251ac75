/** Results as text: one line a measure. */

import { type Measure, MEASURE_NAMES, MEASURES } from "./measures.ts";
import type { MatchedComparison } from "./matching.ts";
import type { EffectsResult } from "./result.ts";

/** Means of all units with their intervals, features beside their controls. */
export function effectsTable({ sae, subjects, summary, model }: EffectsResult): string {
  const header = ["", ...subjects.map(({ subject, units }) => `${units.length} ${subject}`), "nothing"];
  const rows = MEASURE_NAMES.flatMap((measure) => {
    const cells = subjects.map(({ subject }) => {
      const row = summary.find(
        (one) => one.measure === measure && one.subject === subject && one.split === "all",
      );
      return row === undefined || row.mean === null ? "" : withInterval(row.mean, row.interval);
    });
    return cells.every((cell) => cell === "") ? [] : [[...titled(measure), ...cells, nothing(measure)]];
  });
  const where = model.shuffled === null ? model.name : `${model.name}, weights shuffled`;
  return `${sae} in ${where}: means, 95 % intervals over units\n${aligned([header, ...rows])}`;
}

/** Features of two results, matched; measures that can be compared between models. */
export function matchedTable(comparison: MatchedComparison, names: readonly [string, string]): string {
  const { pairs, unmatched, differences } = comparison;
  const rows = differences
    .filter(
      ({ measure, split, pairs: count }) => split === "all" && count > 0 && MEASURES[measure].comparable,
    )
    .map(({ measure, a, b, difference, interval }) => [
      ...titled(measure),
      rounded(a!),
      rounded(b!),
      withInterval(difference!, interval),
    ]);
  return (
    `${pairs.length} pairs matched by density and single-tokenness (${unmatched.a} and ${unmatched.b} without a partner)\n` +
    aligned([["", ...names, "difference"], ...rows])
  );
}

function titled(measure: Measure): [string] {
  const { title, unit } = MEASURES[measure];
  return [`${title} (${unit})`];
}

function nothing(measure: Measure): string {
  const value = MEASURES[measure].nothing;
  return value === null ? "" : String(value);
}

function withInterval(mean: number, interval: readonly [number, number] | null): string {
  return interval === null ? rounded(mean) : `${rounded(mean)} (${interval.map(rounded).join(" … ")})`;
}

function rounded(value: number): string {
  return Math.abs(value) < 0.0005 && value !== 0 ? value.toExponential(1) : value.toFixed(3);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
