/**
 * A proxy: a number at every token that says whether its text looks like some context, computed without the model. A feature that
 * responds to the context has to go with it (Bricken et al. 2023, "Activation specificity" and "Activation sensitivity").
 *
 *   value_j = max over strings s ending at token j of log( P(s | context) / P(s) ),   P(s) = Π_{t ∈ s} p(t)
 *
 * p(t) is how often t occurs. A token is accepted where the value is positive: its text is likelier in the context than in general.
 */

export interface Proxy {
  /** As it was asked for: "arabic", "script:Greek", "regex:\d+". */
  readonly name: string;
  /** The value of most tokens, where there is one. Sums are taken of the difference from it, so that most terms are 0. */
  readonly usual: number;
  /**
   * Writes the value at every token of whole contexts, `tokens` [n, context], to `values` of the same length.
   * @throws Failure when a pattern of the user's takes too long
   */
  evaluate(tokens: Int32Array, context: number, values: Float64Array): void;
}

/** Bricken et al. 2023: the probability of what cannot occur in a context. */
export const NEVER = 1e-10;
