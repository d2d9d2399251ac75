import { describe, expect, test } from "vitest";
import { factorsOf, factorValues, namesOf } from "../../src/study/factors.ts";
import { trial } from "./study-trials.ts";

const named = (trials: ReturnType<typeof trial>[], declared: string[]) => {
  const factors = factorsOf(trials, declared);
  return {
    factors,
    names: namesOf(
      factors,
      trials.map(({ label }) => label),
    ),
  };
};

describe("factors", () => {
  test("are what differs, with the values in effect", () => {
    const trials = [trial({ lambda: 2 }), trial({ lambda: 2, expansion: 16 })];
    const { factors, names } = named(trials, ["lambda", "expansion"]);
    expect(factors).toEqual([{ expansion: 8 }, { expansion: 16 }]);
    expect(names).toEqual(["x8", "x16"]);
  });

  test("have no value where an option was not given and has no say", () => {
    const trials = [
      trial({ objective: "relu-l1", lambda: 2 }),
      trial({ objective: "topk", k: 16 }),
      trial({ objective: "topk", k: 32 }),
    ];
    const { factors, names } = named(trials, ["objective", "lambda", "k"]);
    expect(factors[1]).toEqual({ objective: "topk", lambda: null, k: 16 });
    expect(names).toEqual(["relu-l1-lambda2", "topk-k16", "topk-k32"]);
    expect(factorValues(factors)).toEqual({
      objective: ["relu-l1", "topk"],
      lambda: [null, 2],
      k: [null, 16, 32],
    });
  });

  test("of paths are told apart by the last part of the path", () => {
    const trials = ["/a/one.jsonl", "/b/two.jsonl"].map((data) => trial({}, { data: [data] }));
    expect(named(trials, ["data"]).factors).toEqual([{ data: "one.jsonl" }, { data: "two.jsonl" }]);
    const pinned = ["a/pile", "a/web"].map((name) => `hf://datasets/${name}@${"0f".repeat(20)}`);
    const ofHub = pinned.map((data) => trial({}, { data: [data] }));
    expect(named(ofHub, ["data"]).names).toEqual(["pile", "web"]);
    const alike = ["/a/text", "/b/text"].map((model) => trial({}, { model }));
    const { factors, names } = named(alike, ["model"]);
    expect(factors).toEqual([{ model: "/a/text" }, { model: "/b/text" }]);
    expect(names).toEqual(["a-text", "b-text"]);
  });
});

describe("names", () => {
  test("read well", () => {
    const trials = [
      trial({ lr: 3e-4, tokens: 5_000_000, seed: 1 }, { hook: "blocks.0.mlp.hook_post" }),
      trial({ lr: 1e-3, tokens: 20_000, seed: 2 }, { hook: "blocks.0.hook_mlp_out", shuffleWeights: 3 }),
    ];
    expect(named(trials, ["hook", "lr", "tokens", "shuffleWeights", "seed"]).names).toEqual([
      "0.mlp.post-lr3e-4-tokens5M-seed1",
      "0.mlp_out-lr1e-3-tokens20k-shuffled3-seed2",
    ]);
  });

  test("keep an option and its value apart", () => {
    const trials = [
      trial({ preset: "neel-2023", beta1: 0.9, decoder_norm: "never" }),
      trial({ preset: "neel-2023", beta1: 0, decoder_norm: "before-step" }),
    ];
    expect(named(trials, ["beta1", "decoder_norm"]).names).toEqual([
      "beta1-0.9-norm-never",
      "beta1-0-norm-before-step",
    ]);
  });

  test("are files everywhere: short, of plain characters, different also without capitals", () => {
    const trials = [
      trial({ lambda: 2 }),
      trial({ Lambda: 2 }),
      trial({ lambda: 3 }, { data: [`/x/${"long name ".repeat(20)}é?*:.jsonl`, "/y/z"] }),
      trial(
        { lambda: 3 },
        { data: [`/x/${"long name ".repeat(20)}é?*:.txt`, "/y/z"], whenTextEnds: "same-buffer" },
      ),
    ];
    const { names } = named(trials, ["lambda", "Lambda", "data", "whenTextEnds", "hook"]);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9+_][A-Za-z0-9.+_-]{0,59}$/);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(4);
  });

  test("of two values that look alike still differ", () => {
    const trials = ["/a/?", "/a/!"].map((data) => trial({}, { data: [data] }));
    const { names } = named(trials, ["data"]);
    expect(new Set(names).size).toBe(2);
  });

  test("of a single trial are there too", () => {
    expect(named([trial({})], []).names).toEqual(["base"]);
  });
});
