import { describe, expect, test } from "vitest";
import { Failure, UsageError } from "../../src/errors.ts";
import { sampleToken } from "../../src/model/sampling.ts";
import { Random } from "../../src/random.ts";

const logits = Float32Array.of(0.5, 2, -1, 2, 1, -Infinity, 0);
const everything = { temperature: 1, topP: 1 };

function softmax(values: ArrayLike<number>, temperature: number): number[] {
  const weights = Array.from(values, (value) => Math.exp(value / temperature));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}

/** The smallest set of the most likely tokens with a total of topP, by trying sizes. */
function nucleus(p: readonly number[], topP: number): Set<number> {
  const order = p.map((_, token) => token).toSorted((a, b) => p[b]! - p[a]! || a - b);
  let size = 1;
  while (order.slice(0, size).reduce((sum, token) => sum + p[token]!, 0) < topP) size++;
  return new Set(order.slice(0, size));
}

function frequencies(temperature: number, topP: number, draws: number): number[] {
  const random = Random.of(11, "draws");
  const counts = Array.from(logits, () => 0);
  for (let i = 0; i < draws; i++) counts[sampleToken(logits, { temperature, topP }, random)]!++;
  return counts.map((count) => count / draws);
}

test.each([
  [1, 1],
  [0.5, 1],
  [3, 1],
  [1, 0.9],
  [1, 0.7],
  [2, 0.35],
  [1, 1e-9],
])("temperature %d, top-p %d: tokens come as often as they should", (temperature, topP) => {
  const p = softmax(logits, temperature);
  const kept = nucleus(p, topP);
  const mass = [...kept].reduce((sum, token) => sum + p[token]!, 0);
  const draws = 40_000;
  frequencies(temperature, topP, draws).forEach((frequency, token) => {
    const expected = kept.has(token) ? p[token]! / mass : 0;
    const error = Math.sqrt((expected * (1 - expected)) / draws);
    expect(Math.abs(frequency - expected), `token ${token}`).toBeLessThanOrEqual(4.5 * error);
  });
});

test("temperature 0 takes the most likely token, the first of equals", () => {
  expect(sampleToken(logits, { temperature: 0, topP: 0.1 }, Random.of(1))).toBe(1);
});

test("one number is drawn, whatever the options", () => {
  for (const temperature of [0, 1]) {
    for (const topP of [0.5, 1]) {
      const [used, plain] = [Random.of(3), Random.of(3)];
      sampleToken(logits, { temperature, topP }, used);
      plain.uniform();
      expect(used.state).toEqual(plain.state);
    }
  }
});

test("the same seed gives the same tokens, another one others", () => {
  const draw = (seed: number) => {
    const random = Random.of(seed, "text");
    return Array.from({ length: 50 }, () => sampleToken(logits, everything, random));
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test("with the same number, the token both predictions agree on is taken in both", () => {
  const other = logits.map((logit, token) => (token === 0 ? logit - 1 : logit));
  for (let seed = 0; seed < 200; seed++) {
    const one = sampleToken(logits, everything, Random.of(seed));
    if (one === 1) expect(sampleToken(other, everything, Random.of(seed))).toBe(1);
  }
});

/** All cumulated probabilities of a long tail, where the line of candidates is cut by the number itself. */
test("of a large vocabulary the token is that of the whole sorted line", () => {
  const random = Random.of(5, "large");
  const large = Float32Array.from({ length: 3000 }, () => 4 * random.normal());
  const p = softmax(large, 1);
  const order = p.map((_, token) => token).toSorted((a, b) => p[b]! - p[a]! || a - b);
  for (let seed = 0; seed < 300; seed++) {
    const u = Random.of(seed).uniform();
    let sum = 0;
    const expected = order.find((token) => (sum += p[token]!) >= u);
    expect(sampleToken(large, everything, Random.of(seed))).toBe(expected);
  }
});

describe("what makes no sense is refused", () => {
  test.each([
    ["NaN", Float32Array.of(1, NaN, 2), /logit of token 1 is NaN/],
    ["infinite", Float32Array.of(1, 2, Infinity), /logit of token 2 is Infinity/],
    ["nothing left", new Float32Array(4).fill(-Infinity), /excludes every token/],
    ["no logits", new Float32Array(0), /excludes every token/],
  ])("%s", (_, hostile, message) => {
    for (const temperature of [0, 1]) {
      const draw = () => sampleToken(hostile, { temperature, topP: 1 }, Random.of(1));
      expect(draw).toThrow(Failure);
      expect(draw).toThrow(message);
    }
  });

  test.each([
    [{ temperature: -1, topP: 1 }, /temperature is -1/],
    [{ temperature: NaN, topP: 1 }, /temperature is NaN/],
    [{ temperature: Infinity, topP: 1 }, /temperature is Infinity/],
    [{ temperature: 1, topP: 0 }, /top-p is 0/],
    [{ temperature: 1, topP: 1.1 }, /top-p is 1.1/],
    [{ temperature: 1, topP: NaN }, /top-p is NaN/],
  ])("%j", (options, message) => {
    const draw = () => sampleToken(logits, options, Random.of(1));
    expect(draw).toThrow(UsageError);
    expect(draw).toThrow(message);
  });

  test("a temperature close to 0 is like 0", () => {
    expect(sampleToken(Float32Array.of(1, 3, 2), { temperature: 1e-300, topP: 1 }, Random.of(1))).toBe(1);
  });
});
