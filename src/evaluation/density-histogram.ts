/**
 * Log-density histogram and its left mode.
 *
 * density_i = share of tokens with f_i > 0, resolution 1/tokens. Bins are a quarter of a decade wide and the first is centred
 * on one firing, so that no bin up to two firings stays empty merely because densities are multiples of 1/tokens: such
 * holes would look like a valley.
 *
 * Bricken et al. 2023 (A/16) found two modes, the left one ("ultralow density") almost never interpretable. Rule used here:
 * smooth the counts twice with (1, 2, 1)/4; at each bin take depth = min(highest bin to the left, highest to the right)
 * − the bin; the deepest is the valley. It counts when it is at most half as high as the lower of its two peaks, at least
 * 1 % of the features that fired lie left of it, and the left peak is below a density of 1e-4 (a rarer and a more frequent
 * kind of ordinary feature are no ultralow cluster). Without a valley the paper's line of 1e-6 is used.
 */

export interface DensityHistogram {
  /** log10 of density; counts[i] lies in [edges[i], edges[i + 1]). */
  edges: number[];
  counts: number[];
  /** Features that never fired: they have no place on a log axis. */
  never: number;
}

export type UltralowRule = "valley" | "threshold";

const BIN_WIDTH = 0.25;
/** Bricken et al. 2023: below this density A/1's features were set aside. */
export const ULTRALOW_DENSITY = 1e-6;
const LEFT_MODE_DENSITY = 1e-4;

/** The histogram of `firings` [d_sae] counted over `tokens` tokens. */
export function densityHistogram(firings: ArrayLike<number>, tokens: number): DensityHistogram {
  const start = -Math.log10(tokens) - BIN_WIDTH / 2;
  const bins = Math.max(1, Math.ceil(-start / BIN_WIDTH + 1e-9));
  const edges = Array.from({ length: bins + 1 }, (_, i) => start + i * BIN_WIDTH);
  const counts = edges.slice(1).map(() => 0);
  let never = 0;
  for (let feature = 0; feature < firings.length; feature++) {
    const fired = firings[feature]!;
    if (fired === 0) never++;
    else counts[Math.min(bins - 1, Math.floor((Math.log10(fired / tokens) - start) / BIN_WIDTH + 1e-9))]!++;
  }
  return { edges, counts, never };
}

/** The density below which a feature that fired is ultralow, and which of the two rules gave it. */
export function ultralowThreshold(histogram: DensityHistogram): { threshold: number; rule: UltralowRule } {
  const valley = deepestValley(histogram);
  return valley === null
    ? { threshold: ULTRALOW_DENSITY, rule: "threshold" }
    : { threshold: 10 ** (histogram.edges[valley]! + BIN_WIDTH / 2), rule: "valley" };
}

function deepestValley({ edges, counts }: DensityHistogram): number | null {
  const smooth = smoothed(smoothed(counts));
  let best: { bin: number; depth: number } | null = null;
  for (let bin = 1; bin < smooth.length - 1; bin++) {
    const depth = Math.min(...peaksAround(smooth, bin)) - smooth[bin]!;
    if (depth > 0 && (best === null || depth > best.depth)) best = { bin, depth };
  }
  if (best === null) return null;
  const bin = middleOfFloor(smooth, best.bin);
  const peaks = peaksAround(smooth, bin);
  const leftPeak = smooth.indexOf(peaks[0]);
  const fired = counts.reduce((sum, count) => sum + count, 0);
  const left = counts.slice(0, bin).reduce((sum, count) => sum + count, 0);
  const distinct = smooth[bin]! <= 0.5 * Math.min(...peaks);
  return distinct && left >= 0.01 * fired && edges[leftPeak]! < Math.log10(LEFT_MODE_DENSITY) ? bin : null;
}

function peaksAround(values: readonly number[], bin: number): [left: number, right: number] {
  return [Math.max(...values.slice(0, bin)), Math.max(...values.slice(bin + 1))];
}

/** A wide empty valley has many equally low bins: its middle is the one least disturbed by either mode. */
function middleOfFloor(values: readonly number[], bin: number): number {
  let last = bin;
  while (values[last + 1] === values[bin]) last++;
  return Math.floor((bin + last) / 2);
}

/** (1, 2, 1)/4, the ends repeated so that mass is kept. */
function smoothed(values: readonly number[]): number[] {
  return values.map((value, i) => ((values[i - 1] ?? value) + 2 * value + (values[i + 1] ?? value)) / 4);
}
