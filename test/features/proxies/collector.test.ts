import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { TallyBatch } from "../../../src/features/pass/batch.ts";
import { openProxies } from "../../../src/features/proxies/options.ts";
import type { Proxy } from "../../../src/features/proxies/proxy.ts";
import { ProxyCollector } from "../../../src/features/proxies/proxy-collector.ts";
import { INTERVALS } from "../../../src/features/records.ts";
import { openCheckpoint, saveCheckpoint } from "../../../src/files/checkpoints.ts";
import { Random } from "../../../src/random.ts";
import type { SparseActivations } from "../../../src/sae/forward.ts";
import { splitOf, vocabulary } from "./vocabulary.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-proxies-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Dense activations [tokens, units] as rows of active entries. */
function sparse(dense: readonly (readonly number[])[]): SparseActivations {
  const rowOffsets = new Uint32Array(dense.length + 1);
  const indices: number[] = [];
  const values: number[] = [];
  dense.forEach((row, r) => {
    row.forEach((value, unit) => {
      if (value > 0) {
        indices.push(unit);
        values.push(value);
      }
    });
    rowOffsets[r + 1] = indices.length;
  });
  return { rowOffsets, indices: Uint32Array.from(indices), values: Float32Array.from(values) };
}

function batchOf(
  tokens: readonly number[],
  context: number,
  ...sets: (readonly (readonly number[])[])[]
): TallyBatch {
  const n = tokens.length / context;
  return {
    split: "train",
    context,
    contexts: Int32Array.from({ length: n }, (_, i) => i),
    tokens: Int32Array.from(tokens),
    documents: new Int32Array(tokens.length),
    activations: sets.map(sparse),
  };
}

/** A proxy whose value is the token's number less 2. */
const ramp: Proxy = {
  name: "ramp",
  usual: -2,
  evaluate: (tokens, _, values) => values.set(Array.from(tokens, (token) => token - 2)),
};

