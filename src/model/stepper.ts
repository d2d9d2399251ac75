/**
 * Reading and continuing texts token by token, through the cut:
 *
 *     first half(token, past) → activation     change     second half(activation′, past) → logits of the next token
 *
 * Each half keeps the keys and values of its own layers (key-value-cache.ts), so a change at the hook point is seen by all
 * later tokens, as in a full pass over the changed text. A step costs about what it takes to read the weights once, whatever
 * the number of sequences: that is why plain and steered text are stepped together.
 */

import type { Engine, Feeds } from "../engine/engine.ts";
import { Graph } from "../engine/graph.ts";
import { gather } from "../engine/operations/indexing.ts";
import { sharedFloats } from "../engine/tensor.ts";
import { Failure } from "../errors.ts";
import { type CutModel, weightsOf } from "./cut.ts";
import { findHook, type HookPoint } from "./hooks.ts";
import { KeyValueCache } from "./key-value-cache.ts";
import { type State, Transformer } from "./transformer.ts";

/** Tokens of a prompt that are read at once. */
const BLOCK = 32;

/**
 * Rewrites activations in place.
 * @param activation [batch·n, d_in] at the hook point: n tokens of the first sequence, then of the next
 * @param position of the first of these tokens
 */
export type Change = (activation: Float32Array, position: number) => void | Promise<void>;

