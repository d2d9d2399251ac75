import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/errors.ts";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { writeSafetensors, type WritableTensor } from "../../src/files/safetensors-write.ts";
import { parseConfig, readConfig } from "../../src/model/config.ts";
import { parameterShapes, readWeights, saveModel, type Weights } from "../../src/model/weights.ts";
import { Random } from "../../src/random.ts";

const folder = mkdtempSync(join(tmpdir(), "weights-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => readdirSync(folder).forEach((name) => rmSync(join(folder, name))));

const fields = { n_layer: 2, n_head: 2, n_embd: 4, n_inner: 6, vocab_size: 5, n_positions: 3 };
const config = parseConfig(fields, "config.json");
const path = join(folder, "model.safetensors");

function randomTensors(from = config): Record<string, WritableTensor & { data: Float32Array }> {
  const random = Random.of(7, "weights");
  return Object.fromEntries(
    [...parameterShapes(from)].map(([name, dims]) => {
      const size = dims.reduce((product, dim) => product * dim, 1);
      return [name, { dims, data: Float32Array.from({ length: size }, () => random.normal()) }];
    }),
  );
}

function expectSame(read: Weights, tensors: Record<string, { data: unknown }>): void {
  expect(Object.keys(read).sort()).toEqual(Object.keys(tensors).sort());
  for (const [name, { data }] of Object.entries(tensors)) expect(read[name]).toEqual(data);
}

function renamed<T>(tensors: Record<string, T>, rename: (name: string) => string): Record<string, T> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [rename(name), tensor]));
}

describe("weights of a folder", () => {
  it("are the same with and without the transformer. prefix, on shared memory", () => {
    const tensors = randomTensors();
    writeSafetensors(path, tensors);
    expectSame(readWeights(folder, config), tensors);
    writeSafetensors(
      path,
      renamed(tensors, (name) => `transformer.${name}`),
    );
    const read = readWeights(folder, config);
    expectSame(read, tensors);
    for (const data of Object.values(read)) expect(data.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("leave out causal masks and a repeated tied head", () => {
    const tensors = randomTensors();
    const mask = { dims: [1, 1, 3, 3], data: new Uint8Array(9) };
    writeSafetensors(path, {
      ...renamed(tensors, (name) => `transformer.${name}`),
      "transformer.h.0.attn.bias": mask,
      "transformer.h.1.attn.masked_bias": { dims: [], data: Float32Array.of(-1e4) },
      "lm_head.weight": tensors["wte.weight"]!,
    });
    expectSame(readWeights(folder, config), tensors);
  });

  it("are put together from shards", () => {
    const entries = Object.entries(randomTensors());
    const halves = [entries.slice(0, 9), entries.slice(9)];
    const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    halves.forEach((half, i) => writeSafetensors(join(folder, names[i]!), Object.fromEntries(half)));
    const map = Object.fromEntries(halves.flatMap((half, i) => half.map(([name]) => [name, names[i]])));
    const index = join(folder, "model.safetensors.index.json");
    writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: map }));
    expectSame(readWeights(folder, config), Object.fromEntries(entries));

    rmSync(join(folder, names[1]!));
    expect(() => readWeights(folder, config)).toThrow(/00002-of-00002.safetensors: there is no such file/);
    for (const outside of ["../model.safetensors", "/etc/x.safetensors", "a/b.safetensors", "x.bin"]) {
      writeFileSync(index, JSON.stringify({ weight_map: { "wte.weight": outside } }));
      expect(() => readWeights(folder, config)).toThrow(outside);
    }
    writeFileSync(index, "{}");
    expect(() => readWeights(folder, config)).toThrow(/no weight_map/);
  });

  it("survive being saved, in float32 exactly and in float16 rounded", () => {
    for (const tieWordEmbeddings of [true, false]) {
      const saved = { ...config, tieWordEmbeddings };
      const tensors = randomTensors(saved);
      const weights = Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]));
      saveModel(folder, saved, weights);
      expect(readConfig(folder)).toEqual(saved);
      expectSame(readWeights(folder, saved), tensors);
      expect(openSafetensors(path).names).toContain("transformer.h.1.mlp.c_proj.weight");
      expect(openSafetensors(path).has("lm_head.weight")).toBe(!tieWordEmbeddings);
      expect(openSafetensors(path).metadata).toEqual({ format: "pt" });
      saveModel(folder, saved, weights, { dtype: "float16" });
      const halves = readWeights(folder, saved);
      for (const [name, data] of Object.entries(weights)) {
        expect(halves[name]).toEqual(data.map((value) => Math.f16round(value)));
      }
    }
  });
});

