/** Interventions against their definition in plain loops, for every architecture of dictionary and for neurons. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { type Intervention, intervene } from "../../src/experiments/interventions.ts";
import { neuronUnits, saeUnits, type Units } from "../../src/features/units.ts";
import { Random } from "../../src/random.ts";
import { chosenFeatures } from "../../src/sae/chosen-features.ts";
import type { Sae } from "../../src/sae/dictionary.ts";
import { SaeForward } from "../../src/sae/forward.ts";
import { Pool } from "../../src/sae/pool.ts";
import { largestDifference } from "../close.ts";
import { plainForward, plainScales, randomSae } from "../sae/plain-forward.ts";

const [d_in, d_sae, rows] = [19, 60, 7];
const random = Random.of(5, "rows");
const x = Float32Array.from({ length: rows * d_in }, () => 1 + 2 * random.normal());

let pool: Pool;
beforeAll(() => {
  pool = new Pool(1);
});
afterAll(() => pool.close());

async function withUnits<T>(sae: Sae, use: (units: Units) => Promise<T>): Promise<T> {
  const forward = await SaeForward.create(pool, sae);
  try {
    return await use(saeUnits(forward));
  } finally {
    await forward.close();
  }
}

async function changed(units: readonly Units[], interventions: readonly Intervention[]) {
  const result = x.slice();
  await intervene(units, interventions)(result);
  return result;
}

/** x + Σ s·(value − f_i(x))·d_i over clamps + Σ s·value·d_i over additions, all from the f and s of the unchanged rows. */
function plain(sae: Sae, interventions: readonly Intervention[]): Float64Array {
  const { f } = plainForward(sae, x);
  const scales = plainScales(sae, x);
  const result = Float64Array.from(x);
  for (let row = 0; row < rows; row++) {
    for (const { kind, index, mode, value } of interventions) {
      const before = kind === "neuron" ? Math.max(0, x[row * d_in + index]!) : f[row]![index]!;
      for (let k = 0; k < d_in; k++) {
        const direction = kind === "neuron" ? Number(k === index) : sae.W_dec[index * d_in + k]!;
        const scale = kind === "neuron" ? 1 : scales[row]!;
        result[row * d_in + k]! += scale * (mode === "clamp" ? value - before : value) * direction;
      }
    }
  }
  return result;
}

const feature = (index: number, mode: Intervention["mode"], value: number): Intervention => ({
  kind: "feature",
  index,
  mode,
  value,
});

describe.each([
  ["standard", "none"],
  ["topk", "none"],
  ["jumprelu", "none"],
  ["gated", "none"],
  ["standard", "layer_norm"],
  ["topk", "layer_norm"],
] as const)("a %s dictionary, normalised by %s", (architecture, normalize_activations) => {
  const sae = randomSae(architecture, d_in, d_sae, { normalize_activations });
  const often = plainForward(sae, x).f;
  /** Features that are active on some of the rows. */
  const active = Array.from({ length: d_sae }, (_, i) => i)
    .filter((i) => often.some((f) => f[i]! > 0) && often.some((f) => f[i] === 0))
    .slice(0, 3);

  test.each([
    ["a clamp", [feature(active[0]!, "clamp", 4)]],
    ["a feature taken away", [feature(active[1]!, "clamp", 0)]],
    ["an addition", [feature(active[0]!, "add", -3)]],
    [
      "several at once, clamps of the same f(x)",
      [
        feature(active[0]!, "clamp", 4),
        feature(active[1]!, "clamp", 0),
        feature(active[2]!, "add", 2),
        feature(active[0]!, "add", 1),
      ],
    ],
    [
      "features and neurons",
      [
        feature(active[0]!, "clamp", 4),
        { kind: "neuron", index: 3, mode: "clamp", value: 2 },
        { kind: "neuron", index: 4, mode: "add", value: -1 },
      ],
    ],
  ] as [string, Intervention[]][])("%s", async (_, interventions) => {
    const result = await withUnits(sae, (units) => changed([units, neuronUnits(d_in)], interventions));
    expect(largestDifference(result, plain(sae, interventions))).toBeLessThan(1e-4);
    expect(largestDifference(result, x)).toBeGreaterThan(0.5);
  });

  test("clamped at what it is, nothing changes", async () => {
    const [index, value] = [active[0]!, often[0]![active[0]!]!];
    const result = await withUnits(sae, (units) => changed([units], [feature(index, "clamp", value)]));
    expect(largestDifference(result.subarray(0, d_in), x.subarray(0, d_in))).toBeLessThan(1e-4);
  });
});

describe("chosen features are those of a full encoding", () => {
  test.each([
    ["standard", {}],
    ["standard", { apply_b_dec_to_input: false }],
    ["jumprelu", { normalize_activations: "layer_norm" }],
    ["jumprelu", { threshold: new Float32Array(d_sae).fill(-0.5) }],
    ["gated", {}],
  ] as const)("%s %j", async (architecture, change) => {
    const sae = randomSae(architecture, d_in, d_sae, change);
    const indices = [0, 17, 59, 17];
    const f = plainForward(sae, x).f.flatMap((row) => indices.map((i) => row[i]!));
    expect(f.some((value) => value > 0) && f.some((value) => value === 0)).toBe(true);
    expect(largestDifference(chosenFeatures(sae, x, indices), f)).toBeLessThan(1e-4);
  });

  test("not of a topk dictionary", async () => {
    const sae = randomSae("topk", d_in, d_sae);
    expect(() => chosenFeatures(sae, x, [1])).toThrow("topk");
    expect(await withUnits(sae, async (units) => units.chosen)).toBeUndefined();
  });
});

test("only what acts is asked for its activations", async () => {
  let encoded = 0;
  const counted: Units = {
    ...neuronUnits(d_in),
    encode: (rows) => (encoded++, neuronUnits(d_in).encode(rows)),
  };
  await changed([counted], [{ kind: "neuron", index: 1, mode: "add", value: 1 }]);
  expect(encoded).toBe(0);
  expect(await changed([counted], [])).toEqual(x);
});

test.each([
  [[feature(1, "clamp", 1)], /there are no features here/],
  [[{ kind: "neuron", index: 19, mode: "add", value: 1 }], /no neuron 19, expected 0 to 18/],
  [[{ kind: "neuron", index: -1, mode: "add", value: 1 }], /no neuron -1/],
  [[{ kind: "neuron", index: 1.5, mode: "add", value: 1 }], /no neuron 1.5/],
  [[{ kind: "neuron", index: 1, mode: "add", value: NaN }], /value for neuron 1 is NaN/],
  [
    [{ kind: "neuron", index: 1, mode: "clamp", value: 1e10 }],
    /value for neuron 1 is 10000000000, expected a number up to ±1000000000/,
  ],
  [
    [
      { kind: "neuron", index: 1, mode: "clamp", value: 1 },
      { kind: "neuron", index: 1, mode: "clamp", value: 2 },
    ],
    /neuron 1 is clamped twice/,
  ],
] as [Intervention[], RegExp][])("%j is refused", (interventions, message) => {
  expect(() => intervene([neuronUnits(d_in)], interventions)).toThrow(UsageError);
  expect(() => intervene([neuronUnits(d_in)], interventions)).toThrow(message);
});

test("rows of another width are a mistake of the caller", async () => {
  const add = intervene([neuronUnits(d_in)], [{ kind: "neuron", index: 1, mode: "add", value: 1 }]);
  await expect(add(new Float32Array(d_in + 1))).rejects.toThrow("no rows of 19");
});
