/** Logit weights beside plain loops at every site, beside the model's own logits, and on planted directions. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { Graph } from "../../src/engine/graph.ts";
import { LogitSummary } from "../../src/features/logits/logit-summary.ts";
import { logitPath, logitWeights } from "../../src/features/logits/logit-weights.ts";
import type { LogitWeights } from "../../src/features/records.ts";
import { neuronUnits } from "../../src/features/units.ts";
import { readConfig } from "../../src/model/config.ts";
import { type CutModel, weightsOf } from "../../src/model/cut.ts";
import { findHook } from "../../src/model/hooks.ts";
import { Transformer } from "../../src/model/transformer.ts";
import { readWeights } from "../../src/model/weights.ts";
import { Random } from "../../src/random.ts";

const fixture = (name: string): CutModel => {
  const folder = join(import.meta.dirname, "../fixtures/models", name);
  const config = readConfig(folder);
  return { config, weights: readWeights(folder, config) };
};
const relu = fixture("relu"); // one layer, tied
const gelu = fixture("gelu"); // two layers, untied
const deep = fixture("gelu_new-f16"); // three layers, tied

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
});
afterAll(() => engine.close());

function randomUnits(count: number, dIn: number, seed = 3) {
  const random = Random.of(seed);
  const rows = Array.from({ length: count }, () => Float32Array.from({ length: dIn }, () => random.normal()));
  return { count, dIn, direction: (index: number) => rows[index]! };
}

async function all(...request: Parameters<typeof logitWeights>): Promise<LogitWeights[]> {
  return Array.fromAsync(logitWeights(...request));
}

/** Weights of one direction for every token, from the definition. */
function plainWeights({ config, weights }: CutModel, hook: string, direction: ArrayLike<number>): number[] {
  const { layer, site } = findHook(config, hook);
  const { dModel, vocabSize } = config;
  const name = { "attn.hook_z": "attn", "mlp.hook_post": "mlp" }[site as string];
  let r = Array.from(direction);
  if (name) {
    const W = weights[`h.${layer}.${name}.c_proj.weight`]!;
    r = Array.from({ length: dModel }, (_, o) =>
      Array.from(direction).reduce((sum, value, k) => sum + value * W[k * dModel + o]!, 0),
    );
  }
  const mean = r.reduce((sum, value) => sum + value, 0) / dModel;
  const U = weights[config.tieWordEmbeddings ? "wte.weight" : "lm_head.weight"]!;
  return Array.from({ length: vocabSize }, (_, token) =>
    r.reduce(
      (sum, value, k) => sum + (value - mean) * weights["ln_f.weight"]![k]! * U[token * dModel + k]!,
      0,
    ),
  );
}

function plainSummary(weights: readonly number[], tokens: readonly number[], k: number) {
  const sorted = tokens.map((token) => weights[token]!).sort((a, b) => a - b);
  const n = sorted.length;
  const median = n % 2 ? sorted[(n - 1) / 2]! : (sorted[n / 2 - 1]! + sorted[n / 2]!) / 2;
  const ranked = tokens
    .map((token) => ({ token, value: weights[token]! - median }))
    .sort((a, b) => b.value - a.value);
  return { top: ranked.slice(0, k), bottom: ranked.slice(-k).reverse(), least: sorted[0]! - median, median };
}

function expectSummary(
  found: LogitWeights,
  weights: readonly number[],
  tokens: readonly number[],
  k: number,
) {
  const expected = plainSummary(weights, tokens, k);
  for (const end of ["top", "bottom"] as const) {
    expect(found[end].map(({ token }) => token)).toEqual(expected[end].map(({ token }) => token));
    found[end].forEach(({ value }, i) => expect(value).toBeCloseTo(expected[end][i]!.value, 5));
  }
  const { start, width, counts } = found.histogram;
  expect(start).toBeCloseTo(expected.least, 5);
  expect(counts.length).toBe(50);
  expect(counts.reduce((sum, count) => sum + count)).toBe(tokens.length);
  expect(start + 50 * width).toBeCloseTo(expected.top[0]!.value, 5);
}

const everyToken = ({ config }: CutModel) => Array.from({ length: config.vocabSize }, (_, token) => token);

