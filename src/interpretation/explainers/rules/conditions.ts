/**
 * Rules: at most one condition on a token and one on what stands before or around it. All of them can be told from the tokens of a sequence.
 */

/** Of the token itself: which one it is, a trait (traits.ts), or its script. */
export type OfToken =
  | { readonly kind: "token"; readonly token: number }
  | { readonly kind: "trait"; readonly trait: number }
  | { readonly kind: "script"; readonly script: number };

/** Of the token before it, or of what it stands in. */
export type OfContext =
  | { readonly kind: "after-token"; readonly token: number }
  | { readonly kind: "after-trait"; readonly trait: number }
  | { readonly kind: "surroundings"; readonly bit: number };

export interface Rule {
  readonly current: OfToken | null;
  readonly context: OfContext | null;
}
