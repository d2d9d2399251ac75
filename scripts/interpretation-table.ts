/**
 * The tables of docs/results.md on interpretability, from what `monosemantic explain` has left:
 *
 *     node scripts/interpretation-table.ts runs/NAME/interpretation/x8/offline.json [KIND …]
 *
 * One line an explainer, one column a control: mean over units, the half width of its 95 % interval, median.
 */

import { readFileSync } from "node:fs";
import type { Interpretation, Split, SummaryRow } from "../src/interpretation/result.ts";

const [path, ...kinds] = process.argv.slice(2);
if (path === undefined) {
  console.error("give the .json file of an interpretation: runs/NAME/interpretation/SAE/NAME.json");
  process.exit(2);
}
const interpretation = JSON.parse(readFileSync(path, "utf8")) as Interpretation;

const COLUMNS = [
  ["features", "features", "own"],
  ["neurons", "neurons", "own"],
  ["shuffled weights", "shuffled-weights", "own"],
  ["random directions", "random-directions", "own"],
  ["another's explanation", "features", "other"],
  ["only the middle", "features", "place"],
  ["always zero", "features", "zero"],
] as const;

function cell({ cells }: SummaryRow, subject: string, prediction: string): string {
  const found = cells.find((one) => one.subject === subject && one.prediction === prediction);
  if (found === undefined || found.mean === null) return "";
  const { mean, interval, median } = found;
  const half = interval === null ? "" : ` ± ${((interval[1] - interval[0]) / 2).toFixed(2)}`;
  return prediction === "zero" ? fixed(mean) : `${fixed(mean)}${half} (${fixed(median!)})`;
}

function fixed(value: number): string {
  return value.toFixed(2).replace("-0.00", "0.00");
}

function table(kind: string, split: Split): void {
  const rows = interpretation.summary.filter((row) => row.kind === kind && row.split === split);
  if (rows.length === 0) return;
  const units = rows[0]!.cells
    .filter(({ prediction }) => prediction === "own")
    .map(({ subject, units: count }) => `${count} ${subject}`);
  console.log(`\n${kind}, ${split} (${units.join(", ")})\n`);
  const columns = COLUMNS.filter(([, subject, prediction]) => cell(rows[0]!, subject, prediction) !== "");
  console.log(`| explainer | ${columns.map(([title]) => title).join(" | ")} |`);
  console.log(`|---|${columns.map(() => "---|").join("")}`);
  for (const row of rows) {
    const cells = columns.map(([, subject, prediction]) => cell(row, subject, prediction));
    console.log(`| ${row.explainer} | ${cells.join(" | ")} |`);
  }
}

console.log(interpretation.conclusion);
for (const note of interpretation.notes) console.log(`- ${note}`);
for (const { subject, count, alive, tooRare, units, singleToken } of interpretation.subjects) {
  const single = singleToken.filter((flag) => flag === true).length;
  console.log(
    `${subject}: ${units.length} of ${alive} alive (${count}), ${tooRare} too rare, ${single} single-token`,
  );
}
const wanted = kinds.length > 0 ? kinds : [...new Set(interpretation.summary.map(({ kind }) => kind))];
for (const kind of wanted) for (const split of ["all", "single-token", "other"] as const) table(kind, split);
