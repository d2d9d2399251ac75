/** How often each token of the vocabulary occurs in the analysed text. */

import { Failure } from "../../errors.ts";
import type { ReadTensors } from "../../files/checkpoints.ts";
import type { Collector, SavedCollector, TallyBatch } from "../pass/batch.ts";
import { bitsOf, setBits } from "../pass/bits.ts";

export class TokenCounts implements Collector {
  readonly name = "tokens";
  /** [vocab] */
  readonly counts: Float64Array;

  constructor(vocabSize: number) {
    this.counts = new Float64Array(vocabSize);
  }

  add({ tokens }: TallyBatch): void {
    for (const token of tokens) this.counts[token]!++;
  }

  save(): SavedCollector {
    return { tensors: { counts: bitsOf(this.counts) }, state: { vocabSize: this.counts.length } };
  }

  restore({ tensors, state }: { tensors: ReadTensors; state: unknown }): void {
    const { vocabSize } = state as { vocabSize: number };
    if (vocabSize !== this.counts.length) {
      throw new Failure("the checkpoint is of a model with another vocabulary: delete it to begin anew");
    }
    setBits(this.counts, tensors["counts"]);
  }
}
