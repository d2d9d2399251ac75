import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SaeRequest } from "../../src/sae/options.ts";
import { Pool } from "../../src/sae/pool.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { referenceResample } from "../../src/sae/reference/resample.ts";
import { type ReferenceState, referenceState } from "../../src/sae/reference/state.ts";
import { referenceForward, referenceStep } from "../../src/sae/reference/step.ts";
import { learningRate, sparsityCoefficient } from "../../src/sae/schedule.ts";
import { SaeTrainer, type TrainingEvent } from "../../src/sae/trainer.ts";
import { independent, synthetic } from "./synthetic.ts";

const NAMES = ["W_enc", "W_dec", "b_enc", "b_dec"] as const;
const STEPS = 52;
// Neither is a multiple of 4, 16 or 64: padding must not leak into any number.
const [d, batch] = [19, 100];
const data = synthetic({ d, features: 60, sample: independent(0.05), offset: 0.2, noise: 0.01 });

let pool: Pool;
beforeAll(() => {
  pool = new Pool(2);
});
afterAll(() => pool.close());

const request: SaeRequest = {
  expansion: 200 / d,
  batch,
  tokens: STEPS * batch,
  lambda: 1,
  lr: 2e-3,
  lr_warmup: 10,
  normalize_activations: "none",
  // Encoder rows of norm 1.
  initial_length: 200 / (2 * d),
  dead: "none",
};

const floats = (trainer: SaeTrainer, name: string) => trainer.save().tensors[name]!.data as Float32Array;

function copyOf(trainer: SaeTrainer): ReferenceState {
  return referenceState(
    d,
    trainer.d_sae,
    Object.fromEntries(NAMES.map((name) => [name, floats(trainer, name)])),
  );
}

/** ‖a − b‖ / ‖b‖ */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let k = 0; k < b.length; k++) {
    difference += (a[k]! - b[k]!) ** 2;
    size += b[k]! ** 2;
  }
  return Math.sqrt(difference / size);
}

/** Steps the trainer and the reference side by side; returns whether each step was dense. */
async function compare(
  trainer: SaeTrainer,
  reference: ReferenceState,
  after?: (step: number, x: Float32Array) => void,
) {
  const { options } = trainer;
  const schedule = { ...options, steps: trainer.steps };
  const dense: boolean[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const x = data.batch(step, batch);
    const report = await trainer.step(x);
    const seen = referenceStep(reference, x, {
      ...options,
      objective: "relu-l1",
      dead: [],
      Lambda: sparsityCoefficient(schedule, step),
      lr: learningRate(schedule, step),
      centred: options.apply_b_dec_to_input,
      renormalise: options.decoder_norm,
    });
    after?.(step, x);
    dense.push(report.dense);
    expect(report.mse / seen.mse).toBeCloseTo(1, 4);
    expect(report.l1 / seen.l1).toBeCloseTo(1, 4);
    // A product within rounding of zero may count on one side only.
    expect(report.l0 / seen.l0).toBeCloseTo(1, 2);
    for (const name of NAMES)
      expect(distance(floats(trainer, name), reference.parameters[name]!)).toBeLessThan(1e-4);
  }
  for (const name of ["W_enc", "W_dec", "b_enc"] as const) {
    expect(distance(floats(trainer, `${name}_m`), reference.m[name]!)).toBeLessThan(1e-3);
    expect(distance(floats(trainer, `${name}_v`), reference.v[name]!)).toBeLessThan(1e-3);
  }
  return dense;
}

