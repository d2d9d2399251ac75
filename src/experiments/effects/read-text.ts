/** The text on which effects are measured, and where a unit is active in it. */

export interface ReadText {
  /** Contexts one after the other, each read by the model from its own first token. */
  readonly tokens: Int32Array;
  /** Tokens in a context. */
  readonly context: number;
  /** So many contexts at the beginning are held out. */
  readonly heldout: number;
  /** The token between documents and in front of each context. */
  readonly separator: number;
  readonly vocabSize: number;
}

/** The tokens with f > 0, ascending, as indices into `ReadText.tokens`, and f there. */
export interface ActiveTokens {
  readonly rows: Uint32Array;
  readonly values: Float32Array;
}

/** Whether the prediction behind a token is looked at: some text is in front of it, and something follows in its context. */
export function predictsText({ tokens, context, separator }: ReadText, row: number): boolean {
  return tokens[row] !== separator && (row + 1) % context !== 0;
}

/** Largest f; 0 for a unit that never fires. */
export function highest({ values }: ActiveTokens): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** The `count` tokens with the largest sum of f, largest first; of equal ones the lower id first. */
export function mostActiveTokens(
  { tokens }: ReadText,
  { rows, values }: ActiveTokens,
  count: number,
): number[] {
  const sums = new Map<number, number>();
  rows.forEach((row, i) => sums.set(tokens[row]!, (sums.get(tokens[row]!) ?? 0) + values[i]!));
  return [...sums]
    .sort(([a, x], [b, y]) => y - x || a - b)
    .slice(0, count)
    .map(([token]) => token);
}
