/** What a pretraining run is asked for, and what it reports at its end. */

import type { Baselines } from "./baselines.ts";
import type { PretrainOptions } from "./options.ts";
import type { KindLoss } from "./validation.ts";

export interface PretrainRequest {
  /** Text sources, as everywhere: paths, globs, hub datasets, `node_modules`. */
  readonly data: readonly string[];
  /** Folder of the finished model; its `work` folder holds shards and checkpoint. */
  readonly out: string;
  readonly heldoutShare: number;
  readonly threads: number;
  readonly options: PretrainOptions;
}

export interface PretrainResult {
  readonly parameters: number;
  readonly tokens: number;
  readonly train_tokens_available: number;
  readonly seconds: number;
  readonly validation_loss: number;
  readonly baselines: Baselines;
  readonly bits_per_byte: readonly KindLoss[];
}
