/**
 * Where activations come from, by number of context: the source model itself (harvested-activations.ts), or shards on
 * disk that it filled once (cached-activations.ts). The stream that is made of them does not know which.
 */

export interface ActivationSource {
  /** Length of an activation. */
  readonly dIn: number;
  /** Contexts that can be read, and rows (tokens) in each. */
  readonly contexts: number;
  readonly context: number;
  /**
   * Contexts in one pass of the source model. The stream takes whole passes whatever it reads from, so that activations
   * from the model and from disk come in one order.
   */
  readonly batch: number;
  /**
   * Writes the rows of `contexts`, one context after the other, into `into` [contexts.length · context, d_in] on shared
   * memory.
   * @param onRead called with the number of contexts that have arrived since the last call; what it throws ends the reading
   * @throws Failure when they cannot be read
   */
  read(contexts: readonly number[], into: Float32Array, onRead?: (contexts: number) => void): Promise<void>;
}
