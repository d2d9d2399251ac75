/**
 * Best-match correlations of neurons with neurons. Half of all neurons may be active at a token, so their products are dense ones:
 *
 *   Σ_t f_t g_tᵀ,  batch by batch, in the engine
 */

import type { Engine, Program } from "../../engine/engine.ts";
import { Graph } from "../../engine/graph.ts";
import { gemm } from "../../engine/operations/matmul.ts";
import { sharedFloats } from "../../engine/tensor.ts";
import { median } from "../../statistics/quantiles.ts";
import type { SparseActivations } from "../../sae/forward.ts";
import type { Collector, SavedCollector, TallyBatch } from "../pass/batch.ts";
import { countedUnits, type MatchSummary } from "./activations.ts";
import { type Best, improve, noMatches, pearson } from "./pairs.ts";

interface Side {
  /** Position among a batch's activations. */
  readonly set: number;
  readonly units: number;
  readonly dense: Float32Array;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  readonly active: Uint32Array;
}

export class DenseCorrelation implements Collector {
  readonly name = "neurons";
  readonly #program: Program;
  readonly #rows: number;
  readonly #a: Side;
  readonly #b: Side;
  readonly #products: Float64Array;
  readonly #batch: Float32Array;
  #tokens = 0;

  private constructor(program: Program, rows: number, a: Side, b: Side) {
    this.#program = program;
    this.#rows = rows;
    this.#a = a;
    this.#b = b;
    this.#products = new Float64Array(a.units * b.units);
    this.#batch = sharedFloats(a.units * b.units);
  }

  /** @param rows tokens in a batch, at most */
  static async create(
    engine: Engine,
    rows: number,
    a: { set: number; units: number },
    b: { set: number; units: number },
  ): Promise<DenseCorrelation> {
    const graph = new Graph("neuron products");
    const [f, g] = [graph.input("f", [rows, a.units]), graph.input("g", [rows, b.units])];
    graph.output("products", gemm(f, g, { transA: true }));
    return new DenseCorrelation(await engine.load(graph), rows, sideOf(a, rows), sideOf(b, rows));
  }

  async add({ tokens, activations }: TallyBatch): Promise<void> {
    if (tokens.length > this.#rows) throw new Error(`a batch of ${tokens.length} tokens, not ${this.#rows}`);
    for (const side of [this.#a, this.#b]) spread(activations[side.set]!, side);
    await this.#program.run({ f: this.#a.dense, g: this.#b.dense }, { products: this.#batch });
    for (let at = 0; at < this.#products.length; at++) this.#products[at]! += this.#batch[at]!;
    this.#tokens += tokens.length;
  }

  /** What was found, neurons active on fewer than `minActive` tokens left out. */
  result(minActive: number): { a: MatchSummary; b: MatchSummary; best: { a: Best; b: Best } } {
    const [a, b] = [this.#a, this.#b];
    const counted = { a: countedUnits(a.active, minActive), b: countedUnits(b.active, minActive) };
    const best = { a: noMatches(a.units), b: noMatches(b.units) };
    for (const i of counted.a) {
      for (const j of counted.b) {
        const fg = this.#products[i * b.units + j]!;
        const r = pearson(this.#tokens, fg, a.sum[i]!, a.squares[i]!, b.sum[j]!, b.squares[j]!);
        improve(best.a, i, j, r);
        improve(best.b, j, i, r);
      }
    }
    const summary = (side: "a" | "b"): MatchSummary => ({
      counted: counted[side].length,
      median: median(counted[side].map((unit) => best[side].value[unit]!)),
      interval: null,
      heldOutMedian: null,
    });
    return { a: summary("a"), b: summary("b"), best };
  }

  close(): Promise<void> {
    return this.#program.release();
  }

  save(): SavedCollector {
    throw new Error("a comparison is not saved on the way");
  }

  restore(): void {
    throw new Error("a comparison is not saved on the way");
  }
}

function sideOf({ set, units }: { set: number; units: number }, rows: number): Side {
  return {
    set,
    units,
    dense: sharedFloats(rows * units),
    sum: new Float64Array(units),
    squares: new Float64Array(units),
    active: new Uint32Array(units),
  };
}

/** Writes sparse rows as dense ones, zeros behind the last, and adds them to the sums. */
function spread(
  { rowOffsets, indices, values }: SparseActivations,
  { units, dense, sum, squares, active }: Side,
): void {
  dense.fill(0);
  for (let row = 0; row + 1 < rowOffsets.length; row++) {
    for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) {
      const unit = indices[e]!;
      const value = values[e]!;
      dense[row * units + unit] = value;
      sum[unit]! += value;
      squares[unit]! += value * value;
      active[unit]!++;
    }
  }
}
