/**
 * The batches of an analysis, in order: contexts read from disk, several passes of the model's first half under way at once, the active units
 * of each batch found while the one before is being counted.
 */

import { sharedFloats } from "../../engine/tensor.ts";
import { Failure } from "../../errors.ts";
import type { SparseActivations } from "../../sae/forward.ts";
import type { TokenShards } from "../../text/shards.ts";
import type { TallyBatch } from "./batch.ts";
import { type ContextsToRead, READING_ORDER } from "./contexts-to-read.ts";
import { numberDocuments } from "./documents.ts";
import type { SplitName } from "../records.ts";
import type { Units } from "../units.ts";

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

/** Units and the activations that they read. */
export interface ReadUnits {
  readonly units: Units;
  readonly reader: Reader;
  /** They are read on every so many-th batch; on all unless given. Neurons are dense, and a share of the text tells as much of them. */
  readonly every?: number;
}

/** Contexts [from, to) of those of a split that are read. */
interface Portion {
  readonly split: SplitName;
  readonly from: number;
  readonly to: number;
  /** Its number in the whole list. */
  readonly ordinal: number;
}

/** Batches of at most `size` contexts, none across splits. */
export function portions(contexts: ContextsToRead, size: number): Portion[] {
  return READING_ORDER.flatMap((split) => {
    const count = contexts[split].length;
    return Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
      split,
      from: i * size,
      to: Math.min(count, (i + 1) * size),
    }));
  }).map((portion, ordinal) => ({ ...portion, ordinal }));
}

/** Those of the contexts that units with this `every` are read on. */
export function contextsReadOn(contexts: ContextsToRead, size: number, every: number): ContextsToRead {
  const due = portions(contexts, size).filter(({ ordinal }) => ordinal % every === 0);
  const numbers = (split: SplitName) =>
    due
      .filter((portion) => portion.split === split)
      .flatMap(({ from, to }) => Array.from(contexts[split].subarray(from, to)));
  return { heldout: Int32Array.from(numbers("heldout")), train: Int32Array.from(numbers("train")) };
}

function isDue({ every = 1 }: ReadUnits, { ordinal }: Portion): boolean {
  return ordinal % every === 0;
}

export interface BatchRequest {
  readonly shards: TokenShards;
  readonly contexts: ContextsToRead;
  /** Separators before each context that is read. */
  readonly separators: Readonly<Record<SplitName, Int32Array>>;
  readonly units: readonly ReadUnits[];
  readonly concurrency: number;
}

/** What one batch needs, used again for a later one. */
interface Place {
  readonly tokens: Int32Array;
  readonly documents: Int32Array;
  /** One for each reader. */
  readonly activations: readonly Float32Array[];
}

/** The batches `list`, which are valid until the next one is asked for. All work is over when the generator ends, however it ends. */
export async function* readBatches(
  request: BatchRequest,
  list: readonly Portion[],
): AsyncGenerator<TallyBatch, void> {
  const { units, concurrency } = request;
  const readers = [...new Set(units.map(({ reader }) => reader))];
  const { batch, context } = readers[0]!;
  // One is being counted, the next encoded or, like the others, with the model.
  const places: Place[] = Array.from({ length: concurrency + 1 }, () => ({
    tokens: new Int32Array(batch * context),
    documents: new Int32Array(batch * context),
    activations: readers.map(({ dIn }) => sharedFloats(batch * context * dIn)),
  }));
  const underWay = new Set<Promise<unknown>>();
  const start = <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    // Whoever waits for it hears of a failure; here it only has to have ended.
    work.catch(() => {}).finally(() => underWay.delete(work));
    return work;
  };
  const passes: Promise<void>[] = [];
  const advance = (through: number) => {
    while (passes.length <= through && passes.length < list.length) {
      const at = passes.length;
      passes.push(start(pass(request, readers, list[at]!, places[at % places.length]!)));
    }
  };
  const encoded = async (at: number): Promise<(SparseActivations | undefined)[]> => {
    await passes[at];
    return encode(units, readers, list[at]!, places[at % places.length]!);
  };
  try {
    advance(concurrency - 1);
    let next = list.length > 0 ? start(encoded(0)) : undefined;
    for (const [at, { split, from, to }] of list.entries()) {
      advance(at + concurrency);
      const activations = await next!;
      if (at + 1 < list.length) next = start(encoded(at + 1));
      const { tokens, documents } = places[at % places.length]!;
      const length = (to - from) * context;
      yield {
        split,
        context,
        contexts: request.contexts[split].subarray(from, to),
        tokens: tokens.subarray(0, length),
        documents: documents.subarray(0, length),
        activations,
      };
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** Reads a portion's tokens and runs the model on them once for each hook point. */
async function pass(
  { shards, contexts, separators, units }: BatchRequest,
  readers: readonly Reader[],
  portion: Portion,
  { tokens, documents, activations }: Place,
): Promise<void> {
  const { split, from, to } = portion;
  const { context, batch } = readers[0]!;
  const numbers = contexts[split];
  // The graph takes whole batches: a short one is filled up with its first context, and those rows are dropped.
  for (let i = 0; i < batch; i++) {
    const number = numbers[from + i < to ? from + i : from]!;
    shards[split].read(number, 1, tokens.subarray(i * context, (i + 1) * context));
  }
  const length = (to - from) * context;
  const before = separators[split].subarray(from, to);
  numberDocuments(tokens.subarray(0, length), context, shards.manifest.bos_token_id, before, documents);
  const wanted = new Set(units.filter((set) => isDue(set, portion)).map(({ reader }) => reader));
  await Promise.all(
    readers.map((reader, r) => (wanted.has(reader) ? reader.read(tokens, activations[r]!) : undefined)),
  );
}

/** One set of units after the other: they share the same threads. */
async function encode(
  units: readonly ReadUnits[],
  readers: readonly Reader[],
  portion: Portion,
  { activations }: Place,
): Promise<(SparseActivations | undefined)[]> {
  const { from, to } = portion;
  const found: (SparseActivations | undefined)[] = [];
  for (const read of units) {
    const { units: set, reader } = read;
    if (!isDue(read, portion)) {
      found.push(undefined);
      continue;
    }
    const rows = activations[readers.indexOf(reader)]!.subarray(0, (to - from) * reader.context * reader.dIn);
    checkFinite(rows, reader.hook);
    found.push(await set.encode(rows));
  }
  return found;
}

function checkFinite(rows: Float32Array, hook: string): void {
  // A sum is finite only if every term is, and it takes no branch a value.
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += Math.abs(rows[i]!);
  if (Number.isFinite(sum)) return;
  throw new Failure(`activations at ${hook} are not finite numbers: the model's weights are damaged`);
}
