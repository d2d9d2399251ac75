/**
 * The text of a pass as a passage, with documents numbered over both splits and dealt to sides.
 *
 * Sets that are read on every so many-th batch only have a passage of their own: those contexts, with the numbers and sides that their
 * documents have in the whole. So a document has one side, whichever set it is looked at through.
 */

import { Failure } from "../../errors.ts";
import type { ReadTensors } from "../../files/checkpoints.ts";
import type { Collector, SavedCollector, TallyBatch } from "../../features/pass/batch.ts";
import { bitsOf, setBits } from "../../features/pass/bits.ts";
import { type ContextsToRead, READING_ORDER } from "../../features/pass/contexts-to-read.ts";
import { contextsReadOn } from "../../features/pass/read-batches.ts";
import type { Passage } from "./passage.ts";
import { dealSides } from "./sides.ts";

export interface PassageOptions {
  /** What the pass reads, and how: see `Reader`. */
  readonly contexts: ContextsToRead;
  readonly context: number;
  readonly batch: number;
  /** The token between documents, which is none's. */
  readonly separator: number;
  readonly seed: number;
  readonly tokenText: (id: number) => string;
}

/** Number of a document among its split's and those of the other: the text alone decides it, not how much of it is read. */
function keyOf(split: TallyBatch["split"], number: number): number {
  return 2 * number + READING_ORDER.indexOf(split);
}

export class PassageCollector implements Collector {
  readonly name = "passage";
  readonly #options: PassageOptions;
  readonly #tokens: Int32Array;
  /** Number of each token's document, in the order in which they are met. */
  readonly #documents: Int32Array;
  #filled = 0;
  /** Of each document so far. */
  #keys: number[] = [];
  #numbers = new Map<number, number>();
  readonly #passages = new Map<number, Passage>();

  constructor(options: PassageOptions) {
    this.#options = options;
    const { contexts, context } = options;
    const size = context * READING_ORDER.reduce((sum, split) => sum + contexts[split].length, 0);
    this.#tokens = new Int32Array(size);
    this.#documents = new Int32Array(size);
  }

  add({ split, tokens, documents }: TallyBatch): void {
    this.#tokens.set(tokens, this.#filled);
    // Most tokens are of the same document as the one before.
    let last = -1;
    let number = -1;
    for (let i = 0; i < tokens.length; i++) {
      if (tokens[i] === this.#options.separator) {
        this.#documents[this.#filled + i] = -1;
        continue;
      }
      if (documents[i] !== last) {
        last = documents[i]!;
        number = this.#numberOf(keyOf(split, last));
      }
      this.#documents[this.#filled + i] = number;
    }
    this.#filled += tokens.length;
  }

  #numberOf(key: number): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#keys.length);
    return this.#keys.push(key) - 1;
  }

  /** When all is read: the contexts that sets with this `every` are read on. Sets with the same share one passage. */
  passage(every = 1): Passage {
    let passage = this.#passages.get(every);
    if (passage === undefined) this.#passages.set(every, (passage = this.#passage(every)));
    return passage;
  }

  #passage(every: number): Passage {
    if (this.#filled !== this.#tokens.length) throw new Error("the passage is not read to its end");
    if (every > 1) return this.#sparse(every);
    const { contexts, context, seed, tokenText } = this.#options;
    return {
      tokens: this.#tokens,
      documents: this.#documents,
      starts: startsOf(this.#tokens.length, context),
      sides: dealSides(this.#keys.length, seed, this.#keys),
      places: placesOf(contexts),
      tokenText,
    };
  }

  #sparse(every: number): Passage {
    const { contexts, context, batch } = this.#options;
    const whole = this.passage();
    const read = contextsReadOn(contexts, batch, every);
    const places = placesOf(read);
    const tokens = new Int32Array(places.length * context);
    const documents = new Int32Array(tokens.length);
    // Both lists are in the order of the pass, so one walk through the whole finds all.
    let at = 0;
    for (const [i, { split, context: number }] of places.entries()) {
      while (whole.places![at]!.split !== split || whole.places![at]!.context !== number) at++;
      tokens.set(whole.tokens.subarray(at * context, (at + 1) * context), i * context);
      documents.set(whole.documents.subarray(at * context, (at + 1) * context), i * context);
    }
    return { ...whole, tokens, documents, starts: startsOf(tokens.length, context), places };
  }

  save(): SavedCollector {
    const keys = Float64Array.from(this.#keys);
    return {
      tensors: {
        tokens: bitsOf(this.#tokens.subarray(0, this.#filled)),
        documents: bitsOf(this.#documents.subarray(0, this.#filled)),
        keys: bitsOf(keys),
      },
      state: { size: this.#tokens.length, filled: this.#filled, documents: keys.length },
    };
  }

  restore({ tensors, state }: { readonly tensors: ReadTensors; readonly state: unknown }): void {
    const saved = state as { readonly size: number; readonly filled: number; readonly documents: number };
    if (saved.size !== this.#tokens.length) {
      throw new Failure("the checkpoint is of another amount of text: delete it to begin anew");
    }
    setBits(this.#tokens.subarray(0, saved.filled), tensors["tokens"]);
    setBits(this.#documents.subarray(0, saved.filled), tensors["documents"]);
    const keys = new Float64Array(saved.documents);
    setBits(keys, tensors["keys"]);
    this.#filled = saved.filled;
    this.#keys = Array.from(keys);
    this.#numbers = new Map(this.#keys.map((key, number) => [key, number]));
  }
}

function startsOf(tokens: number, context: number): Int32Array {
  return Int32Array.from({ length: tokens / context + 1 }, (_, i) => i * context);
}

function placesOf(contexts: ContextsToRead): NonNullable<Passage["places"]> {
  return READING_ORDER.flatMap((split) => Array.from(contexts[split], (context) => ({ split, context })));
}
