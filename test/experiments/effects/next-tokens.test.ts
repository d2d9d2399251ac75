/** What follows active tokens, against plain loops over all pairs of tokens. */

import { describe, expect, test } from "vitest";
import { FollowingTokens, shapeOf, UnitFollowers } from "../../../src/experiments/effects/next-tokens.ts";
import type { ReadText } from "../../../src/experiments/effects/read-text.ts";
import { Random } from "../../../src/random.ts";

const VOCAB = 12;
const CONTEXT = 32;

/** After token 3 comes 5 in half of all cases where the one before was 1, else anything. */
function textOf(contexts: number): ReadText {
  const random = Random.of(2, "text");
  const tokens = new Int32Array(contexts * CONTEXT);
  for (let i = 0; i < tokens.length; i++) {
    const rule = tokens[i - 1] === 3 && tokens[i - 2] === 1 && random.uniform() < 0.5;
    tokens[i] = i % CONTEXT === 0 ? 0 : rule ? 5 : 1 + random.integer(VOCAB - 1);
  }
  return { tokens, context: CONTEXT, heldout: contexts, separator: 0, vocabSize: VOCAB };
}

const text = textOf(300);
const following = new FollowingTokens(text);
const active = (row: number) => text.tokens[row] === 3 && text.tokens[row - 1] === 1;
const column = (isActive: (row: number) => boolean) => {
  const rows = Uint32Array.from(text.tokens.keys()).filter((row) => isActive(row));
  return { rows, values: new Float32Array(rows.length).fill(1) };
};
const followers = new UnitFollowers(following, column(active));
const random = Random.of(9, "weights");
const weights = Float32Array.from({ length: VOCAB }, (_, v) => (v === 7 ? 0.25 : random.normal()));
weights[8] = 0.25;

/** Rows with a prediction, and their next tokens. */
const rows = Array.from(text.tokens.keys()).filter(
  (row) => text.tokens[row] !== 0 && row % CONTEXT !== CONTEXT - 1,
);
const nextOf = (row: number) => text.tokens[row + 1]!;

function plainAuc(among: number[]): { area: number; a: number; i: number } {
  const a = among.filter(active);
  const others = among.filter((row) => !active(row));
  let area = 0;
  for (const x of a) {
    for (const y of others) {
      const [p, q] = [weights[nextOf(x)]!, weights[nextOf(y)]!];
      area += p > q ? 1 : p === q ? 0.5 : 0;
    }
  }
  return { area: area / (a.length * others.length), a: a.length, i: others.length };
}

describe("the rank statistics", () => {
  test("over all tokens", () => expect(followers.auc(weights)).toBeCloseTo(plainAuc(rows).area, 10));

  test("among the same current token: here there is but one that is both", () => {
    const same = plainAuc(rows.filter((row) => text.tokens[row] === 3));
    expect(same.a).toBeGreaterThan(20);
    expect(followers.aucSameToken(weights)).toBeCloseTo(same.area, 10);
  });

  test("several current tokens, weighted", () => {
    const either = (row: number) => active(row) || (text.tokens[row] === 4 && row % 3 === 0);
    const found = new UnitFollowers(following, column(either)).aucSameToken(weights)!;
    let [sum, mass] = [0, 0];
    for (const token of [3, 4]) {
      const among = rows.filter((row) => text.tokens[row] === token);
      const [on, off] = [among.filter(either), among.filter((row) => !either(row))];
      const area =
        on.reduce(
          (all, x) =>
            all +
            off.reduce((part, y) => {
              const [p, q] = [weights[nextOf(x)]!, weights[nextOf(y)]!];
              return part + (p > q ? 1 : p === q ? 0.5 : 0);
            }, 0),
          0,
        ) /
        (on.length * off.length);
      const weight = (on.length * off.length) / among.length;
      sum += weight * area;
      mass += weight;
    }
    expect(found).toBeCloseTo(sum / mass, 10);
  });

  test("weights that say the rule are found, in both ways; a detector of one token knows nothing beyond it", () => {
    const rule = Float32Array.from({ length: VOCAB }, (_, v) => Number(v === 5));
    // In the long run ½ + ½ (6/11 − 1/11) = 0.73.
    expect(followers.auc(rule)!).toBeGreaterThan(0.65);
    expect(followers.aucSameToken(rule)!).toBeGreaterThan(0.65);
    const detector = new UnitFollowers(
      following,
      column((row) => text.tokens[row] === 3),
    );
    expect(detector.aucSameToken(rule)).toBeNull();
    expect(
      new UnitFollowers(
        following,
        column(() => false),
      ).auc(rule),
    ).toBeNull();
  });
});

describe("agreement", () => {
  const share = (token: number, among: number[]) => {
    const prior = rows.filter((row) => nextOf(row) === token).length / rows.length;
    return (among.filter((row) => nextOf(row) === token).length + 10 * prior) / (among.length + 10);
  };
  const [on, off] = [rows.filter(active), rows.filter((row) => !active(row))];
  const tokens = Array.from({ length: VOCAB }, (_, v) => v).filter((v) =>
    rows.some((row) => nextOf(row) === v),
  );
  const ratio = tokens.map((v) => Math.log(share(v, on) / share(v, off)));

  test("is the weighted correlation with the counted log-ratio", () => {
    const mass = tokens.map((v) => (share(v, on) + share(v, off)) / 2);
    const total = mass.reduce((a, b) => a + b, 0);
    const mean = (x: number[]) => x.reduce((sum, value, i) => sum + (mass[i]! / total) * value, 0);
    const own = tokens.map((v) => weights[v]!);
    const [x, y] = [own, ratio].map((list) => list.map((value) => value - mean(list))) as [
      number[],
      number[],
    ];
    const product = (a: number[], b: number[]) => mean(a.map((value, i) => value * b[i]!));
    const expected = product(x, y) / Math.sqrt(product(x, x) * product(y, y));
    expect(followers.agreement(weights)).toBeCloseTo(expected, 6);
  });

  test("is 1 with the data's own log-ratio, null for what is constant or never active", () => {
    const perfect = new Float64Array(VOCAB);
    tokens.forEach((v, i) => (perfect[v] = 3 * ratio[i]! - 1));
    expect(followers.agreement(perfect)).toBeCloseTo(1, 10);
    expect(followers.agreement(new Float64Array(VOCAB))).toBeNull();
    expect(
      new UnitFollowers(
        following,
        column(() => false),
      ).agreement(perfect),
    ).toBeNull();
  });

  test("halves of the text agree about a rule, and not about noise", () => {
    expect(followers.reliability()!).toBeGreaterThan(0.6);
    const noise = Random.of(6, "noise");
    const unit = new UnitFollowers(
      following,
      column(() => noise.uniform() < 0.2),
    );
    expect(Math.abs(unit.reliability()!)).toBeLessThan(0.5);
  });
});

test("moments of the weights of the tokens that occur", () => {
  const values = [1, 2, 2, 3, 10];
  const total = Float64Array.from([1, 1, 1, 1, 1, 0]);
  const { skew, kurtosis } = shapeOf(Float32Array.from([...values, 99]), { total });
  const mean = 3.6;
  const moment = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / 5;
  expect(skew).toBeCloseTo(moment(3) / moment(2) ** 1.5, 10);
  expect(kurtosis).toBeCloseTo(moment(4) / moment(2) ** 2 - 3, 10);
  expect(shapeOf(new Float32Array(6), { total })).toEqual({ skew: null, kurtosis: null });
});
