/** A comparison as a short table for a terminal. */

import {
  type BothWays,
  type ComparisonResult,
  type DegreeStatistics,
  type MatchStatistics,
  PART_CORRELATION,
} from "./result.ts";

export function comparisonTable(result: ComparisonResult): string {
  const { a, b, text, activation, neurons, splitting, directions, min_active } = result;
  const rows: [label: string, a: string, b: string][] = [
    ["", "A in B", "B in A"],
    ["features", count(a.d_sae), count(b.d_sae)],
    [`  active on ${min_active} tokens or more`, ...both(activation, ({ counted }) => count(counted))],
    ["best-match correlation, median", ...both(activation, withInterval)],
    [
      "  matches from other contexts",
      ...both(activation, ({ held_out_median }) => decimals(held_out_median)),
    ],
  ];
  if (neurons !== null) rows.push(["  of neurons, for comparison", ...both(neurons, withInterval)]);
  rows.push(
    [`features with several edges (masked cosine > ${splitting.threshold})`, ...both(splitting, several)],
    [
      `  of correlation > ${PART_CORRELATION}: with several`,
      ...both(splitting, ({ correlated }) => several(correlated)),
    ],
    ["    with one", ...both(splitting, ({ correlated }) => share(correlated, "one"))],
    ["    with none", ...both(splitting, ({ correlated }) => share(correlated, "none"))],
  );
  if (directions !== null) {
    rows.push(
      ["mean max cosine of decoder directions", ...both(directions, ({ mmcs }) => decimals(mmcs))],
      ["features with a twin", ...both(directions, ({ twin_share }) => percent(twin_share))],
    );
  }
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map(([label, left, right]) =>
    `${label.padEnd(widths[0]!)}  ${left.padStart(widths[1]!)}  ${right.padStart(widths[2]!)}`.trimEnd(),
  );
  return [
    `A  ${a.folder}: ${a.hook} of ${a.model}`,
    `B  ${b.folder}: ${b.hook} of ${b.model}`,
    `on ${count(text.tokens)} tokens of ${text.source}`,
    "",
    ...table,
  ].join("\n");
}

function both<T>(ways: BothWays<T>, write: (value: T) => string): [string, string] {
  return [write(ways.a_in_b), write(ways.b_in_a)];
}

function withInterval({ median, interval }: MatchStatistics): string {
  return interval === null
    ? decimals(median)
    : `${decimals(median)} (${decimals(interval[0])} to ${decimals(interval[1])})`;
}

function several(degrees: DegreeStatistics): string {
  return share(degrees, "several");
}

function share(degrees: DegreeStatistics, key: "none" | "one" | "several"): string {
  const total = degrees.none + degrees.one + degrees.several;
  return total === 0 ? "–" : percent(degrees[key] / total);
}

function decimals(value: number | null): string {
  return value === null ? "–" : value.toFixed(3);
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
