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
}

/** Takes one finished context (its array is reused) and the kind that most of its tokens are of. */
export type ContextSink = (context: Int32Array, kind: number) => void;

export class Packer {
  readonly #context: Int32Array;
  readonly #bos: number;
  /** Tokens in #context, the leading separator included. */
  #length = 1;
  #started = false;
  /** Tokens of each kind in the piece. */
  #tallies = new Map<number, number>();

  constructor(contextLength: number, bosId: number, state?: PackerState) {
    this.#context = new Int32Array(contextLength);
    this.#context[0] = this.#bos = bosId;
    if (state === undefined) return;
    this.#context.set(state.piece, 1);
    this.#length = 1 + state.piece.length;
    this.#started = state.started;
    this.#tallies = new Map(state.tallies);
  }

  get state(): PackerState {
    const piece = Array.from(this.#context.subarray(1, this.#length));
    return { piece, started: this.#started, tallies: [...this.#tallies] };
  }

  /** Tokens of the incomplete piece. */
  get pending(): number {
    return this.#length - 1;
  }

  /** Adds one document's tokens, all of one `kind`, handing every context that gets full to `sink`. */
  push(ids: Int32Array, kind: number, sink: ContextSink): void {
    if (this.#started) this.#add(this.#bos, kind, sink);
    this.#started = true;
    for (let i = 0; i < ids.length; i++) this.#add(ids[i]!, kind, sink);
  }

  #add(id: number, kind: number, sink: ContextSink): void {
    if (id === this.#bos && this.#context[this.#length - 1] === this.#bos) return;
    this.#context[this.#length++] = id;
    this.#tallies.set(kind, (this.#tallies.get(kind) ?? 0) + 1);
    if (this.#length < this.#context.length) return;
    sink(this.#context, this.#majority());
    this.#length = 1;
    this.#tallies.clear();
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
