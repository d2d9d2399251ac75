/** Some features of a dictionary beside all of them: the same to the bit. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { saeUnits } from "../../../src/features/units.ts";
import { openChosenFeatures } from "../../../src/interpretation/evidence/chosen-features.ts";
import { Random } from "../../../src/random.ts";
import { ARCHITECTURES } from "../../../src/sae/dictionary.ts";
import { SaeForward } from "../../../src/sae/forward.ts";
import { Pool } from "../../../src/sae/pool.ts";
import { randomSae } from "../../sae/plain-forward.ts";

const [d_in, d_sae, rows] = [19, 150, 100];
const random = Random.of(5);
const x = Float32Array.from({ length: rows * d_in }, () => 1 + 2 * random.normal());

let pool: Pool;
beforeAll(() => {
  pool = new Pool(2);
});
afterAll(() => pool.close());

describe("chosen features are those of the whole dictionary", () => {
  const cases = ARCHITECTURES.flatMap((architecture) => [
    { architecture, chosen: [149, 3, 77, 4, 0] },
    { architecture, chosen: Array.from({ length: 100 }, (_, i) => i + 20) },
    { architecture, chosen: [] },
  ]);
  test.each(cases)("$architecture, $chosen.length", async ({ architecture, chosen }) => {
    const sae = randomSae(architecture, d_in, d_sae, { normalize_activations: "layer_norm" });
    const forward = await SaeForward.create(pool, sae);
    const whole = saeUnits(forward);
    const some = await openChosenFeatures(pool, sae, chosen);
    const entries = async ({ encode }: Pick<typeof whole, "encode">) => {
      const { rowOffsets, indices, values } = await encode(x);
      const found: [row: number, unit: number, value: number][] = [];
      for (let row = 0; row < rows; row++) {
        for (let e = rowOffsets[row]!; e < rowOffsets[row + 1]!; e++) {
          if (chosen.includes(indices[e]!)) found.push([row, indices[e]!, values[e]!]);
        }
      }
      return found;
    };
    const expected = await entries(whole);
    expect(await entries(some.units)).toEqual(expected);
    if (chosen.length > 0) expect(expected.length).toBeGreaterThan(3);
    expect(some.units.count).toBe(d_sae);
    expect(some.units.direction(77)).toEqual(whole.direction(77));
    expect(some.units.scale!(x.subarray(0, d_in))).toBe(whole.scale!(x.subarray(0, d_in)));
    expect(some.units.chosen?.(x, [3, 140])).toEqual(whole.chosen?.(x, [3, 140]));
    await some.close();
    await forward.close();
  });
});