describe("logit weights equal the definition in plain loops", () => {
  test.each([
    ["one layer, inside the MLP", relu, "blocks.0.mlp.hook_post", "exact"],
    ["last layer's output", gelu, "blocks.1.hook_mlp_out", "exact"],
    ["last residual stream, untied", gelu, "blocks.1.hook_resid_post", "exact"],
    ["last layer's attention", gelu, "blocks.1.hook_attn_out", "direct"],
    ["inside attention", gelu, "blocks.1.attn.hook_z", "direct"],
    ["between", deep, "blocks.2.hook_resid_mid", "direct"],
    ["an earlier MLP", deep, "blocks.1.mlp.hook_post", "direct"],
    ["the beginning", deep, "blocks.0.hook_resid_pre", "direct"],
  ] as const)("%s", async (_, model, hook, path) => {
    const units = randomUnits(7, findHook(model.config, hook).dIn);
    const found = await all(engine, model, hook, units, { k: 6 });
    expect(found.length).toBe(7);
    expect(logitPath(model.config, hook)).toBe(path);
    for (const [i, result] of found.entries()) {
      expect(result.path).toBe(path);
      expectSummary(result, plainWeights(model, hook, units.direction(i)), everyToken(model), 6);
    }
  });

  test("tokens that were never seen are left out, of the median too", async () => {
    const hook = "blocks.0.mlp.hook_post";
    const seen = everyToken(relu).map((token) => (token % 3 === 1 ? 0 : token + 1));
    const units = neuronUnits(relu.config.dMlp);
    const found = await all(engine, relu, hook, units, { k: 40, seen });
    const kept = everyToken(relu).filter((token) => seen[token]! > 0);
    for (const [i, result] of found.entries()) {
      expectSummary(result, plainWeights(relu, hook, units.direction(i)), kept, 40);
    }
  });

  test("fewer tokens than asked for, none, and no linear path", async () => {
    const units = randomUnits(2, 16);
    const seen = everyToken(relu).map((token) => (token < 3 ? 1 : 0));
    const [few] = await all(engine, relu, "blocks.0.hook_mlp_out", units, { k: 10, seen });
    expect([few!.top.length, few!.bottom.length]).toEqual([3, 3]);
    expect(few!.top[1]!.value).toBe(0);
    const none = everyToken(relu).map(() => 0);
    expect(await all(engine, relu, "blocks.0.hook_mlp_out", units, { seen: none })).toEqual([]);
    expect(await all(engine, relu, "blocks.0.mlp.hook_pre", randomUnits(1, relu.config.dMlp))).toEqual([]);
    expect(logitPath(relu.config, "blocks.0.mlp.hook_pre")).toBe(null);
  });

  test("an early end releases the program", async () => {
    for await (const first of logitWeights(engine, relu, "blocks.0.hook_mlp_out", randomUnits(3, 16))) {
      expect(first.top.length).toBe(10);
      break;
    }
    const aborted = all(engine, relu, "blocks.0.hook_mlp_out", randomUnits(3, 16), {
      signal: AbortSignal.abort(new Error("enough")),
    });
    await expect(aborted).rejects.toThrow("enough");
  });
});