describe("weights that do not fit", () => {
  type Edit = (tensors: Record<string, WritableTensor>) => Record<string, WritableTensor>;
  const vector = (length: number, value = 0): WritableTensor => ({
    dims: [length],
    data: new Float32Array(length).fill(value),
  });
  const cases: [string, Edit, RegExp][] = [
    [
      "a missing tensor",
      (all) => renamed(all, (name) => (name === "ln_f.bias" ? "h.0.attn.bias" : name)),
      /no tensor "ln_f.bias"/,
    ],
    [
      "an unknown tensor",
      (all) => ({ ...all, "score.weight": vector(4) }),
      /tensor "score.weight" that a GPT-2/,
    ],
    ["a layer too many", (all) => ({ ...all, "h.2.ln_1.bias": vector(4) }), /"h.2.ln_1.bias".*n_layer/],
    ["cross attention", (all) => ({ ...all, "h.0.crossattention.c_attn.bias": vector(8) }), /crossattention/],
    [
      "a wrong shape",
      (all) => ({ ...all, "ln_f.bias": vector(5) }),
      /"ln_f.bias".*shape \[5\].*\[4\].*n_embd/,
    ],
    [
      "a transposed matrix",
      (all) => ({ ...all, "h.0.mlp.c_fc.weight": { ...all["h.0.mlp.c_fc.weight"]!, dims: [6, 4] } }),
      /shape \[6, 4\], config.json expects \[4, 6\], which is \[n_embd, n_inner\]/,
    ],
    [
      "another context",
      (all) => ({ ...all, "wpe.weight": { dims: [9, 4], data: new Float32Array(36) } }),
      /n_positions/,
    ],
    ["NaN", (all) => ({ ...all, "h.1.ln_1.bias": vector(4, NaN) }), /"h.1.ln_1.bias".*NaN at index 0/],
    ["infinity", (all) => ({ ...all, "ln_f.weight": vector(4, -Infinity) }), /"ln_f.weight".*-Infinity/],
    [
      "integers",
      (all) => ({ ...all, "ln_f.bias": { dims: [4], data: new Int32Array(4) } }),
      /type I32, expected float/,
    ],
    ["both prefixes", (all) => ({ ...all, "transformer.ln_f.bias": vector(4) }), /expected each weight once/],
    [
      "a tied head of other values",
      (all) => ({ ...all, "lm_head.weight": { dims: [5, 4], data: new Float32Array(20) } }),
      /tie_word_embeddings/,
    ],
  ];
  it.each(cases)("%s: named", (_, edit, sentence) => {
    writeSafetensors(path, edit(randomTensors()));
    const read = () => readWeights(folder, config);
    expect(read).toThrow(Failure);
    expect(read).toThrow(sentence);
    expect(read).toThrow(path);
  });

  it("an untied head that is missing: named", () => {
    writeSafetensors(path, randomTensors());
    expect(() => readWeights(folder, { ...config, tieWordEmbeddings: false })).toThrow(
      /"lm_head.weight".*tie_word/,
    );
  });

  it("a config of a billion layers does not hang", () => {
    writeSafetensors(path, randomTensors());
    expect(() => readWeights(folder, { ...config, nLayer: 2 ** 24 })).toThrow(/"h.2.ln_1.weight"/);
  });

  it("no weights at all, or only pickled ones: named", () => {
    expect(() => readWeights(folder, config)).toThrow(/no model.safetensors/);
    writeFileSync(join(folder, "pytorch_model.bin"), "");
    expect(() => readWeights(folder, config)).toThrow(/pytorch_model.bin can run code/);
  });

  it("a truncated file: named", () => {
    writeSafetensors(path, randomTensors());
    writeFileSync(path, readFileSync(path).subarray(0, -2));
    expect(() => readWeights(folder, config)).toThrow(/cut short/);
  });
});

const fixtures = join(import.meta.dirname, "../fixtures/models");
describe.skipIf(!existsSync(fixtures))("weights that transformers saved", () => {
  it.each(existsSync(fixtures) ? readdirSync(fixtures) : [])("%s", (name) => {
    const own = readConfig(join(fixtures, name));
    const weights = readWeights(join(fixtures, name), own);
    expect(Object.keys(weights)).toEqual([...parameterShapes(own)].map(([parameter]) => parameter));
  });
});
