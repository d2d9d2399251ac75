/** Changed activations in texts of any length against two whole forward passes in float64 plain loops. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { Failure, UsageError } from "../../src/errors.ts";
import type { CutModel } from "../../src/model/cut.ts";
import { directPath } from "../../src/model/direct-path.ts";
import { hookPoints } from "../../src/model/hooks.ts";
import { type LiveModel, openLiveModel } from "../../src/model/live-model.ts";
import type { Reading } from "../../src/model/reading.ts";
import { Random } from "../../src/random.ts";
import { largestDifference } from "../close.ts";
import { fixtureModel, lossesOf, plainLogits, plainLogProbabilities, plainRead } from "./plain-model.ts";

const TOLERANCE = 2e-5;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.start({ workers: 2 });
});
afterAll(() => engine.close());

/** A fixture's weights, with positions enough for texts of several lengths of program. */
const fixture = fixtureModel("gelu");
const POSITIONS = 150;
const twoLayers: CutModel = {
  config: { ...fixture.config, context: POSITIONS },
  weights: { ...fixture.weights, "wpe.weight": normals(POSITIONS * fixture.config.dModel) },
};
const HOOKS = hookPoints(twoLayers.config).map(({ name }) => name);

function normals(length: number): Float32Array {
  const random = Random.of(1, "positions");
  return Float32Array.from({ length }, () => 0.3 * random.normal());
}

function textOf(length: number, seed = 1): Int32Array {
  const random = Random.of(seed, "text");
  return Int32Array.from({ length }, () => random.integer(twoLayers.config.vocabSize));
}

async function withLive<T>(
  hook: string,
  use: (live: LiveModel) => Promise<T>,
  model = twoLayers,
): Promise<T> {
  const live = await openLiveModel(engine, model, hook);
  try {
    return await use(live);
  } finally {
    await live.close();
  }
}

/** The activation with a random vector added at some positions. */
function nudged({ activation }: Reading, positions: readonly number[], dIn: number, scale = 1): Float32Array {
  const random = Random.of(positions.length, "nudge");
  const changed = activation.slice();
  for (const row of positions)
    for (let k = 0; k < dIn; k++) changed[row * dIn + k]! += scale * random.normal();
  return changed;
}

