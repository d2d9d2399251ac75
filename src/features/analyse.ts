/**
 * One pass over the text for everything that is counted on it: the model's first half on several contexts at once, the active
 * units of every token, and all collectors on them in the order of the text.
 */

import type { TokenShards } from "../text/shards.ts";
import type { Collector } from "./batch.ts";
import type { Units } from "./units.ts";

/** Activations at one hook point. */
export interface Reader {
  readonly hook: string;
  readonly dIn: number;
  /** Contexts in one call, and tokens in each. */
  readonly batch: number;
  readonly context: number;
  /** Tokens [batch, context] → activation [batch · context, d_in], in `into` (shared memory) when it is given. */
  read(tokens: Int32Array, into?: Float32Array): Promise<Float32Array>;
}

export interface AnalysisProgress {
  /** Tokens done and to do. */
  readonly tokens: number;
  readonly total: number;
}

export interface AnalysisPass {
  readonly shards: TokenShards;
  /** Tokens of the train split, at most; all held-out contexts come first. Whole contexts, evenly strided where there are more. */
  readonly trainTokens: number;
  /** Held-out tokens, at most; all unless given. */
  readonly heldoutTokens?: number;
  /** What is counted, each with the reader of the hook point at which its units live. Sets with one reader share its passes. */
  readonly units: readonly { readonly units: Units; readonly reader: Reader }[];
  readonly collectors: readonly Collector[];
  /** Passes of the model under way at once. Results do not depend on it. */
  readonly concurrency: number;
  /** Where to save every `minutes`, and go on from. `fingerprint` is of whatever must not differ between the two. */
  readonly checkpoint?: { readonly folder: string; readonly minutes: number; readonly fingerprint: string };
  readonly onProgress?: (progress: AnalysisProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Feeds every collector the contexts to read; they then hold the results.
 * @returns tokens analysed of each split
 * @throws Failure for a damaged checkpoint or one of another request; the signal's reason when it is aborted, after a checkpoint
 */
export function analyse(_pass: AnalysisPass): Promise<{ train: number; heldout: number }> {
  throw new Error("not yet");
}
