/** Scores as histograms that can be laid beside each other: the same bins for all, heights as shares of the units. */

export interface ScoreBins {
  readonly edges: readonly number[];
  /** Share of the units in each bin. */
  readonly shares: readonly number[];
  readonly count: number;
  readonly median: number | null;
}

const WIDTH = 0.05;

/** From the lowest score of all, rounded down to a bin, to 1. */
export function scoreEdges(all: readonly (readonly number[])[]): readonly number[] {
  let low = 0;
  for (const values of all) for (const value of values) if (value < low) low = value;
  const first = Math.floor(low / WIDTH + 1e-9);
  const bins = Math.round(1 / WIDTH) - first;
  return Array.from({ length: bins + 1 }, (_, at) => Number(((first + at) * WIDTH).toFixed(10)));
}

/** A score on an edge belongs to the bin above it, 1 to the last one. */
export function scoreBins(values: readonly number[], edges: readonly number[]): ScoreBins {
  const counts = Array.from({ length: edges.length - 1 }, () => 0);
  const [first = 0] = edges;
  for (const value of values) {
    const bin = Math.floor((value - first) / WIDTH + 1e-9);
    counts[Math.max(0, Math.min(counts.length - 1, bin))]!++;
  }
  const shares = counts.map((count) => (values.length === 0 ? 0 : count / values.length));
  return { edges, shares, count: values.length, median: middle(values) };
}

/** Median; null of nothing. */
export function middle(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
