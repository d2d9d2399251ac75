/** Changes of predictions by ablations, of units and of random directions, against whole passes in float64 plain loops. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../../src/engine/engine.ts";
import { ablationEffects } from "../../../src/experiments/effects/ablation-effects.ts";
import { drawOccurrences } from "../../../src/experiments/effects/occurrences.ts";
import type { ActiveTokens, ReadText } from "../../../src/experiments/effects/read-text.ts";
import { saeUnits } from "../../../src/features/units.ts";
import { openCut } from "../../../src/model/cut.ts";
import { Random } from "../../../src/random.ts";
import { SaeForward } from "../../../src/sae/forward.ts";
import { Pool } from "../../../src/sae/pool.ts";
import { largestDifference } from "../../close.ts";
import { fixtureModel, plainLogProbabilities, plainRead } from "../../model/plain-model.ts";
import { plainForward, randomSae } from "../../sae/plain-forward.ts";

const model = fixtureModel("sharded");
const CONTEXT = 12;
const CONTEXTS = 6;
const SEED = 4;
const CHOSEN = [3, 7, 11, 20];

let engine: Engine;
let pool: Pool;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
  pool = new Pool(1);
});
afterAll(async () => {
  await engine.close();
  await pool.close();
});

const random = Random.of(1, "text");
const { vocabSize } = model.config;
const text: ReadText = {
  tokens: Int32Array.from({ length: CONTEXTS * CONTEXT }, (_, i) =>
    i % CONTEXT === 0 ? 0 : 1 + random.integer(vocabSize - 1),
  ),
  context: CONTEXT,
  heldout: CONTEXTS,
  separator: 0,
  vocabSize,
};

describe.each([
  ["blocks.2.mlp.hook_post", true],
  ["blocks.1.mlp.hook_post", false],
  ["blocks.0.hook_resid_mid", false],
] as const)("at %s", (hook, local) => {
  test("sums are those of plain passes, and the same bits again", async () => {
    const cut = await openCut(engine, model, hook, { batch: 4, context: CONTEXT });
    const sae = randomSae("standard", cut.dIn, 30, { b_enc: new Float32Array(30).fill(-1) });
    const forward = await SaeForward.create(pool, sae);
    const units = saeUnits(forward);
    const contextTokens = (c: number) => text.tokens.subarray(c * CONTEXT, (c + 1) * CONTEXT);
    const read = Array.from({ length: CONTEXTS }, (_, c) => plainRead(model, hook, contextTokens(c)));
    const f = read.map(({ activation }) => plainForward(sae, Float32Array.from(activation)).f);
    const columns = CHOSEN.map((unit): ActiveTokens => {
      const values = f.flatMap((rows) => rows.map((row) => row[unit]!));
      const rows = Uint32Array.from(values.keys()).filter((row) => values[row]! > 0);
      return { rows, values: Float32Array.from(rows, (row) => values[row]!) };
    });
    const request = {
      engine,
      model,
      cut,
      units,
      chosen: CHOSEN,
      columns,
      text,
      contexts: 4,
      seed: SEED,
      purpose: "features",
    };
    const found = await ablationEffects(request);

    let looked = 0;
    for (const [place, unit] of CHOSEN.entries()) {
      const occurrences = drawOccurrences(
        text,
        columns[place]!,
        4,
        Random.of(SEED, `effects features ${unit}`),
      );
      const d = Array.from(units.direction(unit));
      const sums = found[place]!;
      expect(sums.contexts).toBe(occurrences.length);
      const expected = {
        here: { loss: [0, 0], absolute: [0, 0], kl: [0, 0], count: 0 },
        elsewhere: { loss: [0, 0], absolute: [0, 0], kl: [0, 0], count: 0 },
        spread: { here: 0, next: 0, later: 0 },
        effect: new Float64Array(vocabSize),
      };
      for (const { context, positions, values, here, elsewhere, next, later, active } of occurrences) {
        const { activation, carry } = read[context]!;
        const tokens = contextTokens(context);
        const draws = Random.of(SEED, `random direction features ${unit} ${context}`);
        const drawn = Array.from(d, () => draws.normal());
        const length = Math.hypot(...drawn);
        const r = drawn.map((x) => x / length);
        const norm = Math.hypot(...d);
        const without = (changes: Map<number, number>, vector: number[]) => {
          const changed = activation.slice();
          for (const [position, amount] of changes) {
            for (let k = 0; k < d.length; k++) changed[position * d.length + k]! -= amount * vector[k]!;
          }
          return plainLogProbabilities(model, hook, { activation: changed, carry });
        };
        const clean = plainLogProbabilities(model, hook, { activation, carry });
        const at = new Map(positions.map((p, i) => [p, values[i]!]));
        const there = new Map(elsewhere.map((p, i) => [p, values[here[i]!]!]));
        const scaled = (changes: Map<number, number>) => new Map([...changes].map(([p, v]) => [p, v * norm]));
        const ways = {
          here: [without(at, d), without(scaled(at), r)],
          elsewhere: [without(there, d), without(scaled(there), r)],
        };
        const klOf = (changed: number[][], p: number) =>
          clean[p]!.reduce((sum, logP, v) => sum + Math.exp(logP) * (logP - changed[p]![v]!), 0);
        for (const kind of ["here", "elsewhere"] as const) {
          const looks = kind === "here" ? here.map((i) => positions[i]!) : elsewhere;
          for (const p of looks) {
            expected[kind].count++;
            ways[kind].forEach((changed, version) => {
              const change = clean[p]![tokens[p + 1]!]! - changed[p]![tokens[p + 1]!]!;
              expected[kind].loss[version]! += change;
              expected[kind].absolute[version]! += Math.abs(change);
              expected[kind].kl[version]! += klOf(changed, p);
            });
          }
        }
        for (const i of here) {
          const p = positions[i]!;
          expected.spread.here += (active / here.length) * klOf(ways.here[0]!, p);
          clean[p]!.forEach((logP, v) => (expected.effect[v]! += logP - ways.here[0]![p]![v]!));
        }
        for (const [kind, some] of [["next", next] as const, ["later", later] as const]) {
          for (const p of some.positions)
            expected.spread[kind] += (some.count / some.positions.length) * klOf(ways.here[0]!, p);
        }
      }
      for (const kind of ["here", "elsewhere"] as const) {
        const { count, ...rest } = expected[kind];
        looked += count;
        expect(sums[kind].count).toBe(count);
        for (const [key, pair] of Object.entries(rest) as ["loss" | "absolute" | "kl", number[]][]) {
          expect(largestDifference(sums[kind][key], pair)).toBeLessThan(key === "kl" ? 2e-5 : 2e-4);
        }
      }
      if (expected.here.count > 0) expect(expected.here.kl[0]).toBeGreaterThan(3e-4);
      expect(largestDifference(sums.effect, expected.effect)).toBeLessThan(1e-3);
      if (local) expect(sums.spread).toBeNull();
      else {
        const { here, next, later } = sums.spread!;
        const { spread } = expected;
        expect(largestDifference([here, next, later], [spread.here, spread.next, spread.later])).toBeLessThan(
          1e-3,
        );
      }
    }
    expect(looked).toBeGreaterThan(20);
    expect(await ablationEffects(request)).toEqual(found);
    await forward.close();
    await cut.close();
  });
});
