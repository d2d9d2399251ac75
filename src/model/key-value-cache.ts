/**
 * Keys and values of the tokens that a model has read (Shazeer 2019, §2.4), and attention that looks at them:
 *
 *     scores = [q·K_pastᵀ + mask, q·k_newᵀ + causal]/√d_head        z = softmax(scores)·[V_past; v_new]
 *
 * Without it every new token costs a pass over the whole text. The past has a fixed capacity, since graphs have static
 * dimensions, and a mask hides the places that hold nothing yet. A graph gives the keys and values of its new tokens as
 * outputs and they are copied to their places here, so that the past is read and never rewritten.
 */

import type { Graph, Value } from "../engine/graph.ts";
import { add, scale } from "../engine/operations/elementwise.ts";
import { concat, split, transpose } from "../engine/operations/layout.ts";
import { matmul } from "../engine/operations/matmul.ts";
import { softmax } from "../engine/operations/normalisation.ts";
import { reshape } from "../engine/operations/stretching.ts";
import { sharedFloats } from "../engine/tensor.ts";
import type { ModelConfig } from "./config.ts";
import type { Attention } from "./transformer.ts";

/** A score whose exponential is 0. Infinity would make a NaN of a row in which nothing is seen. */
const HIDDEN = -1e9;

export class KeyValueCache {
  readonly batch: number;
  /** Tokens for which there is room, in each sequence. */
  readonly capacity: number;
  readonly #config: ModelConfig;
  /** By graph input: [batch, head, capacity, d_head]. */
  readonly #arrays = new Map<string, Float32Array>();
  /** [capacity]: 0 for a token that is there. */
  readonly #mask: Float32Array;
  #position = 0;

  constructor(config: ModelConfig, { batch, capacity }: { batch: number; capacity: number }) {
    this.batch = batch;
    this.capacity = capacity;
    this.#config = config;
    this.#mask = sharedFloats(capacity).fill(HIDDEN);
    for (let layer = 0; layer < config.nLayer; layer++) {
      for (const name of names(layer)) {
        this.#arrays.set(name, sharedFloats(batch * capacity * config.dModel));
      }
    }
  }

  /** Tokens that each sequence holds. */
  get position(): number {
    return this.#position;
  }

  /**
   * Attention of `tokens` new tokens to the past and to themselves. It gives `graph` the inputs that `feeds` answers, and the
   * outputs that `append` takes.
   */
  attention(graph: Graph, tokens: number): Attention {
    const { batch, capacity } = this;
    const { nHead, dHead, dModel } = this.#config;
    const causal =
      tokens === 1
        ? undefined
        : graph.constant(
            [tokens, tokens],
            Float32Array.from({ length: tokens ** 2 }, (_, i) =>
              i % tokens > Math.floor(i / tokens) ? HIDDEN : 0,
            ),
          );
    let mask: Value | undefined;
    const byHead = (x: Value) => transpose(reshape(x, [batch, tokens, nHead, dHead]), [0, 2, 1, 3]);
    return (layer, queries, keys, values) => {
      mask ??= graph.input("mask", [capacity]);
      const [pastK, pastV] = names(layer).map((name) => graph.input(name, [batch, nHead, capacity, dHead]));
      const [q, k, v] = [scale(byHead(queries), 1 / Math.sqrt(dHead)), byHead(keys), byHead(values)];
      graph.output(added(names(layer)[0]), k);
      graph.output(added(names(layer)[1]), v);
      const past = add(matmul(q, transpose(pastK!)), mask); // [batch, head, tokens, capacity]
      const now = matmul(q, transpose(k)); // [batch, head, tokens, tokens]
      const pattern = softmax(concat([past, causal ? add(now, causal) : now], -1));
      const [toPast, toNow] = split(pattern, -1, [capacity, tokens]);
      const z = add(matmul(toPast!, pastV!), matmul(toNow!, v)); // [batch, head, tokens, d_head]
      return reshape(transpose(z, [0, 2, 1, 3]), [batch * tokens, dModel]);
    };
  }

  /** The inputs that attention made in `graph`. */
  feeds(graph: Graph): Record<string, Float32Array> {
    const known = graph.inputs.flatMap(({ name }): [string, Float32Array][] => {
      const data = name === "mask" ? this.#mask : this.#arrays.get(name);
      return data ? [[name, data]] : [];
    });
    return Object.fromEntries(known);
  }

  /**
   * Keeps the first `count` of the new tokens.
   * @param outputs of all graphs that together are the model, made for the same number of tokens
   */
  append(outputs: Readonly<Record<string, Float32Array>>, count: number): void {
    const { batch, capacity } = this;
    const { nHead, dHead } = this.#config;
    for (const [name, data] of this.#arrays) {
      const fresh = outputs[added(name)]!;
      const rows = batch * nHead;
      const width = fresh.length / rows;
      for (let row = 0; row < rows; row++) {
        const kept = fresh.subarray(row * width, row * width + count * dHead);
        data.set(kept, (row * capacity + this.#position) * dHead);
      }
    }
    this.#mask.fill(0, this.#position, this.#position + count);
    this.#position += count;
  }

  /** Forgets all tokens. What they left is overwritten: 0·NaN is NaN, also behind the mask. */
  clear(): void {
    const { dHead, nHead } = this.#config;
    for (const data of this.#arrays.values()) {
      for (let row = 0; row < this.batch * nHead; row++) {
        const start = row * this.capacity * dHead;
        data.fill(0, start, start + this.#position * dHead);
      }
    }
    this.#mask.fill(HIDDEN);
    this.#position = 0;
  }
}

function names(layer: number): [keys: string, values: string] {
  return [`past keys of layer ${layer}`, `past values of layer ${layer}`];
}

function added(name: string): string {
  return name.replace("past", "new");
}
