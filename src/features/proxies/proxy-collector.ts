/**
 * Every unit beside every proxy, in one pass. For unit f and proxy p over the N tokens of a text, a = [p > 0]:
 *
 *   sensitivity          Pearson correlation of f and p over all tokens, zeros included
 *   specificity          Σ a / Σ 1 over the active tokens in each equal interval of (0, max f]
 *   precision            the same over all active tokens; weighted by f it is Σ f·a / Σ f
 *   recall               active accepted tokens / accepted tokens
 *
 * What has nothing to be a share of (a unit that never fired, a proxy that accepts nothing) is 0, a correlation with a constant too.
 */

import { Failure } from "../../errors.ts";
import type { ReadTensors } from "../../files/checkpoints.ts";
import type { SparseActivations } from "../../sae/forward.ts";
import type { Collector, SavedCollector, TallyBatch } from "../pass/batch.ts";
import { bitsOf, setBits } from "../pass/bits.ts";
import type { ProxyResult } from "../records.ts";
import { LevelCounts } from "./level-counts.ts";
import type { Proxy } from "./proxy.ts";

/** Sums of one set of units. */
interface UnitSums {
  /** Place of the set in a batch's activations. */
  readonly set: number;
  readonly count: number;
  readonly levels: LevelCounts;
  /** Σ f and Σ f² [units]. */
  readonly f: Float64Array;
  readonly ff: Float64Array;
  /** Σ f·(p − usual) and Σ f·a [units, proxies]. */
  readonly fp: Float64Array;
  readonly fa: Float64Array;
}

/** Sums of the proxies alone: Σ (p − usual), Σ (p − usual)², Σ a [proxies]. */
interface ProxySums {
  readonly p: Float64Array;
  readonly pp: Float64Array;
  readonly a: Float64Array;
}

interface State {
  readonly proxies: readonly string[];
  readonly usual: readonly number[];
  readonly units: readonly number[];
  readonly tokens: number;
}

export class ProxyCollector implements Collector {
  readonly name: string;
  readonly #proxies: readonly Proxy[];
  readonly #sets: readonly UnitSums[];
  readonly #sums: ProxySums;
  #tokens = 0;
  /** Values of the batch under way [proxies, tokens]. */
  #values: Float64Array[];

