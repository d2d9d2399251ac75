import { describe, expect, it } from "vitest";
import { sizeOf } from "../../src/engine/tensor.ts";
import { parseConfig } from "../../src/model/config.ts";
import { loadModel, type SourceModel } from "../../src/model/load.ts";
import { shuffledSha256, shuffleWeights } from "../../src/model/shuffled-weights.ts";
import { parameterShapes } from "../../src/model/weights.ts";

function countingModel(fields: Record<string, unknown> = {}): SourceModel {
  const config = parseConfig(
    { n_layer: 2, n_head: 2, n_embd: 8, vocab_size: 30, n_positions: 10, ...fields },
    "config.json",
  );
  let next = 0;
  const weights = Object.fromEntries(
    [...parameterShapes(config)].map(([name, dims]) => [
      name,
      Float32Array.from({ length: sizeOf(dims) }, () => next++),
    ]),
  );
  return {
    name: "counting",
    origin: { folder: "/models/counting" },
    config,
    weights,
    tokenizer: undefined,
    weightsSha256: "0123",
  };
}

const sorted = (values: Float32Array) => [...values].sort((a, b) => a - b);
const dimsOf = (model: SourceModel) => new Map(parameterShapes(model.config));

describe("shuffled weights", () => {
  const model = countingModel();
  const shuffled = shuffleWeights(model, 5);

  it("have the entries of every tensor, matrices in another order and vectors in their own", () => {
    expect(Object.keys(shuffled.weights)).toEqual(Object.keys(model.weights));
    for (const [name, dims] of dimsOf(model)) {
      const [before, after] = [model.weights[name]!, shuffled.weights[name]!];
      expect(sorted(after), name).toEqual([...before]);
      const stayed = after.filter((value, i) => value === before[i]).length;
      if (dims.length === 1) expect(stayed, name).toBe(before.length);
      else expect(stayed, name).toBeLessThan(before.length / 5);
    }
  });

  it("leave the model as it was", () => {
    expect(model).toEqual(countingModel());
  });

  it("follow from model and seed", () => {
    expect(shuffleWeights(countingModel(), 5)).toEqual(shuffled);
    const other = shuffleWeights(model, 6);
    expect(other.weights["wte.weight"]).not.toEqual(shuffled.weights["wte.weight"]);
    expect(other.weightsSha256).not.toBe(shuffled.weightsSha256);
  });

  it("are permuted differently in matrices of one shape", () => {
    const order = (name: string) => {
      const first = model.weights[name]![0]!;
      return [...shuffled.weights[name]!].map((value) => value - first);
    };
    expect(order("h.0.mlp.c_fc.weight")).not.toEqual(order("h.1.mlp.c_fc.weight"));
  });

  it("keep queries, keys and values apart", () => {
    const name = "h.0.attn.c_attn.weight";
    const block = (weights: Float32Array, which: number) =>
      weights.filter((_, i) => Math.floor((i % 24) / 8) === which);
    for (const which of [0, 1, 2]) {
      const before = block(model.weights[name]!, which);
      const after = block(shuffled.weights[name]!, which);
      expect(sorted(after)).toEqual([...before]);
      expect([...after]).not.toEqual([...before]);
    }
  });

  it("move an entry to any place equally often", () => {
    // 4 entries, 4 places, 4000 seeds: each count is binomial with mean 1000 and deviation 27.
    const tiny = countingModel({ n_embd: 2, n_head: 1, vocab_size: 2, n_layer: 1 });
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (let seed = 0; seed < 4000; seed++) {
      const { weights } = shuffleWeights(tiny, seed);
      weights["wte.weight"]!.forEach((value, place) => counts[value]![place]!++);
    }
    for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it("shuffle an untied unembedding on its own, and have none where it is tied", () => {
    expect(shuffled.config.tieWordEmbeddings).toBe(true);
    expect(shuffled.weights).not.toHaveProperty("lm_head.weight");
    const untied = countingModel({ tie_word_embeddings: false });
    const head = shuffleWeights(untied, 5).weights["lm_head.weight"]!;
    expect(sorted(head)).toEqual([...untied.weights["lm_head.weight"]!]);
    expect([...head]).not.toEqual([...untied.weights["lm_head.weight"]!]);
  });

  it("say what they are", async () => {
    const loaded = await loadModel("test/fixtures/models/text");
    const { name, origin, weightsSha256, tokenizer } = shuffleWeights(loaded, 7);
    expect(name).toBe("text-shuffled-7");
    expect(origin).toEqual({ ...loaded.origin, shuffled: 7 });
    expect(weightsSha256).toBe(shuffledSha256(loaded.weightsSha256, 7));
    expect(weightsSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(weightsSha256).not.toBe(loaded.weightsSha256);
    expect(tokenizer).toBe(loaded.tokenizer);
  });
});