describe("units beside proxies", () => {
  test("by hand", () => {
    const collector = new ProxyCollector("proxies", [ramp], [{ set: 0, units: 2 }]);
    // p = −2 −1 0 1 2 3; the unit is active on four tokens, three of them accepted.
    const f = [0, 1, 0, 2, 4, 11];
    collector.add(
      batchOf(
        [0, 1, 2, 3, 4, 5],
        3,
        f.map((value) => [value, 0]),
      ),
    );
    const [result] = collector.results(0, 0);
    // mean f = 3, mean p = ½: Σ(f−3)(p−½) = 7.5+3+1.5−0.5+1.5+20 = 33; Σ(f−3)² = 9+4+9+1+1+64 = 88; Σ(p−½)² = 17.5
    expect(result!.sensitivity).toBeCloseTo(33 / Math.sqrt(88 * 17.5), 12);
    expect(result!.precision).toBe(3 / 4);
    expect(result!.weightedPrecision).toBe(17 / 18);
    expect(result!.recall).toBe(1);
    // Intervals of width 1 with their upper end: 1 falls on an edge, and its bin of 1/4 lies above it.
    expect(result!.specificity).toEqual([null, 0, 1, null, 1, null, null, null, null, null, 1]);
    expect(collector.results(0, 1)).toEqual([
      {
        name: "ramp",
        sensitivity: 0,
        specificity: Array.from({ length: INTERVALS }, () => null),
        precision: 0,
        weightedPrecision: 0,
        recall: 0,
      },
    ]);
  });

  test("against plain loops, with values over six orders of magnitude, whatever the batches", () => {
    const random = Random.of(3, "collector");
    const tokens = Array.from({ length: 4000 }, () => random.integer(6));
    const units = 5;
    const dense = tokens.map(() =>
      Array.from({ length: units }, (_, unit) =>
        random.uniform() < 0.3 ? Math.fround(10 ** (unit + 3 * random.uniform() - 4)) : 0,
      ),
    );
    const whole = new ProxyCollector(
      "proxies",
      [ramp],
      [
        { set: 0, units },
        { set: 1, units: 1 },
      ],
    );
    whole.add(
      batchOf(
        tokens,
        10,
        dense,
        tokens.map((t) => [t]),
      ),
    );
    const parts = new ProxyCollector(
      "proxies",
      [ramp],
      [
        { set: 0, units },
        { set: 1, units: 1 },
      ],
    );
    for (let at = 0; at < tokens.length; at += 500) {
      const own = tokens.slice(at, at + 500);
      parts.add(
        batchOf(
          own,
          10,
          dense.slice(at, at + 500),
          own.map((t) => [t]),
        ),
      );
    }
    const p = tokens.map((t) => t - 2);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    for (let unit = 0; unit < units; unit++) {
      const f = dense.map((row) => row[unit]!);
      const [mf, mp] = [mean(f), mean(p)];
      const dot = (a: readonly number[], b: readonly number[]) =>
        a.reduce((sum, value, i) => sum + value * b[i]!, 0);
      const [cf, cp] = [f.map((value) => value - mf), p.map((value) => value - mp)];
      const [result] = whole.results(0, unit);
      expect(result!.sensitivity).toBeCloseTo(dot(cf, cp) / Math.sqrt(dot(cf, cf) * dot(cp, cp)), 9);
      const active = f.flatMap((value, i) => (value > 0 ? [{ value, accepted: p[i]! > 0 }] : []));
      const accepted = active.filter((entry) => entry.accepted);
      expect(result!.precision).toBe(accepted.length / active.length);
      expect(result!.weightedPrecision).toBeCloseTo(
        accepted.reduce((sum, { value }) => sum + value, 0) /
          active.reduce((sum, { value }) => sum + value, 0),
        9,
      );
      expect(result!.recall).toBe(accepted.length / p.filter((value) => value > 0).length);
      // Intervals with bins that touch no edge: exact shares lie between those of the interval narrowed and widened by a bin.
      const max = Math.max(...f);
      result!.specificity.forEach((share, interval) => {
        const inside = active.filter(({ value }) => Math.ceil((INTERVALS * value) / max) - 1 === interval);
        if (inside.length < 40) return;
        expect(share).toBeCloseTo(inside.filter((entry) => entry.accepted).length / inside.length, 0.7);
      });
      expect(parts.results(0, unit)[0]!.precision).toBe(result!.precision);
      expect(parts.results(0, unit)[0]!.specificity).toEqual(result!.specificity);
      expect(parts.results(0, unit)[0]!.sensitivity).toBeCloseTo(result!.sensitivity, 12);
    }
    expect(whole.results(1, 0)[0]!.sensitivity).toBeCloseTo(1, 12);
  });

  test("a planted detector of a script: sensitivity, precision and recall 1; of half its level, specificity by level", () => {
    const vocab = vocabulary(["a", "ש", [0xd7], [0x9c], " ל", "b"]);
    const random = Random.of(4, "planted");
    const words = [[0], [5], [0, 5], [1], [2, 3], [4]];
    const context = Array.from(
      { length: 3000 },
      () => words[random.integer(random.uniform() < 0.1 ? 6 : 3)]!,
    ).flat();
    const isHebrew = context.map((token) => token >= 1 && token <= 4);
    const proxies = openProxies(["hebrew", "arabic", "regex:[א-ת]"], vocab, splitOf([context]));
    const collector = new ProxyCollector("proxies", proxies, [{ set: 0, units: 2 }]);
    // Unit 1 fires on Latin letters too, but weakly.
    collector.add(
      batchOf(
        context,
        context.length,
        isHebrew.map((yes) => [yes ? 3 : 0, yes ? 8 : 1]),
      ),
    );
    const [hebrew, arabic, pattern] = collector.results(0, 0);
    expect(hebrew!.sensitivity).toBeCloseTo(1, 9);
    expect(hebrew).toMatchObject({ precision: 1, weightedPrecision: 1, recall: 1 });
    expect(hebrew!.specificity.at(-1)).toBe(1);
    expect(arabic).toMatchObject({ precision: 0, recall: 0, sensitivity: 0 });
    expect(pattern).toMatchObject({ precision: 1, recall: 1 });
    expect(pattern!.sensitivity).toBeCloseTo(1, 9);
    const [weak] = collector.results(0, 1);
    expect(weak!.specificity[1]).toBe(0);
    expect(weak!.specificity[10]).toBe(1);
    expect(weak!.precision).toBeLessThan(0.2);
    expect(weak!.weightedPrecision).toBeGreaterThan(weak!.precision);
  });

  test("goes on from a checkpoint to the same bits, and refuses one of other proxies", () => {
    const random = Random.of(5, "resume");
    const batches = Array.from({ length: 6 }, () => {
      const tokens = Array.from({ length: 40 }, () => random.integer(6));
      return batchOf(
        tokens,
        10,
        tokens.map(() => [random.uniform() < 0.5 ? random.uniform() * 9 : 0, 0, random.uniform()]),
      );
    });
    const straight = new ProxyCollector("proxies", [ramp], [{ set: 0, units: 3 }]);
    for (const batch of batches) straight.add(batch);
    const before = new ProxyCollector("proxies", [ramp], [{ set: 0, units: 3 }]);
    for (const batch of batches.slice(0, 3)) before.add(batch);
    const kind = { format: 1, fingerprint: "x", anew: "" };
    saveCheckpoint(folder, 1, kind, (write) => {
      const { tensors, state } = before.save();
      write("proxies", tensors);
      return { collector: state };
    });
    const { state, tensors } = openCheckpoint<{ collector: unknown }>(folder, kind)!;
    const saved = { tensors: tensors("proxies"), state: state.collector };
    const after = new ProxyCollector("proxies", [ramp], [{ set: 0, units: 3 }]);
    after.restore(saved);
    for (const batch of batches.slice(3)) after.add(batch);
    for (const unit of [0, 1, 2]) expect(after.results(0, unit)).toEqual(straight.results(0, unit));
    expect(() =>
      new ProxyCollector("proxies", [{ ...ramp, name: "other" }], [{ set: 0, units: 3 }]).restore(saved),
    ).toThrow(/counts other proxies \(ramp\)/);
    expect(() => new ProxyCollector("proxies", [ramp], [{ set: 0, units: 4 }]).restore(saved)).toThrow(
      /other units/,
    );
  });

  test("an empty checkpoint can be saved and read", () => {
    const empty = new ProxyCollector("proxies", [ramp], [{ set: 0, units: 1 }]);
    const kind = { format: 1, fingerprint: "y", anew: "" };
    saveCheckpoint(join(folder, "empty"), 1, kind, (write) => {
      write("proxies", empty.save().tensors);
      return {};
    });
    const { tensors } = openCheckpoint(join(folder, "empty"), kind)!;
    new ProxyCollector("proxies", [ramp], [{ set: 0, units: 1 }]).restore({
      tensors: tensors("proxies"),
      state: empty.save().state,
    });
  });
});