describe.each([
  ["centred encoder", { apply_b_dec_to_input: true }],
  ["encoder on x itself", { apply_b_dec_to_input: false }],
  ["norms that drift", { preset: "neel-2023", as_published: true, Lambda: 1 }],
  ["norms that are free", { preset: "neel-2023", decoder_norm: "never", Lambda: 1 }],
] as [string, SaeRequest][])("%s: steps equal the plain float64 loops", (_, change) => {
  test("on the dense path, and across the switch to the sparse one", async () => {
    const events: TrainingEvent[] = [];
    const options = resolveOptions({ ...request, Lambda: 4, lr: 1e-2, lambda_warmup: 0, ...change }, d);
    const trainer = await SaeTrainer.create(pool, {
      d_in: d,
      options,
      onEvent: (event) => events.push(event),
    });
    trainer.initialise(data.batch(0, batch));
    const dense = await compare(trainer, copyOf(trainer));
    expect(dense[0]).toBe(true);
    await trainer.close();
  });

  test("on the sparse path", async () => {
    const options = resolveOptions({ ...request, ...change }, d);
    const trainer = await SaeTrainer.create(pool, { d_in: d, options });
    trainer.initialise(data.batch(0, batch));
    // Quiet from the start: a few features fire on a row.
    trainer.parameters.fillBias(change.preset === "neel-2023" ? -0.2 : -0.6);
    const dense = await compare(trainer, copyOf(trainer));
    expect(dense.filter(Boolean).length).toBeLessThan(STEPS / 4);
    await trainer.close();
  });
});

test.each(["input", "centred"] as const)(
  "a feature resampled at an %s equals the plain loops'",
  async (direction) => {
    const options = resolveOptions(
      {
        ...request,
        dead: "bricken-resample",
        resample_at: [30],
        resample_window: 20,
        resample_inputs: 3 * batch,
        resample_direction: direction,
      },
      d,
    );
    let dead = 0;
    const trainer = await SaeTrainer.create(pool, {
      d_in: d,
      options,
      resampleInputs: () => [0, 1, 2].map((i) => data.batch(1000 + i, batch)),
      onEvent: (event) => event.event === "resample" && (dead = event.dead),
    });
    trainer.initialise(data.batch(0, batch));
    trainer.parameters.fillBias(-0.6);
    trainer.parameters.fillBias(-5, 170);
    const reference = copyOf(trainer);
    const lastFired = new Int32Array(trainer.d_sae);
    let resampled = 0;
    await compare(trainer, reference, (step, x) => {
      const { f } = referenceForward(reference, x, {
        objective: "relu-l1",
        Lambda: 0,
        centred: true,
      });
      for (let e = 0; e < f.length; e++) if (f[e]! > 0 && step < 30) lastFired[e % trainer.d_sae] = step;
      if (step !== 30) return;
      const silent = [...lastFired.keys()].filter((i) => trainer.parameters.bias(i) === 0);
      const alive = [...lastFired.keys()].filter((i) => !silent.includes(i));
      const norm = (i: number) => Math.hypot(...reference.parameters.W_enc.subarray(i * d, (i + 1) * d));
      const mean = alive.reduce((sum, i) => sum + norm(i), 0) / alive.length;
      const centre = direction === "input" ? new Float64Array(d) : reference.parameters.b_dec;
      const inputs = [0, 1, 2]
        .flatMap((i) => rowsOf(data.batch(1000 + i, batch)))
        .map((row) => row.map((value, k) => value - centre[k]!));
      for (const i of silent) {
        const decoder = trainer.parameters.decoderRow(i);
        const input = inputs.find(
          (row) =>
            distance(
              decoder,
              row.map((value) => value / Math.hypot(...row)),
            ) < 1e-4,
        );
        expect(input).toBeDefined();
        referenceResample(reference, i, input!, 0.2 * mean);
        resampled++;
      }
    });
    expect(resampled).toBe(dead);
    expect(resampled).toBeGreaterThanOrEqual(30);
    await trainer.close();
  },
);

function rowsOf(x: Float32Array): Float32Array[] {
  return Array.from({ length: x.length / d }, (_, row) => x.subarray(row * d, (row + 1) * d));
}

test("the number of workers does not change a bit", async () => {
  const results: Float32Array[] = [];
  for (const workers of [1, 3]) {
    const crowd = new Pool(workers);
    const options = resolveOptions({ ...request, Lambda: 4, lr: 1e-2 }, d);
    const trainer = await SaeTrainer.create(crowd, { d_in: d, options });
    trainer.initialise(data.batch(0, batch));
    const dense = new Set<boolean>();
    for (let step = 1; step <= STEPS; step++) dense.add((await trainer.step(data.batch(step, batch))).dense);
    expect(dense.size).toBe(2);
    results.push(...NAMES.map((name) => floats(trainer, name).slice()));
    await crowd.close();
  }
  for (let i = 0; i < NAMES.length; i++) expect(results[i + NAMES.length]).toEqual(results[i]);
});
