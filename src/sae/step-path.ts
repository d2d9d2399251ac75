/** Which way a step goes: densely or by active entries, and whether the encoder product is screened in eight bits. */

/** Share of features that fire on a token below which the sparse path is the faster one (docs/results.md). */
const SPARSE_BELOW = 0.12;

/**
 * Share of features whose products screening may leave for float32 before it stops to pay: a single product costs about seven
 * times its part of a whole product, and screening saves five sixths of that. Counted, not timed, so that a run repeats.
 */
const SCREEN_BELOW = 0.12;

/** Steps after which a screening that did not pay is tried once more. */
const TRY_AGAIN = 500;

export interface PathState {
  readonly dense: boolean;
  readonly screen: boolean;
}

export class StepPath {
  readonly #d_sae: number;
  readonly #canBeDense: boolean;
  readonly #canScreen: boolean;
  #dense: boolean;
  #screen: boolean;

  constructor(d_sae: number, canBeDense: boolean, canScreen: boolean) {
    this.#d_sae = d_sae;
    this.#canBeDense = canBeDense;
    this.#canScreen = canScreen;
    this.#dense = canBeDense;
    this.#screen = canScreen;
  }

  get dense(): boolean {
    return this.#dense;
  }

  /** Whether step `step` screens. */
  screens(step: number): boolean {
    return this.#screen || (this.#canScreen && step % TRY_AGAIN === 0);
  }

  /** Learns from a step. @returns the change of path, if there is one */
  observe(
    seen: { l0: number; products: number },
    took: { dense: boolean; screen: boolean },
  ): "dense-to-sparse" | "sparse-to-dense" | undefined {
    if (took.screen && !took.dense) this.#screen = seen.products <= SCREEN_BELOW * this.#d_sae;
    const before = this.#dense;
    // An overflow sends the run back to the dense path until it is sparse enough again.
    this.#dense = this.#canBeDense && took.dense && seen.l0 > SPARSE_BELOW * this.#d_sae;
    if (before === this.#dense) return undefined;
    return this.#dense ? "sparse-to-dense" : "dense-to-sparse";
  }

  save(): PathState {
    return { dense: this.#dense, screen: this.#screen };
  }

  restore({ dense, screen }: PathState): void {
    this.#dense = dense && this.#canBeDense;
    this.#screen = screen && this.#canScreen;
  }
}
