/** Training curves: which quantities are drawn and how, lines as they arrive, and as many points as a chart can show. */

import type { Curves } from "../../api.ts";

export interface Quantity {
  readonly name: string;
  readonly title: string;
  readonly note: string;
  readonly logarithmic?: boolean;
  readonly percent?: boolean;
  readonly zero?: boolean;
}

/** As in the report, and two that tell how the training goes. */
export const QUANTITIES: readonly Quantity[] = [
  { name: "loss", title: "Loss", note: "squared error plus Λ · L1", logarithmic: true },
  { name: "explained_variance", title: "Explained variance", note: "of training batches", percent: true },
  { name: "l0", title: "L0", note: "active features a token", logarithmic: true },
  { name: "alive", title: "Features in use", note: "fired since the line before", percent: true, zero: true },
  { name: "mse", title: "Squared error", note: "Σ(x̂ − x)² a token", logarithmic: true },
  { name: "lambda", title: "Sparsity penalty Λ", note: "coefficient of L1", zero: true },
  { name: "lr", title: "Learning rate", note: "", zero: true },
  { name: "tokens_per_second", title: "Speed", note: "tokens a second", zero: true },
];

/** `more` behind what is known, line by line; a line that is known already counts once. */
export function mergeCurves(known: Curves, more: Curves): Curves {
  const saes: Record<string, Readonly<Record<string, readonly (number | null)[]>>> = { ...known.saes };
  for (const [name, columns] of Object.entries(more.saes)) {
    const before = known.saes[name];
    if (before === undefined || lastStep(before) < 0) {
      saes[name] = columns;
      continue;
    }
    const last = lastStep(before);
    const steps = columns["step"] ?? [];
    const first = steps.findIndex((step) => step !== null && step > last);
    if (first < 0) continue;
    saes[name] = Object.fromEntries(
      Object.entries(columns).map(([column, values]) => [
        column,
        [...(before[column] ?? []), ...values.slice(first)],
      ]),
    );
  }
  return { status: more.status, saes };
}

/** Lines up to this step are known of every dictionary; −1 for none. */
export function knownUpTo({ saes }: Curves): number {
  const last = Object.values(saes).map(lastStep);
  return last.length === 0 ? -1 : Math.min(...last);
}

function lastStep(columns: Readonly<Record<string, readonly (number | null)[]>>): number {
  return columns["step"]?.findLast((step) => step !== null) ?? -1;
}

export interface Line {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
}

/** A column over tokens, gaps and (for a log scale) what is not above 0 left out, at most `most` points: neighbours are averaged. */
export function lineOf(
  columns: Readonly<Record<string, readonly (number | null)[]>>,
  name: string,
  most: number,
  positive = false,
): Line {
  const tokens = columns["tokens"] ?? [];
  const xs: number[] = [];
  const ys: number[] = [];
  (columns[name] ?? []).forEach((value, at) => {
    const x = tokens[at];
    if (value === null || x === null || x === undefined || (positive && value <= 0)) return;
    xs.push(x);
    ys.push(value);
  });
  if (xs.length <= most) return { xs, ys };
  const size = xs.length / most;
  const thin: { xs: number[]; ys: number[] } = { xs: [], ys: [] };
  for (let group = 0; group < most; group++) {
    const [from, to] = [Math.floor(group * size), Math.floor((group + 1) * size)];
    let sum = 0;
    for (let at = from; at < to; at++) sum += ys[at]!;
    thin.xs.push(xs[to - 1]!);
    thin.ys.push(sum / (to - from));
  }
  return thin;
}
