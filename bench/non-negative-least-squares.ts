/**
 * Non-negative least squares, min ‖A c − y‖ with c ≥ 0, by the active-set method of Lawson & Hanson (1974) reduced to what few
 * columns need: of all subsets of columns, the unconstrained solution with the least error whose coefficients are all positive.
 */

/** @param rows A and y, both weighted as wanted */
export function nonNegativeLeastSquares(
  rows: readonly { readonly factors: readonly number[]; readonly value: number }[],
): number[] {
  const columns = rows[0]?.factors.length ?? 0;
  let best = { coefficients: Array.from({ length: columns }, () => 0), error: squaredError(rows, []) };
  for (let subset = 1; subset < 2 ** columns; subset++) {
    const chosen = Array.from({ length: columns }, (_, i) => i).filter((i) => subset & (1 << i));
    const solution = solve(
      chosen.map((i) => chosen.map((j) => sum(rows, ({ factors }) => factors[i]! * factors[j]!))),
      chosen.map((i) => sum(rows, ({ factors, value }) => factors[i]! * value)),
    );
    if (!solution || solution.some((coefficient) => coefficient < 0)) continue;
    const coefficients = Array.from({ length: columns }, (_, i) => solution[chosen.indexOf(i)] ?? 0);
    const error = squaredError(rows, coefficients);
    if (error < best.error) best = { coefficients, error };
  }
  return best.coefficients;
}

type Row = { readonly factors: readonly number[]; readonly value: number };

function squaredError(rows: readonly Row[], coefficients: readonly number[]): number {
  return sum(rows, ({ factors, value }) => {
    const predicted = coefficients.reduce((total, coefficient, i) => total + coefficient * factors[i]!, 0);
    return (predicted - value) ** 2;
  });
}

function sum(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

/** Gaussian elimination with pivoting, of columns scaled to one size; undefined where the matrix is singular. */
function solve(matrix: number[][], right: number[]): number[] | undefined {
  const n = right.length;
  const scale = matrix.map((row, i) => 1 / Math.sqrt(row[i]! || 1));
  const work = matrix.map((row, i) => [
    ...row.map((value, j) => value * scale[i]! * scale[j]!),
    right[i]! * scale[i]!,
  ]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) {
      if (Math.abs(work[i]![column]!) > Math.abs(work[pivot]![column]!)) pivot = i;
    }
    if (Math.abs(work[pivot]![column]!) < 1e-12) return undefined;
    [work[column], work[pivot]] = [work[pivot]!, work[column]!];
    for (let i = 0; i < n; i++) {
      if (i === column) continue;
      const factor = work[i]![column]! / work[column]![column]!;
      for (let j = column; j <= n; j++) work[i]![j]! -= factor * work[column]![j]!;
    }
  }
  return work.map((row, i) => (row[n]! / row[i]!) * scale[i]!);
}
