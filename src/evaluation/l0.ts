/**
 * L0, the number of features active on one token, as a distribution: a mean of 20 can hide tokens with none and tokens with hundreds.
 * Bricken et al. 2023: good dictionaries had a mean "generally < 10 or 20"; a sizeable share of d_in is a warning.
 */
export class L0Counts {
  /** tokens[k] = number of tokens with exactly k active features. */
  readonly tokens: Float64Array;

  constructor(dSae: number) {
    this.tokens = new Float64Array(dSae + 1);
  }

  add(active: number): void {
    this.tokens[active]!++;
  }

  /** The smallest k such that at least the share q of tokens has at most k active features. */
  quantile(q: number): number {
    const wanted = q * this.tokens.reduce((sum, count) => sum + count, 0);
    let below = 0;
    for (let k = 0; k < this.tokens.length; k++) {
      below += this.tokens[k]!;
      if (below >= wanted && below > 0) return k;
    }
    return 0;
  }

  /** At most `maxBins` bins of whole numbers: counts[i] tokens have edges[i] ≤ L0 < edges[i + 1]. */
  histogram(maxBins = 120): { edges: number[]; counts: number[] } {
    let top = this.tokens.length - 1;
    while (top > 0 && this.tokens[top] === 0) top--;
    const width = Math.ceil((top + 1) / maxBins);
    const bins = Math.ceil((top + 1) / width);
    const edges = Array.from({ length: bins + 1 }, (_, i) => i * width);
    const counts = edges.slice(1).map(() => 0);
    for (let k = 0; k <= top; k++) counts[Math.floor(k / width)]! += this.tokens[k]!;
    return { edges, counts };
  }
}
