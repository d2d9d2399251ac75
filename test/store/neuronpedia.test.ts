/** What is exported for Neuronpedia: the schema beside a real file of SAEDashboard's, values by hand, the same bytes every time. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Example, UnitRecord } from "../../src/features/records.ts";
import { shareBetween } from "../../src/store/neuronpedia/dashboard.ts";
import { exportNeuronpedia, type NeuronpediaRequest } from "../../src/store/neuronpedia.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { analysisOf, contextsOf, textOf, unitOf, writeAnalysis } from "./synthetic.ts";

const ORACLE = fileURLToPath(
  new URL("../../../shared/oracles/saedashboard-gpt2s-res-jb-batch-0.json", import.meta.url),
);

type Json = Record<string, unknown>;

const shape = { count: 10, seed: 6, dead: 5, context: 8, contexts: 4 };
let folder: string;
let store: Store;

const example = (part: Partial<Example>): Example => ({
  split: "train",
  context: 0,
  group: "top",
  interval: null,
  position: 2,
  document: 0,
  value: 11,
  positions: [2, 5],
  values: [11, 1.25],
  ...part,
});

/** Active on 8 of 80 tokens. */
const byHand: UnitRecord = {
  ...unitOf(0, shape),
  statistics: {
    tokens: 80,
    active: 8,
    density: 0.1,
    mean: 3,
    max: 11,
    histogram: { start: 0, width: 2, counts: [4, 1, 0, 2, 0, 1] },
  },
  logits: {
    top: [
      { token: 100, value: 3.7534561 },
      { token: 101, value: 2 },
    ],
    bottom: [{ token: 28, value: -0.5 }],
    histogram: { start: -1, width: 0.5, counts: [1, 2, 3] },
    path: "exact",
  },
  alignment: [
    { index: 4, value: -0.3 },
    { index: 5, value: 0.2 },
  ],
  nearest: {
    decoder: [{ index: 9, value: 0.75 }],
    activation: [{ index: 8, value: 0.5 }],
    neurons: [{ index: 7, value: 0.25 }],
  },
  map: [1.5, -2],
  examples: [
    example({
      group: "interval",
      interval: 0,
      context: 1,
      position: 1,
      value: 0.5,
      positions: [1],
      values: [0.5],
    }),
    example({}),
    example({ group: "random", context: 3, position: 0, value: 0, positions: [], values: [] }),
    example({
      group: "interval",
      interval: 10,
      context: 2,
      position: 3,
      value: 10.5,
      positions: [3],
      values: [10.5],
    }),
  ],
};

const request = (name: string, part: Partial<NeuronpediaRequest> = {}): NeuronpediaRequest => ({
  sae: "sae",
  modelId: "tiny",
  setName: "mlp-test",
  release: {
    name: "release",
    description: "A dictionary",
    creatorName: "Somebody",
    urls: ["https://example.org"],
  },
  model: { layers: 2, neuronsPerLayer: 64, dimension: 16 },
  dataset: "owner/text",
  folder: join(folder, name),
  batch: 4,
  ...part,
});

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "neuronpedia-"));
  store = openStore(join(folder, "features.sqlite"));
  const writer = store.begin(
    "sae",
    { ...analysisOf(shape), hook: "blocks.1.mlp.hook_post" },
    { tokenText: textOf },
  );
  writer.putContexts(contextsOf(shape));
  writer.putUnit(byHand);
  for (let index = 1; index < shape.count; index++) writer.putUnit(unitOf(index, shape));
  writer.commit();
  store.putAblations(
    "sae",
    "feature",
    0,
    [
      {
        split: "train",
        context: 0,
        activations: [0, 0, 11, 0, 0, 1.25, 0, 0],
        lossChange: [0, 0, 0, 0.5, 0, 0, -0.125, 0],
        lowered: [[], [], [{ token: 100, before: 0.5, after: 0.125 }], [], [], [], [], []],
        raised: [[], [], [{ token: 21, before: 0.25, after: 0.5 }], [], [], [], [], []],
      },
    ],
    textOf,
  );
  store.addExplanation("sae", "feature", 0, {
    text: "a test",
    author: "rule",
    score: 0.5,
    scoreKind: "detection",
    created: "2025-02-03T00:00:00.000Z",
  });
});
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const parse = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Json;
const rowsOf = (path: string) =>
  gunzipSync(readFileSync(path))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json);
