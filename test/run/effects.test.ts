/** Planted features have the effects that were planted, and random directions have not: from a run directory to effects/SAE.json. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Measure } from "../../src/experiments/effects/measures.ts";
import { type EffectsResult, type EffectSubject, readEffects } from "../../src/experiments/effects/result.ts";
import { effectsTable } from "../../src/experiments/effects/table.ts";
import { measureEffects } from "../../src/run/effects.ts";
import { loadModel } from "../../src/model/load.ts";
import { readSae, writeSae } from "../../src/sae/saelens.ts";
import { HOME } from "../architecture/imports.ts";
import { PLANTED, PLANTED_HOOK, plantRun } from "./planted-run.ts";

let folder: string;
let result: EffectsResult;
const request = {
  features: 6,
  seed: 1,
  ablationContexts: 6,
  prompts: 2,
  sampledTokens: 12,
  // The planted activations are small beside an embedding.
  pin: 60,
  threads: 2,
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "effects-"));
  await plantRun(folder);
  await sayItself(PLANTED.twin.index, PLANTED.twin.fires);
  const { effects } = await measureEffects({ run: folder, ...request });
  result = effects[0]!.result;
});

/** Makes a feature say the token that it fires on. */
async function sayItself(index: number, token: string): Promise<void> {
  const place = join(folder, "saes", "planted");
  const sae = readSae(place);
  const { weights, tokenizer } = await loadModel(join(HOME, "models", "one-layer"));
  const [id] = tokenizer!.encode(token);
  const row = weights["wte.weight"]!.subarray(id! * sae.d_in, (id! + 1) * sae.d_in);
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const centred = row.map((value) => value - mean);
  sae.W_dec.set(
    centred.map((value) => value / Math.hypot(...centred)),
    index * sae.d_in,
  );
  rmSync(place, { recursive: true });
  writeSae(place, sae);
}

afterAll(() => rmSync(folder, { recursive: true }));

function of(subject: EffectSubject) {
  return result.subjects.find((one) => one.subject === subject)!;
}

function value(measure: Measure, unit: number): number {
  const { units, values } = of("features");
  return values[measure]![units.indexOf(unit)]!;
}

test("dead features are left out, and each control is there", () => {
  // That of the semicolon is too rare in so little held-out text.
  expect(of("features").units).toEqual([
    PLANTED.function.index,
    PLANTED.the.index,
    PLANTED.twin.index,
    PLANTED.hangul.index,
  ]);
  expect(of("neurons").units).toHaveLength(6);
  expect(of("random-directions").units.length).toBeGreaterThan(0);
  expect(result.model.shuffled).toBeNull();
  expect(result.hook).toBe(PLANTED_HOOK);
});

test("the file holds it, and the table shows it", () => {
  expect(readEffects(folder, "planted")).toEqual(JSON.parse(JSON.stringify(result)));
  const table = effectsTable(result);
  expect(table).toContain("4 features");
  expect(table).toContain("agreement, effect");
});

describe("a feature that says what follows its token", () => {
  const { index } = PLANTED.function;
  // " of" follows each " function" in the text, and is what the feature says.
  test("agrees with the text", () => {
    expect(value("logit_auc", index)).toBeGreaterThan(0.9);
    expect(value("agreement_weights", index)).toBeGreaterThan(0.3);
    expect(value("agreement_weights", index)).toBeGreaterThan(value("agreement_weights", PLANTED.the.index));
  });

  test("is single-token, so nothing is known beyond that", () => {
    const { units, singleToken, values } = of("features");
    expect(singleToken[units.indexOf(index)]).toBe(true);
    expect(values.logit_auc_same_token![units.indexOf(index)]).toBeNull();
  });

  test("is read by the model, most at its own tokens", () => {
    expect(value("ablation_kl", index)).toBeGreaterThan(1e-4);
    expect(value("ablation_specificity", index)).toBeGreaterThan(0.3);
  });

  test("pinned, it makes the model say its token", () => {
    expect(value("pinned_promoted_gain", index)).toBeGreaterThan(0.3);
    expect(value("pinned_kl", index)).toBeGreaterThan(0.5);
  });
});

test("a feature that says its own token makes text in which it is active", () => {
  const { index } = PLANTED.twin;
  expect(value("pinned_active_gain", index)).toBeGreaterThan(0.3);
  expect(value("pinned_active_own", index)).toBeGreaterThan(0.3);
  expect(value("pinned_tokens_gain", index)).toBeGreaterThan(0.3);
  expect(value("pinned_active_gain", PLANTED.function.index)).toBeLessThan(0.1);
});

test("random directions do not", () => {
  const { values } = of("random-directions");
  const defined = (measure: Measure) => values[measure]!.filter((one) => one !== null);
  const mean = (measure: Measure) => defined(measure).reduce((a, b) => a + b, 0) / defined(measure).length;
  expect(mean("ablation_kl")).toBeLessThan(value("ablation_kl", PLANTED.function.index) / 3);
  expect(Math.abs(mean("ablation_gain"))).toBeLessThan(1);
  expect(mean("logit_auc")).toBeLessThan(0.8);
});

test("the same request gives the same bits, with other threads too", async () => {
  const again = await measureEffects({ run: folder, ...request, threads: 1 });
  const { seconds: _first, ...first } = result;
  const { seconds: _second, ...second } = again.effects[0]!.result;
  expect(second).toEqual(first);
});
