import type { ComparedRows } from "../../../src/features/comparison/pairs.ts";

/** Dense activations [tokens][units] as rows of active entries. */
export function rowsOf(dense: readonly (readonly number[])[]): ComparedRows {
  const rowOffsets = new Uint32Array(dense.length + 1);
  const indices: number[] = [];
  const values: number[] = [];
  for (const [r, row] of dense.entries()) {
    for (const [unit, value] of row.entries()) {
      if (value <= 0) continue;
      indices.push(unit);
      values.push(value);
    }
    rowOffsets[r + 1] = indices.length;
  }
  return {
    units: dense[0]!.length,
    rowOffsets,
    indices: Uint32Array.from(indices),
    values: Float32Array.from(values),
  };
}

/** Pearson correlation in plain loops; 0 where one does not vary. */
export function plainPearson(f: readonly number[], g: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mf, mg] = [mean(f), mean(g)];
  const dot = (a: (t: number) => number, b: (t: number) => number) =>
    f.reduce((sum, _, t) => sum + a(t) * b(t), 0);
  const df = (t: number) => f[t]! - mf;
  const dg = (t: number) => g[t]! - mg;
  const spread = Math.sqrt(dot(df, df) * dot(dg, dg));
  return spread > 0 ? dot(df, dg) / spread : 0;
}

export function column(dense: readonly (readonly number[])[], unit: number): number[] {
  return dense.map((row) => row[unit]!);
}
