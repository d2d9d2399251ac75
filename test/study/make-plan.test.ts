import { describe, expect, test } from "vitest";
import { memoryOf } from "../../src/run/memory.ts";
import { completePlan, draftPlan } from "../../src/study/make-plan.ts";
import { longestChain, planLines } from "../../src/study/plan-text.ts";
import { statusLines } from "../../src/study/status-text.ts";
import { D_IN, study, trial } from "./study-trials.ts";

const GIB = 2 ** 30;

describe("groups", () => {
  test("share a stream: all options of it, batch and tokens", () => {
    const trials = [
      trial({ expansion: 2 }),
      trial({ expansion: 4, seed: 3, lr: 1e-4 }),
      trial({ expansion: 2, tokens: 1e6 }),
      trial({ expansion: 2, batch: 512 }),
      trial({ expansion: 2 }, { hook: "blocks.0.hook_mlp_out" }),
      trial({ expansion: 2 }, { evaluationTokens: 1000 }),
    ];
    const { groups, trials: planned } = draftPlan(study(trials));
    expect(groups.map((group) => group.trials.length)).toEqual([2, 1, 1, 1, 1]);
    expect(planned.map(({ group }) => group)).toEqual(["g1", "g1", "g2", "g3", "g4", "g5"]);
  });

  test("are cut so that each fits, and no smaller than that", () => {
    const trials = [1, 2, 3, 4, 5].map((seed) => trial({ expansion: 8, seed }));
    const [{ options }] = trials as [(typeof trials)[0]];
    const rest = { buffer: 64e6, model: 1e7 };
    const bytes = (count: number) =>
      memoryOf(
        Array.from({ length: count }, () => ({ options })),
        D_IN,
        2,
        rest,
      ).total;
    const sizes = (memoryBytes: number) =>
      draftPlan(study(trials, { memoryBytes })).groups.map((group) => group.trials.length);
    expect(sizes(bytes(2))).toEqual([2, 2, 1]);
    expect(sizes(bytes(3) - 1)).toEqual([2, 2, 1]);
    expect(sizes(bytes(3))).toEqual([3, 2]);
    expect(sizes(bytes(5))).toEqual([5]);
    expect(() => sizes(bytes(1) - 1)).toThrow(
      /^\{"expansion":8,"seed":1\} needs about .* and a part may take 0\.\d GiB: allow more with "memory"/,
    );
    const two = draftPlan(study(trials, { groupSize: 2 })).groups;
    expect(two.map((group) => group.trials.length)).toEqual([2, 2, 1]);
  });

  test("do not write to one cache at the same time", () => {
    const cached = [1, 2].map((seed) => trial({ seed }, { cache: "/cache" }));
    expect(draftPlan(study(cached)).groups).toHaveLength(1);
    expect(() => draftPlan(study(cached, { groupSize: 1 }))).toThrow(
      /2 groups \(g1, g2\) would write their activations to "cache" \/cache at the same time/,
    );
  });

  test("name what does not fit into any memory", () => {
    const wide = trial({ expansion: 4096, objective: "topk", k: 32 });
    expect(() => draftPlan(study([wide], { memoryBytes: 1e15 }))).toThrow(
      /"topk".*can have 4: train at most/,
    );
  });
});

describe("texts", () => {
  test("are tokenised once for all that read them, as far as the longest goes", () => {
    const trials = [
      trial({ tokens: 1e6 }),
      trial({ tokens: 3e6 }, { evaluationTokens: 50_000 }),
      trial({ tokens: 2e6 }, { shuffleWeights: 1, hook: "blocks.0.hook_mlp_out" }),
      trial({ tokens: 2e6 }, { textTokens: 500_000 }),
      trial({ tokens: 2e6 }, { context: 64 }),
      trial({ tokens: 2e6 }, { data: ["/corpus"] }),
    ];
    const { texts, groups } = draftPlan(study(trials));
    expect(groups.map(({ text }) => text)).toEqual(["t1", "t1", "t1", "t2", "t3", "t4"]);
    expect(texts[0]).toMatchObject({ trainTokens: 3e6, heldoutTokens: 50_000, slices: 1 });
    expect(texts[0]!.stream.evaluationTokens).toBe(50_000);
    expect(texts[1]).toMatchObject({ trainTokens: 500_000 });
  });
});