const all = (place: string) =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

describe("a batch file of SAEDashboard's", () => {
  const batch = async (part: Partial<NeuronpediaRequest> = {}) => {
    const { dashboards } = await exportNeuronpedia(store, request("dashboard", part));
    return parse(join(dashboards, "batch-0.json")) as Json & { features: (Json & { activations: Json[] })[] };
  };

  test("says of a unit what its record says", async () => {
    const { features, ...head } = await batch();
    expect(head).toEqual({ model_id: "tiny", layer: 1, sae_set: "mlp-test" });
    expect(features.map(({ feature_index }) => feature_index)).toEqual([0, 1, 2, 3]);
    const { activations, ...feature } = features[0]!;
    expect(feature).toEqual({
      feature_index: 0,
      neuron_alignment_indices: [4, 5],
      neuron_alignment_values: [-0.3, 0.2],
      neuron_alignment_l1: [0, 0],
      correlated_neurons_indices: [7],
      correlated_neurons_l1: [0],
      correlated_neurons_pearson: [0.25],
      correlated_features_indices: [8],
      correlated_features_l1: [0],
      correlated_features_pearson: [0.5],
      neg_str: [" the"],
      neg_values: [-0.5],
      pos_str: [" t100", " t101"],
      pos_values: [3.7535, 2],
      frac_nonzero: 0.1,
      freq_hist_data_bar_values: [1, 3, 5, 7, 9, 11],
      freq_hist_data_bar_heights: [4, 1, 0, 2, 0, 1],
      logits_hist_data_bar_heights: [1, 2, 3],
      logits_hist_data_bar_values: [-0.75, -0.25, 0.25],
      n_prompts_total: 10,
      n_tokens_in_prompt: 8,
      dataset: "owner/text",
      decoder_weights_dist: [],
    });
    const texts = contextsOf(shape).map(({ tokens }) => Array.from(tokens, textOf));
    const nothing = { dfa_values: [], dfa_maxValue: 0, dfa_targetIndex: -1 };
    expect(activations).toEqual([
      {
        bin_min: -1,
        bin_max: 11,
        bin_contains: -1,
        tokens: texts[0],
        values: [0, 0, 11, 0, 0, 1.25, 0, 0],
        qualifying_token_index: 2,
        ...nothing,
        loss_values: [0, 0, 0, 0.5, 0, 0, -0.125, 0],
        logit_contributions: expect.any(String),
      },
      {
        // 10 and above: half of the bin from 10 to 12 lies below 11, and there is nothing above.
        bin_min: 10,
        bin_max: 11,
        bin_contains: 1 / 8,
        tokens: texts[2],
        values: [0, 0, 0, 10.5, 0, 0, 0, 0],
        qualifying_token_index: 3,
        ...nothing,
      },
      {
        // Half of the four in the bin from 0 to 2.
        bin_min: 0,
        bin_max: 1,
        bin_contains: 2 / 8,
        tokens: texts[1],
        values: [0, 0.5, 0, 0, 0, 0, 0, 0],
        qualifying_token_index: 1,
        ...nothing,
      },
    ]);
    const { pos, neg } = JSON.parse(activations[0]!["logit_contributions"] as string) as Record<
      string,
      Json[]
    >;
    const empty = { t: [], v: [] };
    expect(pos).toEqual([empty, empty, { t: [" t100"], v: [1.3863] }, ...Array<Json>(5).fill(empty)]);
    expect(neg).toEqual([empty, empty, { t: ["<script>"], v: [-0.69315] }, ...Array<Json>(5).fill(empty)]);
  });

  test("has vectors when they are given, and their L1 norm in the alignment", async () => {
    const { features } = await batch({ vector: () => Float32Array.of(-0.25, 0.5, 0, 0.25), suffix: "8x" });
    expect(features[0]).toMatchObject({ vector: [-0.25, 0.5, 0, 0.25], neuron_alignment_l1: [0.3, 0.2] });
  });

  test("has the keys and types of a real one", async (context) => {
    if (!existsSync(ORACLE)) context.skip(`${ORACLE} is not there`);
    const oracle = parse(ORACLE) as Json & { features: (Json & { activations: Json[] })[] };
    const own = await batch();
    expect(Object.keys(own)).toEqual(Object.keys(oracle));
    expect(typesOf(own)).toEqual(typesOf(oracle));
    for (const feature of own.features) {
      expect(Object.keys(feature)).toEqual(Object.keys(oracle.features[0]!));
      for (const [key, value] of Object.entries(feature)) expectType(key, value, oracle.features);
      for (const activation of feature.activations) {
        const { loss_values: _l, logit_contributions: _c, ...rest } = activation;
        expect(Object.keys(rest)).toEqual(Object.keys(oracle.features[0]!.activations[0]!));
        for (const [key, value] of Object.entries(rest)) {
          expectType(key, value, oracle.features[0]!.activations);
        }
        expect((activation["values"] as unknown[]).length).toBe((activation["tokens"] as unknown[]).length);
      }
    }
  });

  const typesOf = (value: Json) => Object.entries(value).map(([key, of]) => [key, typeof of]);

  /** Of a list, that of its elements; the oracle's own lists may be empty. */
  function expectType(key: string, value: unknown, oracle: readonly Json[]): void {
    const known = oracle.map((one) => one[key]);
    expect([key, Array.isArray(value), typeof value]).toEqual([
      key,
      Array.isArray(known[0]),
      typeof known[0],
    ]);
    if (!Array.isArray(value)) return;
    const elements = known.flat().map((element) => typeof element);
    for (const element of value)
      if (elements.length > 0) expect([key, typeof element]).toEqual([key, elements[0]]);
  }
});

