/**
 * Least squares of y = a + Σ_v b_v · x_v^(−c_v), for one variable or two.
 *
 * Given the exponents, a and b are linear least squares, so only the exponents are searched (variable projection, Golub & Pereyra
 * 1973): on a grid of their logarithms first, as there can be several valleys, then by damped Gauss–Newton steps with Kaufman's
 * (1975) derivative.
 */

import { decompose, dot, solveUpper, subtract } from "./linear-algebra.ts";

export interface PowerLaw {
  readonly floor: number;
  /** For each variable: b in the variable's own unit, and c. */
  readonly scales: readonly number[];
  readonly exponents: readonly number[];
  readonly residualSumOfSquares: number;
}

/** Beyond these a power cannot be told from a logarithm, or from a step behind the smallest value. */
export const EXPONENTS = { least: 0.02, most: 8 };

const RANGE = [Math.log(EXPONENTS.least), Math.log(EXPONENTS.most)] as const;

/** What least squares needs at one choice of exponents, whatever the outcome. */
interface Basis {
  readonly logExponents: readonly number[];
  /** x^(−c) / x₀^(−c) of each variable, and their means. */
  readonly powers: readonly Float64Array[];
  /** Orthonormal directions of ones and powers. */
  readonly q: readonly Float64Array[];
  readonly r: readonly Float64Array[];
  /** Which of ones and powers q stands for: two variables that go together have one power too many. */
  readonly kept: readonly number[];
}

/** The same variables for many outcomes. */
export class PowerLawFitter {
  /** log(x / x₀) of each variable, x₀ its geometric mean, so that no power overflows. */
  readonly #logs: readonly Float64Array[];
  readonly #centres: readonly number[];
  readonly #grid: readonly Basis[];

  /** @param variables one or two, of positive numbers */
  constructor(variables: readonly ArrayLike<number>[]) {
    const logs = variables.map((values) => Float64Array.from(values, Math.log));
    this.#centres = logs.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
    this.#logs = logs.map((values, v) => values.map((value) => value - this.#centres[v]!));
    const steps = variables.length === 1 ? 25 : 13;
    const line = Array.from(
      { length: steps },
      (_, i) => RANGE[0] + ((RANGE[1] - RANGE[0]) * i) / (steps - 1),
    );
    const grid = variables.length === 1 ? line.map((x) => [x]) : line.flatMap((x) => line.map((y) => [x, y]));
    this.#grid = grid.map((at) => this.#basis(at));
  }

  fit(y: ArrayLike<number>): PowerLaw {
    const outcome = Float64Array.from(y);
    let [best, cost] = [this.#grid[0]!, -Infinity];
    for (const basis of this.#grid) {
      const explained = basis.q.reduce((sum, direction) => sum + dot(direction, outcome) ** 2, 0);
      if (explained > cost) [best, cost] = [basis, explained];
    }
    let rest = residuals(best, outcome);
    for (let damping = 1e-3, step = 0; step < 100 && damping < 1e12; step++) {
      const moves = this.#step(best, outcome, rest, damping);
      const logExponents = best.logExponents.map((x, v) => clamped(x + moves[v]!));
      const travelled = Math.max(...logExponents.map((x, v) => Math.abs(x - best.logExponents[v]!)));
      if (!(travelled > 1e-10)) break;
      const next = this.#basis(logExponents);
      const nextRest = residuals(next, outcome);
      if (dot(nextRest, nextRest) < dot(rest, rest)) {
        [best, rest] = [next, nextRest];
        damping /= 10;
      } else damping *= 10;
    }
    return this.#law(best, outcome, dot(rest, rest));
  }

  /** Columns of derivatives by a, b_v and c_v, each up to a factor: what the fit is linear in near its end. */
  derivatives({ exponents }: PowerLaw): Float64Array[] {
    const { powers } = this.#basis(exponents.map(Math.log));
    const slopes = powers.map((power, v) => power.map((value, i) => value * this.#logs[v]![i]!));
    return [new Float64Array(this.#logs[0]!.length).fill(1), ...powers, ...slopes];
  }

  #basis(logExponents: readonly number[]): Basis {
    const powers = logExponents.map((x, v) => this.#logs[v]!.map((log) => Math.exp(-Math.exp(x) * log)));
    const { q, r, kept } = decompose([new Float64Array(this.#logs[0]!.length).fill(1), ...powers]);
    return { logExponents, powers, q, r, kept };
  }

  /** Solves (JᵀJ + damping · diag) δ = Jᵀ rest, J the change of the fit with log c beyond what a and b take up. */
  #step(basis: Basis, y: Float64Array, rest: Float64Array, damping: number): number[] {
    const scales = coefficients(basis, y);
    const slopes = basis.powers.map((power, v) => {
      const c = Math.exp(basis.logExponents[v]!);
      const slope = power.map((value, i) => -scales[v + 1]! * c * this.#logs[v]![i]! * value);
      for (const direction of basis.q) subtract(slope, direction, dot(direction, slope));
      return slope;
    });
    const pull = slopes.map((slope) => dot(slope, rest));
    const [a, b] = slopes as [Float64Array, Float64Array | undefined];
    const aa = dot(a, a) * (1 + damping);
    if (b === undefined) return [aa > 0 ? pull[0]! / aa : 0];
    const [ab, bb] = [dot(a, b), dot(b, b) * (1 + damping)];
    const determinant = aa * bb - ab * ab;
    if (!(determinant > 0)) return [0, 0];
    return [(pull[0]! * bb - pull[1]! * ab) / determinant, (pull[1]! * aa - pull[0]! * ab) / determinant];
  }

  #law(basis: Basis, y: Float64Array, residualSumOfSquares: number): PowerLaw {
    const [floor, ...scaled] = coefficients(basis, y) as [number, ...number[]];
    const exponents = basis.logExponents.map(Math.exp);
    const scales = scaled.map((b, v) => b * Math.exp(exponents[v]! * this.#centres[v]!));
    return { floor, scales, exponents, residualSumOfSquares };
  }
}

/** y of the law at the given values of its variables. */
export function valueOf({ floor, scales, exponents }: PowerLaw, at: readonly number[]): number {
  return scales.reduce((sum, b, v) => sum + b * at[v]! ** -exponents[v]!, floor);
}

/** Of ones and of each power; 0 for one that the others make up. */
function coefficients({ q, r, kept, powers }: Basis, y: Float64Array): number[] {
  const solved = solveUpper(
    r,
    q.map((direction) => dot(direction, y)),
  );
  const all = Array.from({ length: powers.length + 1 }, () => 0);
  kept.forEach((column, k) => (all[column] = solved[k]!));
  return all;
}

function residuals({ q }: Basis, y: Float64Array): Float64Array {
  const rest = y.slice();
  for (const direction of q) subtract(rest, direction, dot(direction, rest));
  return rest;
}

function clamped(x: number): number {
  return Math.max(RANGE[0], Math.min(RANGE[1], x));
}
