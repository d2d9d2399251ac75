/**
 * The transformer against PyTorch: every hook point, the logits, the loss, the loss with an activation replaced, and the
 * gradient of every parameter. Fixtures: scripts/fixtures/make_gpt2_fixtures.py, computed in float64.
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { openSafetensors, type SafetensorsFile } from "../../src/files/safetensors.ts";
import { readConfig } from "../../src/model/config.ts";
import { openCut } from "../../src/model/cut.ts";
import { hookPoints } from "../../src/model/hooks.ts";
import { nextTokens, predicted } from "../../src/model/transformer.ts";
import { readWeights } from "../../src/model/weights.ts";
import { lossGradientGraph } from "../../src/pretraining/trainer.ts";
import { forward } from "../../src/model/forward.ts";
import { largestDifference } from "../close.ts";

const fixtures = join(import.meta.dirname, "../fixtures/models");
const names = readdirSync(fixtures).filter((name) =>
  existsSync(join(fixtures, name, "expected.safetensors")),
);

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start();
});
afterAll(() => engine.close());

function load(name: string) {
  const folder = join(fixtures, name);
  const config = readConfig(folder);
  return {
    config,
    weights: readWeights(folder, config),
    expected: openSafetensors(join(folder, "expected.safetensors")),
  };
}

const row = (data: Float32Array, i: number, rows: number) =>
  data.subarray((data.length / rows) * i, (data.length / rows) * (i + 1));

describe.each(names)("random GPT-2 %s", (name) => {
  const { config, weights, expected } = load(name);
  const tokens = expected.readInts("tokens");
  const [batch, context] = expected.info("tokens").shape as [number, number];
  const hooks = hookPoints(config).map((point) => point.name);

  test("every activation, the logits and the loss", async () => {
    for (let i = 0; i < batch; i++) {
      const pass = await forward(
        engine,
        { config, weights },
        tokens.slice(i * context, (i + 1) * context),
        hooks,
      );
      for (const hook of hooks) {
        expect(
          largestDifference(pass.activations.get(hook)!.data, row(expected.readFloats(hook), i, batch)),
          hook,
        ).toBeLessThan(2e-5);
      }
      expect(largestDifference(pass.logits.data, row(expected.readFloats("logits"), i, batch))).toBeLessThan(
        5e-5,
      );
      expect(largestDifference(pass.loss.data, row(expected.readFloats("loss"), i, batch))).toBeLessThan(
        1e-5,
      );
    }
  });

  test("a cut at any hook point: identity gives the model's loss, replacements give PyTorch's", async () => {
    for (const hook of hooks) {
      const cut = await openCut(engine, { config, weights }, hook, { batch, context });
      const { activation, carry } = await cut.prefix(tokens);
      const loss = async (change: (x: number) => number) => cut.suffix(tokens, carry, activation.map(change));
      const reference = (key: string) => expected.readFloats(key);
      expect(largestDifference(await loss((x) => x), reference("loss")), hook).toBeLessThan(1e-5);
      expect(largestDifference(await loss(() => 0), reference(`loss@zero:${hook}`)), hook).toBeLessThan(2e-5);
      expect(largestDifference(await loss((x) => x / 2), reference(`loss@half:${hook}`)), hook).toBeLessThan(
        2e-5,
      );
      await cut.close();
    }
  });
});

describe.each(names.filter((name) => existsSync(join(fixtures, name, "gradients.safetensors"))))(
  "gradients of %s",
  (name) => {
    test("the derived gradient of every parameter is PyTorch's", async () => {
      const { config, weights, expected } = load(name);
      const [batch, context] = expected.info("tokens").shape as [number, number];
      const tokens = expected.readInts("tokens");
      const gradients: SafetensorsFile = openSafetensors(join(fixtures, name, "gradients.safetensors"));
      const { graph } = lossGradientGraph(config, { batch, context });
      const program = await engine.load(graph);
      const outputs = await program.run({ tokens, targets: nextTokens(tokens, context), ...weights });
      expect(outputs["loss"]![0]).toBeCloseTo(gradients.readFloats("loss")[0]!, 5);
      for (const parameter of Object.keys(weights)) {
        const stored = parameter === "lm_head.weight" ? parameter : `transformer.${parameter}`;
        const truth = gradients.readFloats(stored);
        const size = Math.max(...truth.map(Math.abs));
        expect(largestDifference(outputs[`d ${parameter}`]!, truth) / size, parameter).toBeLessThan(2e-5);
      }
    });
  },
);

test("the last position of each context predicts nothing", () => {
  expect([...nextTokens(Int32Array.of(5, 6, 7, 8), 2)]).toEqual([6, 0, 8, 0]);
  expect([...predicted(Float32Array.of(1, 2, 3, 4), 2)]).toEqual([1, 3]);
});