describe("comparisons", () => {
  test("are pairs that differ in their seed alone, at most three of a set", () => {
    const pairs = (seeds: number[]) =>
      draftPlan(
        study([2, 4].flatMap((expansion) => seeds.map((seed) => trial({ expansion, seed })))),
      ).comparisons.map(({ name, a, b }) => `${name}: ${a} ${b}`);
    expect(pairs([0])).toEqual([]);
    expect(pairs([0, 1])).toEqual(["c1: x2-seed0 x2-seed1", "c2: x4-seed0 x4-seed1"]);
    expect(pairs([0, 1, 2]).slice(0, 3)).toEqual([
      "c1: x2-seed0 x2-seed1",
      "c2: x2-seed1 x2-seed2",
      "c3: x2-seed0 x2-seed2",
    ]);
    expect(pairs([0, 1, 2, 3, 4])).toHaveLength(6);
  });

  test("can be left out", () => {
    const trials = [trial({ seed: 0 }), trial({ seed: 1 })];
    const measures = { ...study(trials).measures, compare: null };
    expect(draftPlan(study(trials, { measures })).comparisons).toEqual([]);
  });
});

describe("the plan", () => {
  const trials = [trial({ seed: 0 }), trial({ seed: 1, tokens: 1e6 }), trial({ seed: 2 })];
  const explain = {
    protocols: ["bricken-2023"],
    features: 10,
    sampling: "uniform",
    seed: 0,
    options: { explainTokens: 1, controlUnits: 1, controlTokens: undefined },
  } as const;
  const request = study(trials, {
    slices: 2,
    measures: { ...study(trials).measures, explain },
  });

  test("has its parts behind what they need, with the same number for the same group", () => {
    const { parts } = draftPlan(request);
    expect(parts.map(({ name, index, needs }) => [name, index, ...needs].join(" "))).toEqual([
      "tokenise-t1.0 1",
      "tokenise-t1.1 2",
      "join-t1 1 tokenise-t1.0 tokenise-t1.1",
      "train-g1 1 join-t1",
      "train-g2 2 join-t1",
      "measure-g1 1 train-g1",
      "measure-g2 2 train-g2",
      "explain-g1 1 measure-g1",
      "explain-g2 2 measure-g2",
      "compare-c1 1 train-g1",
      "report 1 measure-g1 measure-g2 explain-g1 explain-g2 compare-c1",
    ]);
    expect(parts.slice(0, 2).map(({ subject, slice }) => [subject, slice])).toEqual([
      ["t1", 0],
      ["t1", 1],
    ]);
  });

  test("is the same each time, and survives being written", () => {
    const plan = draftPlan(request);
    expect(draftPlan(request)).toEqual(plan);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(plan.factors).toEqual({ tokens: [1e6, 5e6], seed: [0, 1, 2] });
    expect(plan.trials.map(({ name }) => name)).toEqual([
      "tokens5M-seed0",
      "tokens1M-seed1",
      "tokens5M-seed2",
    ]);
  });

  test("has no trial twice, also where one says what the other leaves to its default", () => {
    expect(() => draftPlan(study([trial({}), trial({ expansion: 8 })]))).toThrow(
      '{} and {"expansion":8} are the same: leave one of them out',
    );
  });

  test("is told in lines that name every trial and part", () => {
    const draft = draftPlan(request);
    const plan = completePlan(
      draft,
      draft.parts.map(() => ({ seconds: 60, memoryBytes: GIB, diskBytes: GIB })),
    );
    const text = planLines(plan).join("\n");
    for (const { name } of [...plan.trials, ...plan.parts]) expect(text).toContain(name);
    expect(longestChain(plan.parts)).toBe(6 * 60);
    expect(text).toMatch(/one after the other 11.min 00.s on 2 threads .*all at once 6.min 00.s/);
    expect(text).toMatch(/disk 11.GiB in all/);
  });

  test("a title breaks no line, and does not command the terminal", () => {
    const draft = { ...draftPlan(request), title: "one\ntwo \u001b[31mred\u202e" };
    const plan = completePlan(
      draft,
      draft.parts.map(() => ({ seconds: 60, memoryBytes: GIB, diskBytes: GIB })),
    );
    expect(planLines(plan)[0]).toMatch(/^one two {2}\[31mred : \d+ trials$/);
    const state = { parts: [], done: 0, failed: 0, cancelled: false, complete: true };
    expect(statusLines(plan, state)).toEqual(["one two  [31mred : complete"]);
  });
});
