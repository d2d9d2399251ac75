/**
 * Proof that training finds what is there: sparse features of known directions, mixed into fewer dimensions, come back as
 * decoder rows. Each ingredient of the method has a setting that needs it, and breaking it there on purpose is noticed.
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SaeRequest } from "../../src/sae/options.ts";
import { Pool } from "../../src/sae/pool.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { type Ablation, SaeTrainer } from "../../src/sae/trainer.ts";
import {
  correlated,
  hierarchical,
  independent,
  meanMaxCosine,
  synthetic,
  type Synthetic,
  type SyntheticOptions,
} from "./synthetic.ts";

const RECOVERED = 0.9;
const [d, features, width, batch, steps] = [32, 48, 64, 256, 1000];

let pool: Pool;
beforeAll(() => {
  pool = new Pool(1);
});
afterAll(() => pool.close());

interface Setting {
  readonly data: Omit<SyntheticOptions, "d" | "features">;
  readonly options: SaeRequest;
  /** Features whose bias starts so low that they never fire. */
  readonly silent?: number;
}

/** Trains a dictionary on the setting's data and returns both. */
async function train({ data: spec, options: change, silent = 0 }: Setting, ablate?: Ablation) {
  const data = synthetic({ d, features, offset: 0.3, noise: 0.01, ...spec });
  const options = resolveOptions(
    {
      expansion: width / d,
      batch,
      tokens: steps * batch,
      normalize_activations: "none",
      lr: 3e-3,
      ...change,
    },
    d,
  );
  const trainer = await SaeTrainer.create(pool, {
    d_in: d,
    options,
    ...(ablate && { ablate }),
    resampleInputs: (_, step) =>
      Array.from({ length: 8 }, (_, i) => data.batch(10_000 + 8 * step + i, batch)),
  });
  trainer.initialise(data.batch(0, 2048));
  trainer.parameters.fillBias(-100, width - silent);
  for (let step = 1; step <= steps; step++) await trainer.step(data.batch(step, batch));
  const { W_dec } = trainer.dictionary();
  await trainer.close();
  return { data, W_dec };
}

const recovery = ({ data, W_dec }: { data: Synthetic; W_dec: Float32Array }) =>
  meanMaxCosine(data.directions, W_dec, d);

describe("true features are found", () => {
  test("when they occur independently", async () => {
    const found = await train({ data: { sample: independent(0.05) }, options: { Lambda: 0.3 } });
    expect(recovery(found)).toBeGreaterThan(0.95);
  });

  test.each([
    [{ objective: "april-2024", Lambda: 1 }],
    [{ objective: "topk", k: 4, k_aux: 16 }],
    [{ objective: "batch-topk", k: 3, k_aux: 16 }],
    // Half of the dictionary has to do on its own: more prefixes would rather have few features that stand for several.
    [{ objective: "matryoshka", k: 3, k_aux: 16, groups: [0.5, 1] }],
    [{ objective: "jumprelu", target_l0: 3 }],
    [{ objective: "gated", Lambda: 1 }],
  ] as [SaeRequest][])("whatever is minimised: %o", async (options) => {
    const found = await train({ data: { sample: independent(0.05) }, options });
    expect(recovery(found)).toBeGreaterThan(RECOVERED);
  });

  test("when pairs of them share half of their occurrences", async () => {
    const found = await train({ data: { sample: correlated(0.05, 0.5) }, options: { Lambda: 0.3 } });
    expect(recovery(found)).toBeGreaterThan(RECOVERED);
  });

  test("when some occur only together with a parent: the parents exactly, the children with a part of it", async () => {
    // One feature along parent + child costs less L1 than two, so theory promises the parents alone.
    const children = 3;
    const found = await train({ data: { sample: hierarchical(0.1, children) }, options: { Lambda: 0.3 } });
    const parents = Array.from({ length: features / (children + 1) }, (_, group) => {
      const row = group * (children + 1) * d;
      return [...found.data.directions.subarray(row, row + d)];
    }).flat();
    expect(meanMaxCosine(Float32Array.from(parents), found.W_dec, d)).toBeGreaterThan(0.95);
    expect(recovery(found)).toBeGreaterThan(0.8);
  });
});

const settings: Record<Ablation, Setting> = {
  // A strong L1 term pulls every decoder row outwards; unless that part of the gradient is removed, it fills Adam's second
  // moment, and what is left of the step after renormalising turns rows away from directions with few non-zero elements.
  projection: {
    data: { sample: independent(0.05), support: 3 },
    options: { Lambda: 1.75, lr: 1e-2, lr_decay: 0 },
  },
  // Most features never fire by themselves.
  resampling: {
    data: { sample: independent(0.05) },
    options: {
      Lambda: 0.3,
      lambda_warmup: 0.05,
      dead: "bricken-resample",
      resample_at: [0.15, 0.3, 0.45, 0.6],
      resample_inputs: 2048,
    },
    silent: 48,
  },
  // What all rows have in common is no feature.
  bias: {
    data: { sample: independent(0.05), offset: 0.5 },
    options: { Lambda: 0.5, lr: 1e-2, b_dec_init: "zero" },
  },
  adam: { data: { sample: independent(0.05) }, options: { Lambda: 0.3 } },
};

describe.each(Object.entries(settings) as [Ablation, Setting][])("what needs %s", (ablation, setting) => {
  test("is found with it", async () => {
    expect(recovery(await train(setting))).toBeGreaterThan(RECOVERED);
  });

  test("is missed without it", async () => {
    expect(recovery(await train(setting, ablation))).toBeLessThan(RECOVERED);
  });
});