describe.each(HOOKS)("%s", (hook) => {
  test.each([1, 5, 32, 33, 140])("a text of %d tokens: activation and losses", (length) =>
    withLive(hook, async (live) => {
      const tokens = textOf(length);
      const { activation, carry } = await live.read(tokens);
      const plain = plainRead(twoLayers, hook, tokens);
      expect(largestDifference(activation, plain.activation)).toBeLessThan(TOLERANCE);
      if (plain.carry) expect(largestDifference(carry!, plain.carry)).toBeLessThan(TOLERANCE);
      const expected = lossesOf(plainLogProbabilities(twoLayers, hook, plain), tokens);
      expect(largestDifference(await live.losses(tokens, carry, activation), expected)).toBeLessThan(
        TOLERANCE,
      );
    }),
  );

  test("two tokens changed: both losses, and who was lowered and raised", () =>
    withLive(hook, async (live) => {
      const tokens = textOf(19);
      const reading = await live.read(tokens);
      const positions = [4, 9];
      const changed = nudged(reading, positions, live.dIn);
      const found = await live.difference(tokens, reading.carry, reading.activation, changed, 3);
      const [before, after] = [reading.activation, changed].map((activation) =>
        plainLogProbabilities(twoLayers, hook, { activation, carry: reading.carry }),
      );
      expect(largestDifference(found.clean, lossesOf(before!, tokens))).toBeLessThan(TOLERANCE);
      expect(largestDifference(found.changed, lossesOf(after!, tokens))).toBeLessThan(TOLERANCE);
      let listed = 0;
      for (let t = 0; t < tokens.length; t++) {
        const [p, q] = [before![t]!, after![t]!];
        const part = p.map((_, v) => Math.exp(Math.max(p[v]!, q[v]!)) * (q[v]! - p[v]!));
        const order = [...part.keys()].sort((a, b) => part[a]! - part[b]!);
        const reached = part.some((value) => value !== 0);
        listed += found.lowered[t]!.length;
        if (!reached) {
          expect(found.clean[t + 1]).toBe(found.changed[t + 1]);
          expect([...found.lowered[t]!, ...found.raised[t]!]).toEqual([]);
          continue;
        }
        // By what each is worth, since rounding decides between tokens that are worth the same.
        for (const [list, best] of [
          [found.lowered[t]!, order],
          [found.raised[t]!, order.toReversed()],
        ] as const) {
          const worth = (of: readonly number[]) => of.map((token) => part[token]!);
          const expected = worth(best.slice(0, 3)).filter((value) => Math.abs(value) >= 1e-4);
          expect(largestDifference(worth(list.map(({ token }) => token)), expected)).toBeLessThan(TOLERANCE);
        }
        for (const { token, before: was, after: is } of [...found.lowered[t]!, ...found.raised[t]!]) {
          expect(was).toBeCloseTo(Math.exp(p[token]!), 5);
          expect(is).toBeCloseTo(Math.exp(q[token]!), 5);
        }
      }
      expect(listed).toBeGreaterThanOrEqual(6);
    }));

  test("many edits at once are each what they are alone", () =>
    withLive(hook, async (live) => {
      const readings = await Promise.all([24, 7, 40, 16].map((length, i) => live.read(textOf(length, i))));
      const edits = readings.flatMap((reading, i) =>
        [[0], [2, 3], [1, 5, 6]].map((positions) => {
          const changed = nudged(reading, positions, live.dIn, 1 + i);
          const rows = positions.map((row) => changed.subarray(row * live.dIn, (row + 1) * live.dIn));
          return { reading, positions, rows: Float32Array.from(rows.flatMap((row) => [...row])), changed };
        }),
      );
      const together = await live.differences(edits, 4);
      for (const [i, { reading, changed }] of edits.entries()) {
        const { tokens, carry, activation } = reading;
        const alone = await live.difference(tokens, carry, activation, changed, 4);
        for (const { position, clean, changed: loss, lowered } of together[i]!) {
          expect(lowered.map(({ token }) => token)).toEqual(
            alone.lowered[position]!.map(({ token }) => token),
          );
          if (position + 1 === tokens.length) continue;
          expect(clean).toBeCloseTo(alone.clean[position + 1]!, 5);
          expect(loss).toBeCloseTo(alone.changed[position + 1]!, 5);
        }
        const [only] = await live.differences([{ ...edits[i]!, only: [edits[i]!.positions[0]!] }], 4);
        expect(only).toEqual(together[i]!.slice(0, 1));
      }
    }));
});

test("an edit of no token changes nothing", () =>
  withLive("blocks.0.mlp.hook_post", async (live) => {
    const reading = await live.read(textOf(5));
    expect(await live.differences([{ reading, positions: [], rows: new Float32Array(0) }], 2)).toEqual([[]]);
  }));

test("texts of many lengths at once, with more programs than are kept", () =>
  withLive("blocks.0.mlp.hook_post", async (live) => {
    const lengths = [3, 60, 150, 31, 129, 2, 128, 40, 150, 1];
    const losses = await Promise.all(
      lengths.map(async (length) => {
        const { tokens, carry, activation } = await live.read(textOf(length));
        return live.losses(tokens, carry, activation);
      }),
    );
    losses.forEach((values, i) =>
      expect(largestDifference(values, losses[2]!.slice(0, lengths[i]))).toBeLessThan(TOLERANCE),
    );
  }));

test("texts that the model cannot take are refused", () =>
  withLive("blocks.0.mlp.hook_post", async (live) => {
    await expect(live.read(new Int32Array(0))).rejects.toThrow(Failure);
    await expect(live.read(textOf(151))).rejects.toThrow(/151 tokens are more than the 150/);
    await expect(live.read(Int32Array.of(1, 97))).rejects.toThrow(/token 97 .* 0 to 96/);
  }));