export interface Stepper {
  /** Sequences, all of the same length. */
  readonly batch: number;
  /** Tokens for which there is room, in each sequence. */
  readonly capacity: number;
  /** Tokens read so far. */
  readonly position: number;
  readonly dIn: number;
  /** Forgets all tokens. */
  reset(): void;
  /**
   * Reads one token of each sequence, [batch] → logits of the next, [batch, vocab].
   * @throws Failure when there is no room left, or for a token that the model does not have; whatever `change` throws. A step
   *   that failed has left nothing behind.
   */
  step(tokens: Int32Array, change?: Change): Promise<Float32Array>;
  /**
   * Reads n ≥ 1 tokens of each sequence, [batch, n], in blocks → logits after the last, [batch, vocab]. `change` sees one block
   * after the other. Throws as `step` does; blocks before the one that failed are kept.
   */
  prefill(tokens: Int32Array, change?: Change): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Compiles the model for steps. One engine worker with several threads is best: each worker holds a copy of the weights of
 * its own, and a step cannot be divided among them.
 * @throws UsageError for a hook point that the model does not have, Failure for a capacity beyond its positions
 */
export async function openStepper(
  engine: Engine,
  model: CutModel,
  hook: string,
  { batch, capacity }: { batch: number; capacity: number },
): Promise<Stepper> {
  const { config } = model;
  if (!(capacity >= 1 && capacity <= config.context)) {
    throw new Failure(
      `room for ${capacity} tokens was asked for, expected 1 to the model's ${config.context} positions`,
    );
  }
  const point = findHook(config, hook);
  const cache = new KeyValueCache(config, { batch, capacity });
  const single = await openReader(engine, model, point, cache, 1);
  let block: Promise<Reader> | undefined;
  let busy = false;

  const read = async (tokens: Int32Array, change: Change | undefined): Promise<Float32Array> => {
    const n = tokens.length / batch;
    if (!Number.isInteger(n) || n === 0)
      throw new Error(`${tokens.length} tokens are no rows for ${batch} sequences`);
    if (cache.position + n > capacity) {
      throw new Failure(
        `there is room for ${capacity} tokens and ${cache.position + n} were to be read: give a shorter text`,
      );
    }
    const foreign = tokens.find((token) => !(token >= 0 && token < config.vocabSize));
    if (foreign !== undefined)
      throw new Failure(`the model has ${config.vocabSize} tokens, and none is number ${foreign}`);
    if (busy) throw new Error("a stepper reads one token after the other: wait for the step before");
    busy = true;
    try {
      let logits: Float32Array;
      for (let first = 0; first < n;) {
        const count = Math.min(BLOCK, n - first);
        const reader =
          count === 1 ? single : await (block ??= openReader(engine, model, point, cache, BLOCK));
        const part = new Int32Array(batch * count);
        for (let b = 0; b < batch; b++)
          part.set(tokens.subarray(b * n + first, b * n + first + count), b * count);
        logits = await reader.read(part, change);
        first += count;
      }
      return logits!;
    } finally {
      busy = false;
    }
  };

  return {
    batch,
    capacity,
    dIn: point.dIn,
    get position() {
      return cache.position;
    },
    reset() {
      if (busy) throw new Error("a stepper cannot forget its tokens while it reads one");
      cache.clear();
    },
    async step(tokens, change) {
      if (tokens.length !== batch)
        throw new Error(`a step takes ${batch} tokens, one a sequence, not ${tokens.length}`);
      return read(tokens, change);
    },
    prefill: read,
    async close() {
      await single.close();
      await (await block)?.close();
    },
  };
}

interface Reader {
  /** Reads at most as many tokens of each sequence as it was made for, and keeps them. */
  read(tokens: Int32Array, change: Change | undefined): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Both halves for `width` tokens of each sequence. Those for one token have their weights as constants, prepacked, which makes
 * products of one row twice as fast; those for a block take them as inputs, or they would hold every weight once more.
 */
async function openReader(
  engine: Engine,
  model: CutModel,
  point: HookPoint,
  cache: KeyValueCache,
  width: number,
): Promise<Reader> {
  const { config } = model;
  const { batch } = cache;
  const rows = batch * width;
  const onStream = point.site.startsWith("hook_resid");

  const load = async (name: string, build: (transformer: Transformer) => void) => {
    const graph = new Graph(name);
    const attention = cache.attention(graph, width);
    const transformer = new Transformer(graph, config, { batch, context: width, attention });
    build(transformer);
    const weights = weightsOf(transformer, model.weights);
    const program = await engine.load(graph, { constants: width === 1 ? weights : {} });
    const fixed = width === 1 ? {} : weights;
    return { program, run: (feeds: Feeds) => program.run({ ...fixed, ...cache.feeds(graph), ...feeds }) };
  };

  const first = await load("first half", (transformer) => {
    const { graph } = transformer;
    const embedded = transformer.embed(
      graph.input("tokens", [rows], "int32"),
      graph.input("positions", [rows], "int32"),
    );
    const { activation, carry } = transformer.advance(embedded, point.layer, point.site);
    graph.output("activation", activation);
    if (carry) graph.output("carry", carry);
  });
  const second = await load("second half", (transformer) => {
    const { graph } = transformer;
    const state: State = {
      layer: point.layer,
      site: point.site,
      activation: graph.input("activation", [rows, point.dIn]),
      carry: onStream ? undefined : graph.input("carry", [rows, config.dModel]),
    };
    const { activation } = transformer.advance(state, config.nLayer - 1, "hook_resid_post");
    const last = width === 1 ? activation : gather(activation, graph.input("last", [batch], "int32"));
    graph.output("logits", transformer.unembed(last));
  });

  return {
    async read(tokens, change) {
      const count = tokens.length / batch;
      const [padded, positions] = [new Int32Array(rows), new Int32Array(rows)];
      for (let b = 0; b < batch; b++) {
        padded.set(tokens.subarray(b * count, (b + 1) * count), b * width);
        for (let t = 0; t < count; t++) positions[b * width + t] = cache.position + t;
      }
      const before = await first.run({ tokens: padded, positions });
      const activation = before["activation"]!;
      if (change) await changeRows(activation, change, { batch, width, count, position: cache.position });
      const feeds: Record<string, Float32Array | Int32Array> = { activation };
      if (before["carry"]) feeds["carry"] = before["carry"];
      if (width > 1) feeds["last"] = Int32Array.from({ length: batch }, (_, b) => b * width + count - 1);
      const after = await second.run(feeds);
      cache.append({ ...before, ...after }, count);
      return after["logits"]!;
    },
    close: () => Promise.all([first.program.release(), second.program.release()]).then(() => {}),
  };
}

/** Lets `change` see the `count` tokens that are there, without the padding up to `width`. */
async function changeRows(
  activation: Float32Array,
  change: Change,
  { batch, width, count, position }: { batch: number; width: number; count: number; position: number },
): Promise<void> {
  if (count === width) return change(activation, position);
  const dIn = activation.length / (batch * width);
  const seen = sharedFloats(batch * count * dIn);
  const place = (b: number) => activation.subarray(b * width * dIn, (b * width + count) * dIn);
  for (let b = 0; b < batch; b++) seen.set(place(b), b * count * dIn);
  await change(seen, position);
  for (let b = 0; b < batch; b++) place(b).set(seen.subarray(b * count * dIn, (b + 1) * count * dIn));
}
