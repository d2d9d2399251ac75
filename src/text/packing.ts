/**
 * Packs documents into contexts of equal length without padding.
 *
 * Documents are joined by one separator (the model's BOS); the stream is cut in pieces of context − 1 tokens, and the
 * separator is put before each piece. A separator where one already stands, at the start of a piece or after another,
 * is left out. So every context begins with BOS, as in TransformerLens, and BOS never stands twice in a row.
 */

/** The rule in words, for the manifest. */
export const packingRule =
  "documents joined by one separator; cut in pieces of context-1 tokens; a separator at the start of a piece or after " +
  "another separator is left out; each piece preceded by one separator; the last, incomplete piece is dropped";

/** Everything a packer knows, as JSON. */
export interface PackerState {
  readonly piece: readonly number[];
  readonly started: boolean;
  readonly tallies: readonly (readonly [number, number])[];
  /** The piece begins with the first token of a document. */
  readonly begins?: boolean;
}

/**
 * Takes one finished context (its array is reused), the kind that most of its tokens are of, and whether a document begins behind its
 * first separator: elsewhere a separator says so, there one stands anyway.
 */
export type ContextSink = (context: Int32Array, kind: number, begins: boolean) => void;

export class Packer {
  readonly #context: Int32Array;
  readonly #bos: number;
  /** Tokens in #context, the leading separator included. */
  #length = 1;
  #started = false;
  #begins = false;
  /** Tokens of each kind in the piece. */
  #tallies = new Map<number, number>();

  constructor(contextLength: number, bosId: number, state?: PackerState) {
    this.#context = new Int32Array(contextLength);
    this.#context[0] = this.#bos = bosId;
    if (state === undefined) return;
    this.#context.set(state.piece, 1);
    this.#length = 1 + state.piece.length;
    this.#started = state.started;
    this.#begins = state.begins === true;
    this.#tallies = new Map(state.tallies);
  }

  get state(): PackerState {
    const piece = Array.from(this.#context.subarray(1, this.#length));
    return { piece, started: this.#started, tallies: [...this.#tallies], begins: this.#begins };
  }

  /** Tokens of the incomplete piece. */
  get pending(): number {
    return this.#length - 1;
  }

  /** Adds one document's tokens, all of one `kind`, handing every context that gets full to `sink`. */
  push(ids: Int32Array, kind: number, sink: ContextSink): void {
    const context = this.#context;
    const bos = this.#bos;
    let length = this.#length;
    let counted = length;
    if (length === 1) this.#begins = true;
    const tally = () => this.#tallies.set(kind, (this.#tallies.get(kind) ?? 0) + length - counted);
    for (let i = this.#started ? -1 : 0; i < ids.length; i++) {
      const id = i < 0 ? bos : ids[i]!;
      if (id === bos && context[length - 1] === bos) continue;
      context[length++] = id;
      if (length < context.length) continue;
      tally();
      sink(context, this.#majority(), this.#begins);
      this.#begins = false;
      this.#tallies.clear();
      length = counted = 1;
    }
    tally();
    this.#started = true;
    this.#length = length;
  }

  /** The kind with most tokens; among equals the one met first. */
  #majority(): number {
    let best = 0;
    let most = -1;
    for (const [kind, count] of this.#tallies) {
      if (count > most) [best, most] = [kind, count];
    }
    return best;
  }
}