describe("the layout of Neuronpedia's exports", () => {
  test("holds four tables and four kinds of batches", async () => {
    const result = await exportNeuronpedia(store, request("layout", { suffix: "8x" }));
    const place = join(folder, "layout", "tiny", "1-mlp-test__8x");
    expect(result).toMatchObject({ folder: place, batches: 3, features: 10, explanations: 1, ablated: 1 });
    expect(all(place).map((path) => path.slice(place.length + 1))).toEqual([
      ...[0, 1, 2].map((n) => join("activations", `batch-${n}.jsonl.gz`)),
      ...[0, 1, 2].map((n) => join("explanation-scores", `batch-${n}.jsonl.gz`)),
      ...[0, 1, 2].map((n) => join("explanations", `batch-${n}.jsonl.gz`)),
      ...[0, 1, 2].map((n) => join("features", `batch-${n}.jsonl.gz`)),
      "model.jsonl",
      "release.jsonl",
      "source.jsonl",
      "sourceset.jsonl",
    ]);
    expect(parse(join(place, "release.jsonl"))).toMatchObject({ name: "release", creatorName: "Somebody" });
    expect(parse(join(place, "model.jsonl"))).toMatchObject({ id: "tiny", layers: 2, neuronsPerLayer: 64 });
    expect(parse(join(place, "sourceset.jsonl"))).toMatchObject({
      modelId: "tiny",
      name: "mlp-test",
      releaseName: "release",
    });
    expect(parse(join(place, "source.jsonl"))).toMatchObject({
      id: "1-mlp-test__8x",
      modelId: "tiny",
      setName: "mlp-test",
      hasUmap: true,
      num_prompts: 125_000,
      num_tokens_in_prompt: 8,
      dataset: "owner/text",
    });
  });

  test("has rows of features, activations with losses, explanations", async () => {
    const { folder: place } = await exportNeuronpedia(store, request("rows"));
    const features = [0, 1, 2].flatMap((n) => rowsOf(join(place, "features", `batch-${n}.jsonl.gz`)));
    expect(features.map(({ index }) => index)).toEqual(
      Array.from({ length: 10 }, (_, index) => String(index)),
    );
    expect(features[0]).toMatchObject({
      modelId: "tiny",
      layer: "1-mlp-test",
      maxActApprox: 11,
      hasVector: false,
      vector: [],
      hookName: "blocks.1.mlp.hook_post",
      topkCosSimIndices: [9],
      topkCosSimValues: [0.75],
      pos_str: [" t100", " t101"],
      frac_nonzero: 0.1,
      umap_x: 1.5,
      umap_y: -2,
      umap_log_feature_sparsity: -1,
      sourceSetName: "mlp-test",
    });
    expect(features[0]).not.toHaveProperty("activations");
    const activations = rowsOf(join(place, "activations", "batch-0.jsonl.gz"));
    expect(activations.filter(({ index }) => index === "0")).toHaveLength(3);
    expect(activations[0]).toMatchObject({
      index: "0",
      layer: "1-mlp-test",
      maxValue: 11,
      maxValueTokenIndex: 2,
      minValue: 0,
      values: [0, 0, 11, 0, 0, 1.25, 0, 0],
      lossValues: [0, 0, 0, 0.5, 0, 0, -0.125, 0],
      binMin: -1,
      binMax: 11,
      binContains: -1,
      qualifyingTokenIndex: 2,
    });
    expect(activations[1]).toMatchObject({ lossValues: [], logitContributions: null });
    const ids = activations.map(({ id }) => id as string);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^c[0-9a-z]{24}$/);
    expect(rowsOf(join(place, "explanations", "batch-0.jsonl.gz"))).toEqual([
      expect.objectContaining({
        index: "0",
        description: "a test",
        notes: "by rule; score 0.5 (detection)",
        createdAt: "2025-02-03T00:00:00.000Z",
      }),
    ]);
    expect(rowsOf(join(place, "explanations", "batch-1.jsonl.gz"))).toEqual([]);
  });

  test("is the same every time, whatever was there before", async () => {
    const one = await exportNeuronpedia(store, request("one"));
    const stale = join(folder, "two", "tiny", "1-mlp-test", "features");
    mkdirSync(stale, { recursive: true });
    writeFileSync(join(stale, "batch-7.jsonl.gz"), "of a larger export");
    await exportNeuronpedia(store, request("two", { batch: 2 }));
    await exportNeuronpedia(store, request("two"));
    const bytes = (place: string) =>
      all(place).map((path) => [path.slice(place.length), readFileSync(path, "base64")]);
    expect(bytes(join(folder, "two"))).toEqual(bytes(join(folder, "one")));
    expect(one.features).toBe(10);
  });

  test("that was interrupted has no tables", async () => {
    const stop = new AbortController();
    const stopped = request("stopped", { signal: stop.signal, onProgress: () => stop.abort() });
    await exportNeuronpedia(store, request("stopped"));
    await expect(exportNeuronpedia(store, stopped)).rejects.toThrow(/abort/i);
    const place = join(folder, "stopped", "tiny", "1-mlp-test");
    expect(readdirSync(place).sort()).toEqual([
      "activations",
      "explanation-scores",
      "explanations",
      "features",
    ]);
  });
});

