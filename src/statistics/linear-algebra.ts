/**
 * Dense linear algebra for tables of some hundred rows and columns.
 *
 *     QR            Gram–Schmidt, each column twice ("twice is enough", Giraud et al. 2005), in the order given. A column of which less
 *                   than 1e-7 is left is taken for a sum of those before it and set aside, as R's lm does.
 *     eigenvalues   Jacobi's rotations: slow, and right for eigenvalues near 0 too
 */

export type Vector = Float64Array;

export interface Decomposition {
  /** Which columns are independent of those before them, and which are not. */
  readonly kept: readonly number[];
  readonly aliased: readonly number[];
  /** Orthonormal [kept][rows]. */
  readonly q: readonly Vector[];
  /** Upper triangular: kept column k = Σ_j q_j · r[k][j], j ≤ k. */
  readonly r: readonly Vector[];
  /** Each aliased column as a sum of kept ones [aliased][kept]. */
  readonly relations: readonly Vector[];
}

const DEPENDENT = 1e-7;

export function decompose(columns: readonly ArrayLike<number>[]): Decomposition {
  const kept: number[] = [];
  const aliased: number[] = [];
  const q: Vector[] = [];
  const r: Vector[] = [];
  const shares: Vector[] = [];
  columns.forEach((column, index) => {
    const rest = Float64Array.from(column);
    const before = norm(rest);
    const share = new Float64Array(q.length + 1);
    for (let pass = 0; pass < 2; pass++) {
      q.forEach((direction, j) => {
        const along = dot(direction, rest);
        share[j]! += along;
        subtract(rest, direction, along);
      });
    }
    const after = norm(rest);
    if (!(after > DEPENDENT * before)) {
      aliased.push(index);
      shares.push(share.subarray(0, q.length));
      return;
    }
    share[q.length] = after;
    for (let i = 0; i < rest.length; i++) rest[i]! /= after;
    kept.push(index);
    q.push(rest);
    r.push(share);
  });
  const relations = shares.map((share) => {
    const padded = new Float64Array(q.length);
    padded.set(share);
    return solveUpper(r, padded);
  });
  return { kept, aliased, q, r, relations };
}

/** x with Σ_k x_k · r[k] = y: back substitution. */
export function solveUpper(r: readonly Vector[], y: ArrayLike<number>): Vector {
  const x = Float64Array.from(y);
  for (let k = r.length - 1; k >= 0; k--) {
    x[k]! /= r[k]![k]!;
    for (let j = 0; j < k; j++) x[j]! -= x[k]! * r[k]![j]!;
  }
  return x;
}

/** x with r[k] · x = y_k for every k: forward substitution. */
export function solveLower(r: readonly Vector[], y: ArrayLike<number>): Vector {
  const x = new Float64Array(r.length);
  for (let k = 0; k < r.length; k++) {
    let sum = y[k]!;
    for (let j = 0; j < k; j++) sum -= r[k]![j]! * x[j]!;
    x[k] = sum / r[k]![k]!;
  }
  return x;
}

/** Eigenvalues and the rows of eigenvectors of a symmetric matrix, in no order. */
export function symmetricEigen(matrix: readonly Vector[]): { values: Vector; vectors: Vector[] } {
  const a = matrix.map((row) => row.slice());
  const n = a.length;
  const vectors = a.map((_, i) => Float64Array.from({ length: n }, (_unused, j) => (i === j ? 1 : 0)));
  const size = Math.hypot(...a.map(norm));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) off = Math.max(off, Math.abs(a[i]![j]!));
    if (!(off > 1e-15 * size)) break;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) rotate(a, vectors, i, j);
  }
  return { values: Float64Array.from(a, (row, i) => row[i]!), vectors };
}

/** Makes a[i][j] 0. */
function rotate(a: Vector[], vectors: Vector[], i: number, j: number): void {
  const between = a[i]![j]!;
  if (between === 0) return;
  const tau = (a[j]![j]! - a[i]![i]!) / (2 * between);
  const t = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  const turn = (first: Vector, second: Vector) => {
    for (let k = 0; k < first.length; k++) {
      const [x, y] = [first[k]!, second[k]!];
      first[k] = c * x - s * y;
      second[k] = s * x + c * y;
    }
  };
  turn(a[i]!, a[j]!);
  for (const row of a) {
    const [x, y] = [row[i]!, row[j]!];
    row[i] = c * x - s * y;
    row[j] = s * x + c * y;
  }
  a[i]![j] = 0;
  a[j]![i] = 0;
  turn(vectors[i]!, vectors[j]!);
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

export function norm(a: ArrayLike<number>): number {
  return Math.sqrt(dot(a, a));
}

/** from − amount · direction, in place. */
export function subtract(from: Vector, direction: ArrayLike<number>, amount: number): void {
  for (let i = 0; i < from.length; i++) from[i]! -= amount * direction[i]!;
}
