import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CutSearch } from "../../src/sae/batch-cut.ts";
import { Pool } from "../../src/sae/pool.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { SaeTrainer } from "../../src/sae/trainer.ts";
import { independent, synthetic } from "./synthetic.ts";

describe("the search for a cut", () => {
  /** Steps until a cut at or above `room` and below `threshold` is found. */
  function find(start: number, room: number, threshold: number): number {
    const search = new CutSearch(start);
    for (let tries = 1; ; tries++) {
      if (search.cut >= threshold && search.cut > 0) search.lower();
      else if (search.cut < room) search.raise();
      else return tries;
    }
  }

  test("finds what is there, from above and from below", () => {
    expect(find(5, 0, 0)).toBeLessThan(60);
    expect(find(0.85, 0.99, 1)).toBeLessThan(10);
    expect(find(3, 0.9999, 1)).toBeLessThan(40);
    expect(find(0, 0.9999, 1)).toBeLessThan(100);
  });

  test("ends with a sentence where there is none", () => {
    expect(() => find(0.85, 1, 1)).toThrow(/a few inputs hold most .* lower k or the batch/);
    expect(() => find(3, 2, 1)).toThrow(/a few inputs hold most/);
  });
});

describe("a batch of which one part has nearly all of the largest activations", () => {
  const [d, batch] = [19, 1024];
  let pool: Pool;
  beforeAll(() => {
    pool = new Pool(2);
  });
  afterAll(() => pool.close());

  test("is trained on", async () => {
    const data = synthetic({ d, features: 60, sample: independent(0.05), offset: 0.2, noise: 0.01 });
    const options = resolveOptions(
      { objective: "batch-topk", expansion: 200 / d, batch, tokens: 10 * batch, k: 6, k_aux: 0 },
      d,
    );
    const trainer = await SaeTrainer.create(pool, { d_in: d, options });
    trainer.initialise(data.batch(0, batch));
    const x = data.batch(1, batch);
    for (let k = 0; k < 128 * d; k++) x[k]! *= 1000;
    const { l0 } = await trainer.step(x);
    expect(l0).toBe(6);
    await trainer.close();
  });
});