describe("an export is refused", () => {
  test("for names that Neuronpedia does not take, and for what was not analysed", async () => {
    for (const name of ["..", "a/b", "", "a b", ".hidden", "ü"]) {
      await expect(exportNeuronpedia(store, request("refused", { modelId: name }))).rejects.toThrow(
        /is no model id/,
      );
    }
    await expect(exportNeuronpedia(store, request("refused", { sae: "other" }))).rejects.toThrow(
      /holds no analysis of the features of other/,
    );
    expect(existsSync(join(folder, "refused"))).toBe(false);
  });

  test("when the analysis is replaced meanwhile", async () => {
    const path = join(folder, "replaced.sqlite");
    const own = openStore(path);
    writeAnalysis(own, "sae", shape, { finished: "first" });
    const replacing = request("replaced", {
      onProgress: (done) => {
        if (done === 4) writeAnalysis(own, "sae", { ...shape, seed: 7 }, { finished: "second" });
      },
    });
    await expect(exportNeuronpedia(own, replacing)).rejects.toThrow(/replaced while it was exported/);
    own.close();
  });
});

test("shares of a histogram between two values", () => {
  const histogram = { start: -1, width: 1, counts: [2, 4, 2] };
  expect(shareBetween(histogram, -1, 2)).toBe(1);
  expect(shareBetween(histogram, 0, 0.5)).toBe(0.25);
  expect(shareBetween(histogram, -0.5, 1.5)).toBe((1 + 4 + 1) / 8);
  expect(shareBetween({ start: 0, width: 0, counts: [] }, 0, 1)).toBe(0);
});
