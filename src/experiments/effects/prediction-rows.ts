/**
 * Predictions behind single tokens, as they are and with two changes of the activation, gathered from any contexts into full runs of one
 * graph: the part of the model behind the last attention (model/live-graphs.ts), which holds the unembedding and with it most of the work.
 *
 *     loss_c − loss        kl_c = KL(p ‖ p_c)        effect = ln p − ln p_0 [vocab], of the first change        c = 0, 1
 *
 * Results are delivered in the order in which rows were added, whatever thread was faster, so that sums of them are the same to the bit.
 */

import type { Engine, Program } from "../../engine/engine.ts";
import { Graph, type Value } from "../../engine/graph.ts";
import { exp, mul, neg, sub } from "../../engine/operations/elementwise.ts";
import { gatherElements } from "../../engine/operations/indexing.ts";
import { concat, split } from "../../engine/operations/layout.ts";
import { logSoftmax } from "../../engine/operations/normalisation.ts";
import { reduceSum, reshape } from "../../engine/operations/stretching.ts";
import { sharedFloats, sharedInts } from "../../engine/tensor.ts";
import { type CutModel, weightsOf } from "../../model/cut.ts";
import type { HookPoint } from "../../model/hooks.ts";
import { hasCarry } from "../../model/live-graphs.ts";
import type { Row } from "../../model/row-runs.ts";
import { Transformer } from "../../model/transformer.ts";

/** Numbers in one array of logits, and rows of one run at most. */
const LOGITS = 2 ** 21;
const MOST_ROWS = 64;
/** Of one prediction: as it is, and changed twice. */
const VERSIONS = 3;

export interface PredictionChange {
  /** Change of −ln p of the token that follows, nats. */
  readonly loss: readonly [number, number];
  readonly kl: readonly [number, number];
  /** ln p − ln p_0 [vocab]; valid until `done` returns. */
  readonly effect: Float32Array;
}

interface Added {
  readonly versions: readonly [clean: Row, first: Row, second: Row];
  readonly next: number;
  readonly done: (change: PredictionChange) => void;
}

interface Place {
  readonly x: Float32Array;
  readonly beside: Float32Array | undefined;
  readonly targets: Int32Array;
  readonly outputs: Record<"loss" | "kl" | "effect", Float32Array>;
  free: Promise<void>;
}

export class PredictionRows {
  readonly #program: Program;
  readonly #rows: number;
  readonly #vocab: number;
  readonly #places: Place[];
  #open: Added[] = [];
  #runs = 0;
  #delivered: Promise<void> = Promise.resolve();

  private constructor(program: Program, rows: number, vocab: number, places: Place[]) {
    this.#program = program;
    this.#rows = rows;
    this.#vocab = vocab;
    this.#places = places;
  }

  /** @param point at or behind the last attention (`rowPoint`) */
  static async open(engine: Engine, model: CutModel, point: HookPoint): Promise<PredictionRows> {
    const { vocabSize, dModel } = model.config;
    const rows = Math.max(1, Math.min(MOST_ROWS, Math.floor(LOGITS / VERSIONS / vocabSize)));
    const { graph, constants } = rowsGraph(model, point, rows);
    const program = await engine.load(graph, { constants });
    const places = Array.from({ length: engine.workers + 1 }, () => ({
      x: sharedFloats(VERSIONS * rows * point.dIn),
      beside: hasCarry(point) ? sharedFloats(VERSIONS * rows * dModel) : undefined,
      targets: sharedInts(VERSIONS * rows),
      outputs: {
        loss: sharedFloats(VERSIONS * rows),
        kl: sharedFloats((VERSIONS - 1) * rows),
        effect: sharedFloats(rows * vocabSize),
      },
      free: Promise.resolve(),
    }));
    return new PredictionRows(program, rows, vocabSize, places);
  }

  /**
   * @param versions as it is, and changed in two ways. Read before the promise of a later `add` or `finish` resolves: hand over copies
   * @param next the token that follows
   */
  async add(versions: Added["versions"], next: number, done: Added["done"]): Promise<void> {
    this.#open.push({ versions, next, done });
    if (this.#open.length === this.#rows) await this.#start();
  }

  /** Runs what is left, and waits until all is delivered. */
  async finish(): Promise<void> {
    if (this.#open.length > 0) await this.#start();
    await this.#delivered;
  }

  close(): Promise<void> {
    return this.#program.release();
  }

  async #start(): Promise<void> {
    const items = this.#open;
    this.#open = [];
    const place = this.#places[this.#runs++ % this.#places.length]!;
    await place.free;
    const { x, beside, targets, outputs } = place;
    items.forEach(({ versions, next }, i) =>
      versions.forEach((row, version) => {
        const at = version * this.#rows + i;
        x.set(row.activation, at * row.activation.length);
        if (row.carry) beside?.set(row.carry, at * row.carry.length);
        targets[at] = next;
      }),
    );
    const run = this.#program.run({ x, targets, ...(beside && { beside }) }, outputs);
    this.#delivered = Promise.all([run, this.#delivered]).then(() => this.#deliver(items, outputs));
    place.free = this.#delivered;
    // Whoever waits for it hears of a failure.
    place.free.catch(() => {});
  }

  #deliver(items: readonly Added[], { loss, kl, effect }: Place["outputs"]): void {
    const rows = this.#rows;
    items.forEach(({ done }, i) => {
      const changed = (version: number) => loss[version * rows + i]! - loss[i]!;
      done({
        loss: [changed(1), changed(2)],
        // Rounding of nearly equal predictions gives numbers below 0.
        kl: [Math.max(0, kl[i]!), Math.max(0, kl[rows + i]!)],
        effect: effect.subarray(i * this.#vocab, (i + 1) * this.#vocab),
      });
    });
  }
}

/** Rows 0 … n − 1 are as they are, n + i and 2n + i are row i changed. */
function rowsGraph(model: CutModel, point: HookPoint, n: number) {
  const { config } = model;
  const all = VERSIONS * n;
  const transformer = new Transformer(new Graph(`predictions after ${point.name}`), config, {
    batch: 1,
    context: all,
    fused: true,
  });
  const { graph } = transformer;
  const targets = graph.input("targets", [all, 1], "int32");
  const logP = logSoftmax(
    transformer.finish({
      layer: point.layer,
      site: point.site,
      activation: graph.input("x", [all, point.dIn]),
      carry: hasCarry(point) ? graph.input("beside", [all, config.dModel]) : undefined,
    }),
  );
  graph.output("loss", reshape(neg(gatherElements(logP, targets)), [all]));
  const [clean, first, second] = split(logP, 0, [n, n, n]) as [Value, Value, Value];
  const p = exp(clean);
  const effect = sub(clean, first);
  graph.output("effect", effect);
  const kl = (difference: Value) => reduceSum(mul(p, difference), [1]);
  graph.output("kl", concat([kl(effect), kl(sub(clean, second))], 0));
  return { graph, constants: weightsOf(transformer, model.weights) };
}