test.each([
  ["relu", relu, "blocks.0.mlp.hook_post"],
  ["gelu", gelu, "blocks.1.mlp.hook_post"],
  ["gelu", gelu, "blocks.1.hook_resid_post"],
])(
  "at the last layer of %s they are the change of the logits with LayerNorm's σ held",
  async (_, model, hook) => {
    const { config } = model;
    const { layer, site, dIn } = findHook(config, hook);
    const transformer = new Transformer(new Graph("tail"), config, { batch: 1, context: 2 });
    const { graph } = transformer;
    const carry = site === "mlp.hook_post" ? graph.input("carry", [2, config.dModel]) : undefined;
    const logits = transformer.finish(
      { layer, site, activation: graph.input("x", [2, dIn]), carry },
      ({ site: at, activation }) => at === "hook_resid_post" && graph.output("stream", activation),
    );
    graph.output("logits", logits);
    const program = await engine.load(graph, { constants: weightsOf(transformer, model.weights) });

    const random = Random.of(8);
    const units = randomUnits(3, dIn);
    const x = Float32Array.from({ length: 2 * dIn }, () => random.normal());
    const beside = carry && Float32Array.from({ length: 2 * config.dModel }, () => random.normal());
    const found = await all(engine, model, hook, units, { k: config.vocabSize });
    for (let unit = 0; unit < units.count; unit++) {
      // Row 0 is x, row 1 is x moved along the direction.
      const step = 0.25;
      const direction = units.direction(unit);
      const moved = x.slice();
      for (let k = 0; k < dIn; k++) moved[dIn + k] = x[k]! + step * direction[k]!;
      const feeds = {
        x: moved,
        ...(beside && {
          carry: Float32Array.of(...beside.subarray(0, config.dModel), ...beside.subarray(0, config.dModel)),
        }),
      };
      const out = await program.run(feeds);
      const V = config.vocabSize;
      const bias = (token: number) => {
        const U = model.weights[config.tieWordEmbeddings ? "wte.weight" : "lm_head.weight"]!;
        return model.weights["ln_f.bias"]!.reduce((sum, b, k) => sum + b * U[token * config.dModel + k]!, 0);
      };
      const sigma = (row: number) => {
        const stream = Array.from(out["stream"]!.subarray(row * config.dModel, (row + 1) * config.dModel));
        const mean = stream.reduce((sum, value) => sum + value, 0) / stream.length;
        const variance = stream.reduce((sum, value) => sum + (value - mean) ** 2, 0) / stream.length;
        return Math.sqrt(variance + config.layerNormEpsilon);
      };
      // Undone in both rows, each with its own σ, what remains of the logits is linear in x.
      const held = (row: number, token: number) =>
        (out["logits"]![row * V + token]! - bias(token)) * sigma(row);
      const change = everyToken(model).map((token) => (held(1, token) - held(0, token)) / step);
      const { top, median } = plainSummary(change, everyToken(model), V);
      const byToken = new Map(found[unit]!.top.map(({ token, value }) => [token, value]));
      expect(top.length).toBe(V);
      for (const { token } of top) expect(byToken.get(token)).toBeCloseTo(change[token]! - median, 3);
    }
    await program.release();
  },
);

test("a direction that is a token's unembedding has that token first", async () => {
  const { dModel } = gelu.config;
  const U = gelu.weights["lm_head.weight"]!;
  const planted = { count: 20, dIn: dModel, direction: (i: number) => U.slice(i * dModel, (i + 1) * dModel) };
  const found = await all(engine, gelu, "blocks.1.hook_resid_post", planted, { k: 3 });
  // In 16 dimensions a few of 97 unembeddings point nearly the same way.
  expect(found.filter(({ top }, i) => top.some(({ token }) => token === i)).length).toBeGreaterThan(16);
});

describe("what is kept of one unit's weights", () => {
  const tokens = Uint32Array.from({ length: 1001 }, (_, i) => 2 * i);
  test.each([
    ["normal", (random: Random) => random.normal()],
    ["far outliers", (random: Random) => random.normal() * (random.integer(200) === 0 ? 1e6 : 1)],
    ["few values, many ties", (random: Random) => random.integer(3)],
    ["all but one the same", (random: Random) => (random.integer(500) === 0 ? 1 : 0)],
  ])("%s", (_, draw) => {
    const random = Random.of(4);
    for (const length of [1001, 1000, 20, 1]) {
      const weights = Float32Array.from({ length }, () => draw(random));
      const { top, bottom, histogram } = new LogitSummary(tokens.subarray(0, length), 10).of(weights);
      const sorted = weights.slice().sort();
      const median = (sorted[(length - 1) >> 1]! + sorted[length >> 1]!) / 2;
      expect(bottom.map(({ value }) => value)).toEqual(
        Array.from(sorted.subarray(0, 10), (value) => value - median),
      );
      expect(top.map(({ value }) => value)).toEqual(
        Array.from(sorted.slice().reverse().subarray(0, 10), (value) => value - median),
      );
      for (const { token, value } of [...top, ...bottom]) expect(weights[token / 2]! - median).toBe(value);
      const bars = Array.from({ length: 50 }, () => 0);
      for (const weight of weights) {
        bars[Math.min(49, Math.max(0, Math.floor((weight - median - histogram.start) / histogram.width)))]!++;
      }
      // A number on the edge between two bars may be in either.
      const apart = bars.reduce((sum, count, i) => sum + Math.abs(count - histogram.counts[i]!), 0);
      expect(apart).toBeLessThanOrEqual(4);
      expect(histogram.counts.reduce((sum, count) => sum + count)).toBe(length);
    }
  });

  test("equal weights are listed by token", () => {
    const { top, bottom, histogram } = new LogitSummary(tokens, 3).of(new Float32Array(1001).fill(2));
    expect(top).toEqual([0, 2, 4].map((token) => ({ token, value: 0 })));
    expect(bottom).toEqual(top);
    expect([histogram.start, histogram.width, histogram.counts[0]]).toEqual([0, 1, 1001]);
  });
});
