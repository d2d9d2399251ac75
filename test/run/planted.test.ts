/** Planted features are found, described and steered as planted: the whole way from a run directory to its store. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { generate } from "../../src/experiments/generate.ts";
import { intervene } from "../../src/experiments/interventions.ts";
import type { StoredContext, UnitRecord } from "../../src/features/records.ts";
import { saeUnits } from "../../src/features/units.ts";
import { loadModel } from "../../src/model/load.ts";
import { openStepper } from "../../src/model/stepper.ts";
import { analyseRun } from "../../src/run/analysis.ts";
import type { AnalysisRequest } from "../../src/run/analysis-request.ts";
import { SaeForward } from "../../src/sae/forward.ts";
import { Pool } from "../../src/sae/pool.ts";
import { readSae } from "../../src/sae/saelens.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { openShards, type TokenSplit } from "../../src/text/shards.ts";
import { HOME } from "../architecture/imports.ts";
import { PLANTED, PLANTED_HOOK, type PlantedRun, plantRun } from "./planted-run.ts";

let folder: string;
let planted: PlantedRun;
let store: Store;

function request(run: string): AnalysisRequest {
  return {
    run,
    options: {
      featuresTokens: 1e6,
      neurons: true,
      neuronTokens: 4000,
      ablations: 3,
      map: true,
      proxies: ["hangul", "hebrew"],
    },
    checkpointMinutes: 5,
    threads: 2,
  };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "planted-"));
  planted = await plantRun(folder);
  const { store: path } = await analyseRun(request(folder));
  store = openStore(path, { readonly: true });
});

afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

function record(index: number): UnitRecord {
  return store.unit("planted", "feature", index)!.record;
}

function tokensOf(split: TokenSplit): number[] {
  return [...split.read(0, split.contexts)];
}

function everyToken(): number[] {
  const { train, heldout } = openShards(join(folder, "tokens"));
  return [...tokensOf(train), ...tokensOf(heldout)];
}

function idOf(text: string): number {
  return planted.tokenizer.encode(text)[0]!;
}

describe("a token detector", () => {
  const { index, fires, says } = PLANTED.function;

  test("has the density of its token", () => {
    const tokens = everyToken();
    const { statistics } = record(index);
    expect(statistics.tokens).toBe(tokens.length);
    expect(statistics.active).toBe(tokens.filter((token) => token === idOf(fires)).length);
  });

  test("is shown on its token, and on nothing else", () => {
    const { examples, tokenAnalysis, singleToken } = record(index);
    const { contexts } = store.unit("planted", "feature", index)!;
    const shown = examples.filter(({ group }) => group !== "random");
    expect(shown.length).toBeGreaterThan(20);
    for (const { split, context, position } of shown) {
      const there = contexts.find((other) => other.split === split && other.context === context)!;
      expect(there.tokens[position]).toBe(fires);
    }
    expect(tokenAnalysis!.tokens.map(({ token }) => token)).toEqual([idOf(fires)]);
    expect(tokenAnalysis!.entropy).toBe(0);
    expect(record(index).peaks).toEqual([idOf(fires)]);
    expect(singleToken).toBe(true);
  });

  test("raises the logit of what it says", () => {
    const { logits } = record(index);
    expect(logits!.top[0]!.token).toBe(idOf(says));
    expect(logits!.path).toBe("direct");
  });

  test("is found by its token", () => {
    const query = {
      kind: "feature",
      q: fires.trim(),
      sort: "index",
      descending: false,
      offset: 0,
      limit: 10,
      minDensity: null,
      maxDensity: null,
      minMax: null,
      minScore: null,
      filter: "all",
    } as const;
    expect(store.list("planted", query).rows[0]!.index).toBe(index);
  });

  test("helps what it says: without it, that is harder to predict", () => {
    const ablations = store.ablations("planted", "feature", index);
    expect(ablations).toHaveLength(3);
    for (const { activations, lossChange, split, context } of ablations) {
      const [{ tokens }] = store.contexts("planted", "feature", [{ split, context }]) as [StoredContext];
      const followed = [...tokens.keys()].filter(
        (position) => tokens[position] === idOf(fires) && tokens[position + 1] === idOf(says),
      );
      expect(followed.length).toBeGreaterThan(0);
      for (const position of followed) {
        expect(activations[position]).toBeGreaterThan(0);
        expect(lossChange[position + 1]).toBeGreaterThan(0.01);
      }
    }
  });
});

test("the script's detector agrees with the script's proxy, and others do not", () => {
  const [hangul, hebrew] = record(PLANTED.hangul.index).proxies;
  expect(hangul!.sensitivity).toBeGreaterThan(0.8);
  expect(hangul!.precision).toBe(1);
  expect(hangul!.recall).toBe(1);
  expect(hebrew!.recall).toBe(0);
  expect(record(PLANTED.the.index).proxies[0]!.precision).toBe(0);
});

test("the same detector twice is its own nearest by activation, and the dead one has no neighbour", () => {
  const { activation, neurons } = record(PLANTED.the.index).nearest;
  expect(activation[0]!.index).toBe(PLANTED.twin.index);
  expect(activation[0]!.value).toBeCloseTo(1, 5);
  expect(neurons.length).toBeGreaterThan(0);
  const dead = record(PLANTED.dead.index);
  expect(dead.statistics.active).toBe(0);
  expect(dead.examples.filter(({ group }) => group !== "random")).toEqual([]);
  expect(dead.nearest).toEqual({ decoder: [], activation: [], neurons: [] });
});

test("neurons of the same layer stand beside it, counted on a share of the text", () => {
  const { record: analysis } = store.analysis("planted", "neuron")!;
  expect(analysis).toMatchObject({ count: 512, hook: "blocks.0.mlp.hook_post" });
  const tokens = analysis.tokens.train + analysis.tokens.heldout;
  expect(tokens).toBeLessThan(everyToken().length / 2);
  expect(store.unit("planted", "neuron", 7)!.record.statistics.tokens).toBe(tokens);
});

test("clamped, it says what it was planted to say", async () => {
  const model = await loadModel(join(HOME, "models", "one-layer"));
  const engine = await Engine.start({ workers: 1, threads: 1 });
  const pool = new Pool(1);
  try {
    const units = saeUnits(await SaeForward.create(pool, readSae(join(folder, "saes", "planted"))));
    const stepper = await openStepper(engine, model, PLANTED_HOOK, { batch: 2, capacity: 64 });
    const text = { plain: "", steered: "" };
    const { index, says } = PLANTED.the;
    const steer = intervene([units], [{ kind: "feature", index, mode: "clamp", value: 60 }]);
    const prompt = Int32Array.of(planted.tokenizer.bosId, ...planted.tokenizer.encode("1,2,3,4"));
    for await (const event of generate(stepper, steer, {
      prompt,
      tokens: 12,
      temperature: 0.5,
      topP: 1,
      seed: 1,
    })) {
      if (event.type === "token") text[event.which] += planted.tokenizer.tokenText(event.token);
    }
    expect(text.steered.split(says).length).toBeGreaterThan(6);
    expect(text.plain).not.toContain(says);
    await stepper.close();
  } finally {
    await Promise.all([engine.close(), pool.close()]);
  }
});

test("a run without a whole context of text is refused, not analysed as one whose features are all dead", async () => {
  const empty = mkdtempSync(join(tmpdir(), "planted-empty-"));
  for (const part of ["run.json", "saes", "tokens"])
    cpSync(join(folder, part), join(empty, part), { recursive: true });
  const manifest = join(empty, "tokens", "manifest.json");
  const saved = JSON.parse(readFileSync(manifest, "utf8"));
  for (const split of ["train", "heldout"])
    saved[split] = { ...saved[split], contexts: 0, tokens: 0, shards: [] };
  writeFileSync(manifest, JSON.stringify(saved));
  await expect(analyseRun(request(empty))).rejects.toThrow(/no whole context of 64 tokens/);
  rmSync(empty, { recursive: true });
});
