/** What the probe says of many short sequences at once is what the model says of each alone. */

import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../../../src/engine/engine.ts";
import { neuronUnits, type Units } from "../../../src/features/units.ts";
import { modelProbe } from "../../../src/interpretation/explainers/model-probe.ts";
import { openCut } from "../../../src/model/cut.ts";
import { loadModel } from "../../../src/model/load.ts";
import { Random } from "../../../src/random.ts";
import { HOME } from "../../architecture/imports.ts";

const HOOK = "blocks.0.mlp.hook_post";
const loaded = await loadModel(join(HOME, "models", "one-layer"));
const model = { ...loaded, tokenizer: loaded.tokenizer! };
const { dMlp, vocabSize } = model.config;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2, threads: 1 });
});
afterAll(() => engine.close());

const random = Random.of(1, "probes");
const requests = Array.from({ length: 1500 }, (_, i) => ({
  unit: random.integer(dMlp),
  ids: Array.from({ length: 1 + (i % 7) }, () => random.integer(vocabSize)),
}));

/** The model on one sequence behind a separator, nothing beside it. */
async function alone(ids: readonly number[]): Promise<Float32Array> {
  const context = ids.length + 1;
  const cut = await openCut(engine, model, HOOK, { batch: 1, context });
  const { activation } = await cut.prefix(Int32Array.of(model.tokenizer.bosId, ...ids));
  const row = activation.slice((context - 1) * dMlp, context * dMlp);
  await cut.close();
  return row;
}

test("in any order, of any length, of any unit", async () => {
  const values = await modelProbe(engine, { model }, HOOK, neuronUnits(dMlp))(requests);
  expect(values.length).toBe(requests.length);
  let active = 0;
  for (let i = 0; i < requests.length; i += 31) {
    const { unit, ids } = requests[i]!;
    const expected = Math.max(0, (await alone(ids))[unit]!);
    expect(values[i]).toBeCloseTo(expected, 4);
    active += Number(expected > 0);
  }
  expect(active).toBeGreaterThan(5);
});

test("units that are decided alone are not all encoded", async () => {
  const plain = neuronUnits(dMlp);
  const units: Units = {
    ...plain,
    encode: () => Promise.reject(new Error("all units were encoded")),
    chosen: (x, [unit]) => Float32Array.of(Math.max(0, x[unit!]!)),
  };
  const few = requests.slice(0, 200);
  const values = await modelProbe(engine, { model }, HOOK, units)(few);
  const expected = await modelProbe(engine, { model }, HOOK, plain)(few);
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
});

test("of a sequence that is longer than the longest pass, the end is read", async () => {
  const ids = Array.from({ length: 20 }, () => random.integer(vocabSize));
  const probe = modelProbe(engine, { model }, HOOK, neuronUnits(dMlp));
  const row = await alone(ids.slice(-7));
  const values = await probe(Array.from({ length: 40 }, (_, unit) => ({ unit, ids })));
  for (const [unit, value] of values.entries()) expect(value).toBeCloseTo(Math.max(0, row[unit]!), 4);
});

test("nothing asked, nothing read", async () => {
  expect(await modelProbe(engine, { model }, HOOK, neuronUnits(dMlp))([])).toEqual(new Float64Array());
});