  /** @param sets those that are read on the same batches: where they stand in a batch's activations, and how many units each has */
  constructor(name: string, proxies: readonly Proxy[], sets: readonly { set: number; units: number }[]) {
    this.name = name;
    const size = proxies.length;
    this.#proxies = proxies;
    this.#values = proxies.map(() => new Float64Array());
    this.#sums = { p: new Float64Array(size), pp: new Float64Array(size), a: new Float64Array(size) };
    this.#sets = sets.map(({ set, units: count }) => ({
      set,
      count,
      levels: new LevelCounts(count, size),
      f: new Float64Array(count),
      ff: new Float64Array(count),
      fp: new Float64Array(count * size),
      fa: new Float64Array(count * size),
    }));
  }

  /** @throws Failure when a pattern of the user's takes too long */
  add({ tokens, context, activations }: TallyBatch): void {
    if (this.#proxies.length === 0 || this.#sets.every(({ set }) => activations[set] === undefined)) return;
    for (const [q, proxy] of this.#proxies.entries()) {
      if (this.#values[q]!.length < tokens.length) this.#values[q] = new Float64Array(tokens.length);
      proxy.evaluate(tokens, context, this.#values[q]!);
      this.#addProxy(q, tokens.length);
    }
    this.#tokens += tokens.length;
    for (const sums of this.#sets) this.#addUnits(sums, activations[sums.set]!, tokens.length);
  }

  /** What the proxies say of a unit of the set at place `set`, one result a proxy. */
  results(set: number, unit: number): ProxyResult[] {
    const { levels, f, ff, fp, fa } = this.#sets.find((sums) => sums.set === set)!;
    const n = this.#tokens;
    return this.#proxies.map(({ name }, q) => {
      const at = unit * this.#proxies.length + q;
      const { p, pp, a } = this.#sums;
      const { active, accepted } = levels.counts(unit, q);
      const covariance = n * fp[at]! - f[unit]! * p[q]!;
      const spread = (n * ff[unit]! - f[unit]! ** 2) * (n * pp[q]! - p[q]! ** 2);
      return {
        name,
        sensitivity: spread > 0 ? Math.max(-1, Math.min(1, covariance / Math.sqrt(spread))) : 0,
        specificity: levels.shares(unit, q),
        precision: active > 0 ? accepted / active : 0,
        weightedPrecision: f[unit]! > 0 ? fa[at]! / f[unit]! : 0,
        recall: a[q]! > 0 ? accepted / a[q]! : 0,
      };
    });
  }

  save(): SavedCollector {
    const { p, pp, a } = this.#sums;
    const sets = this.#sets.map(({ levels, f, ff, fp, fa }, k) => ({
      ...levels.save(`${k}.levels`),
      [`${k}.f`]: bitsOf(f),
      [`${k}.ff`]: bitsOf(ff),
      [`${k}.fp`]: bitsOf(fp),
      [`${k}.fa`]: bitsOf(fa),
    }));
    return {
      tensors: Object.assign({ p: bitsOf(p), pp: bitsOf(pp), a: bitsOf(a) }, ...sets),
      state: this.#state(),
    };
  }

  restore({ tensors, state }: { readonly tensors: ReadTensors; readonly state: unknown }): void {
    const saved = state as State;
    if (JSON.stringify({ ...saved, tokens: 0 }) !== JSON.stringify({ ...this.#state(), tokens: 0 })) {
      throw new Failure(
        `the checkpoint counts other proxies (${saved.proxies.join(", ")}) or other units: start the analysis anew`,
      );
    }
    this.#tokens = saved.tokens;
    setBits(this.#sums.p, tensors["p"]);
    setBits(this.#sums.pp, tensors["pp"]);
    setBits(this.#sums.a, tensors["a"]);
    for (const [k, { levels, f, ff, fp, fa }] of this.#sets.entries()) {
      levels.restore(`${k}.levels`, tensors);
      setBits(f, tensors[`${k}.f`]);
      setBits(ff, tensors[`${k}.ff`]);
      setBits(fp, tensors[`${k}.fp`]);
      setBits(fa, tensors[`${k}.fa`]);
    }
  }

  #state(): State {
    return {
      proxies: this.#proxies.map(({ name }) => name),
      usual: this.#proxies.map(({ usual }) => usual),
      units: this.#sets.map(({ count }) => count),
      tokens: this.#tokens,
    };
  }

  #addProxy(q: number, tokens: number): void {
    const { p, pp, a } = this.#sums;
    const { usual } = this.#proxies[q]!;
    const values = this.#values[q]!;
    for (let row = 0; row < tokens; row++) {
      const value = values[row]! - usual;
      p[q]! += value;
      pp[q]! += value * value;
      if (values[row]! > 0) a[q]!++;
    }
  }

  #addUnits(set: UnitSums, { rowOffsets, indices, values }: SparseActivations, tokens: number): void {
    const { levels, f, ff, fp, fa } = set;
    const size = this.#proxies.length;
    // Of the token at hand: the proxies that differ from their usual value, by how much, and whether they accept it.
    const which = new Int32Array(size);
    const difference = new Float64Array(size);
    const accepts = new Uint8Array(size);
    for (let row = 0; row < tokens; row++) {
      let unusual = 0;
      for (let q = 0; q < size; q++) {
        const value = this.#values[q]![row]!;
        if (value === this.#proxies[q]!.usual && !(value > 0)) continue;
        which[unusual] = q;
        difference[unusual] = value - this.#proxies[q]!.usual;
        accepts[unusual++] = Number(value > 0);
      }
      for (let entry = rowOffsets[row]!; entry < rowOffsets[row + 1]!; entry++) {
        const unit = indices[entry]!;
        const value = values[entry]!;
        f[unit]! += value;
        ff[unit]! += value * value;
        const level = levels.add(unit, value);
        for (let i = 0; i < unusual; i++) {
          const at = unit * size + which[i]!;
          fp[at]! += value * difference[i]!;
          if (accepts[i] === 0) continue;
          fa[at]! += value;
          levels.accept(unit, which[i]!, level);
        }
      }
    }
  }
}