describe("the direct path", () => {
  const position = 6;
  const centred = (logits: readonly number[], token: number) =>
    logits[token]! - logits.reduce((sum, value) => sum + value, 0) / logits.length;

  test.each(["blocks.1.mlp.hook_post", "blocks.1.hook_mlp_out", "blocks.1.hook_resid_post"])(
    "%s: the slope of the logit, but for what LayerNorm's scale adds to it",
    (hook) =>
      withLive(hook, async (live) => {
        const { config, weights } = twoLayers;
        const tokens = textOf(11);
        const reading = await live.read(tokens);
        const gradient = await live.directGradient(reading, position);
        const token = tokens[position + 1]!;
        const random = Random.of(5, "direction");
        const direction = Float64Array.from({ length: live.dIn }, () => random.normal());
        const logit = (step: number) => {
          const activation = Float64Array.from(reading.activation);
          direction.forEach((value, k) => (activation[position * live.dIn + k]! += step * value));
          return centred(
            plainLogits(twoLayers, hook, { activation, carry: reading.carry })[position]!,
            token,
          );
        };
        const slope = (logit(1e-5) - logit(-1e-5)) / 2e-5;
        // The logit is β's part plus a part that goes as 1/σ.
        const stream = plainRead(twoLayers, "blocks.1.hook_resid_post", tokens).activation.subarray(
          position * config.dModel,
          (position + 1) * config.dModel,
        );
        const mean = stream.reduce((sum, value) => sum + value, 0) / config.dModel;
        const variance =
          stream.reduce((sum, value) => sum + (value - mean) ** 2, 0) / config.dModel +
          config.layerNormEpsilon;
        const { weight } = directPath(config, hook);
        const moved = Array.from({ length: config.dModel }, (_, d) =>
          weight
            ? direction.reduce((sum, value, k) => sum + value * weights[weight]![k * config.dModel + d]!, 0)
            : direction[d]!,
        );
        const growth =
          moved.reduce((sum, value, d) => sum + value * (stream[d]! - mean), 0) / config.dModel / variance;
        const unembedding = weights["lm_head.weight"]!;
        const meanRow = (d: number) => {
          let sum = 0;
          for (let v = 0; v < config.vocabSize; v++) sum += unembedding[v * config.dModel + d]!;
          return sum / config.vocabSize;
        };
        const bias = weights["ln_f.bias"]!.reduce(
          (sum, value, d) => sum + value * (unembedding[token * config.dModel + d]! - meanRow(d)),
          0,
        );
        const held = gradient.reduce((sum, value, k) => sum + value * direction[k]!, 0);
        expect(Math.abs(held)).toBeGreaterThan(1e-3);
        expect(held - growth * (logit(0) - bias)).toBeCloseTo(slope, 4);
      }),
  );

  test("parts of the last residual stream add up to the logit", () =>
    withLive("blocks.1.hook_resid_post", async (live) => {
      const tokens = textOf(11);
      const reading = await live.read(tokens);
      const gradient = await live.directGradient(reading, position);
      const { config, weights } = twoLayers;
      const row = reading.activation.subarray(position * config.dModel, (position + 1) * config.dModel);
      const sum = gradient.reduce((total, value, d) => total + value * row[d]!, 0);
      const token = tokens[position + 1]!;
      const logits = plainLogits(twoLayers, live.hook, reading)[position]!;
      // What a stream of zero gives: γ ⊙ 0 + β.
      const bias = Array.from({ length: config.vocabSize }, (_, v) =>
        weights["ln_f.bias"]!.reduce(
          (total, value, d) => total + value * weights["lm_head.weight"]![v * config.dModel + d]!,
          0,
        ),
      );
      expect(sum).toBeCloseTo(centred(logits, token) - centred(bias, token), 4);
    }));

  test("earlier hook points go through the stream as it is", () =>
    withLive("blocks.0.hook_mlp_out", async (live) => {
      const reading = await live.read(textOf(11));
      const gradient = await live.directGradient(reading, position);
      expect(directPath(twoLayers.config, live.hook).kind).toBe("direct");
      const last = await withLive("blocks.1.hook_resid_post", async (end) =>
        end.directGradient(await end.read(reading.tokens), position),
      );
      expect(largestDifference(gradient, last)).toBeLessThan(TOLERANCE);
    }));

  test("what has no direct path, and no next token, is refused", async () => {
    await withLive("blocks.1.mlp.hook_pre", async (live) => {
      const reading = await live.read(textOf(3));
      await expect(live.directGradient(reading, 0)).rejects.toThrow(
        /no linear path leads from blocks.1.mlp.hook_pre/,
      );
    });
    await withLive("blocks.1.mlp.hook_post", async (live) => {
      const reading = await live.read(textOf(3));
      await expect(live.directGradient(reading, 2)).rejects.toThrow(UsageError);
      await expect(live.directGradient(reading, -1)).rejects.toThrow(UsageError);
    });
  });
});
