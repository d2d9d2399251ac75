/**
 * Mean and spread of activations in one pass, over any number of rows.
 *
 *   x̄_d = (1/n) Σ_t x_td          S_d = Σ_t (x_td − x̄_d)²
 *
 * Batches are merged with Chan, Golub & LeVeque (1983): δ = m_b − m_a;  m ← m_a + δ n_b/n;  S ← S_a + S_b + δ² n_a n_b / n.
 * The textbook Σx² − n x̄² cancels catastrophically when the mean is large against the spread, which real activations
 * (GPT-2's residual stream above all) do have.
 */
export class Moments {
  readonly mean: Float64Array;
  /** S_d, the sum of squared deviations from the mean. */
  readonly deviation: Float64Array;
  rows = 0;

  constructor(dIn: number) {
    this.mean = new Float64Array(dIn);
    this.deviation = new Float64Array(dIn);
  }

  /** Takes in those of the first `rows` rows of `x` [rows, d_in] that `wanted` picks. */
  add(x: Float32Array, rows: number, wanted: (row: number) => boolean = () => true): void {
    const dIn = this.mean.length;
    const batch = new Moments(dIn);
    for (let row = 0; row < rows; row++) {
      if (!wanted(row)) continue;
      batch.rows++;
      for (let d = 0, at = row * dIn; d < dIn; d++, at++) batch.mean[d]! += x[at]!;
    }
    for (let d = 0; d < dIn; d++) batch.mean[d]! /= batch.rows;
    for (let row = 0; row < rows; row++) {
      if (!wanted(row)) continue;
      for (let d = 0, at = row * dIn; d < dIn; d++, at++)
        batch.deviation[d]! += (x[at]! - batch.mean[d]!) ** 2;
    }
    this.merge(batch);
  }

  merge(other: Moments): void {
    if (other.rows === 0) return;
    const rows = this.rows + other.rows;
    for (let d = 0; d < this.mean.length; d++) {
      const shift = other.mean[d]! - this.mean[d]!;
      this.mean[d]! += (shift * other.rows) / rows;
      this.deviation[d]! += other.deviation[d]! + (shift * shift * this.rows * other.rows) / rows;
    }
    this.rows = rows;
  }

  /** Σ_t ‖x_t − x̄‖²: the denominator of the explained variance. */
  get totalDeviation(): number {
    return this.deviation.reduce((sum, s) => sum + s, 0);
  }
}

/**
 * Explained variance `1 − Σ‖x−x̂‖² / Σ‖x−x̄‖²`, sums over the whole set, x̄ per dimension. A constant offset of x̂ is charged.
 * @returns null when the activation does not vary.
 */
export function explainedVariance(squaredError: number, totalDeviation: number): number | null {
  return totalDeviation > 0 ? 1 - squaredError / totalDeviation : null;
}
