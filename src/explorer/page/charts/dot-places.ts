/** Points of a small chart by their pixels: where those of the rare-feature plot lie, and which one is meant by a place. */

export interface Dots {
  /** Pixels in the canvas. */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Which of the chart's colours each has. */
  readonly colour: ArrayLike<number>;
}

/** The point nearest to a place, no further than `reach`; null where there is none. */
export function nearestDot(
  { x, y }: Pick<Dots, "x" | "y">,
  left: number,
  top: number,
  reach: number,
): number | null {
  let nearest = reach * reach;
  let found: number | null = null;
  for (let at = 0; at < x.length; at++) {
    const distance = (x[at]! - left) ** 2 + (y[at]! - top) ** 2;
    if (distance < nearest) [nearest, found] = [distance, at];
  }
  return found;
}

/**
 * Features that have a cosine, rare ones (below `edge`) in the second colour. Those that never fired are spread over a column of their
 * own at the left end.
 */
export function rareDots(
  densities: readonly (number | null)[],
  cosines: readonly (number | null)[],
  low: number,
  edge: number,
  xOf: (value: number) => number,
  yOf: (value: number) => number,
): { readonly features: Int32Array; readonly dots: Dots } {
  const shown = densities.flatMap((_, feature) =>
    cosines[feature] === null || cosines[feature] === undefined ? [] : [feature],
  );
  const places = shown.map((feature) => densities[feature] ?? low + 0.25 + 0.3 * spread(feature));
  return {
    features: Int32Array.from(shown),
    dots: {
      x: Float32Array.from(places, xOf),
      y: Float32Array.from(shown, (feature) => yOf(cosines[feature]!)),
      colour: Uint8Array.from(shown, (feature) => ((densities[feature] ?? -Infinity) < edge ? 1 : 0)),
    },
  };
}

/** Between 0 and 1, the same for a feature every time, unlike its neighbours'. */
function spread(feature: number): number {
  return (feature * 0.618_033_988_75) % 1;
}
