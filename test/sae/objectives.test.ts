/**
 * Every objective's fast step against the plain float64 loops, tensor by tensor, on each of the ways a step can go: densely,
 * by active entries, with products screened or not, in one memory or several.
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ObjectiveName } from "../../src/sae/objectives.ts";
import type { SaeRequest } from "../../src/sae/options.ts";
import { Pool } from "../../src/sae/pool.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { type ReferenceState, referenceState } from "../../src/sae/reference/state.ts";
import { referenceStep } from "../../src/sae/reference/step.ts";
import { inSteps, learningRate, sparsityCoefficient } from "../../src/sae/schedule.ts";
import { stepKind } from "../../src/sae/step-kind.ts";
import { SaeTrainer, type StepReport, type TrainerSetup } from "../../src/sae/trainer.ts";
import { independent, synthetic } from "./synthetic.ts";

const STEPS = 200;
// Neither is a multiple of 4, 16 or 64: padding must not leak into any number. Two chunks of rows, four blocks of features.
const [d, d_sae, batch] = [19, 200, 150];
const data = synthetic({ d, features: 60, sample: independent(0.05), offset: 0.2, noise: 0.01 });

let pool: Pool;
beforeAll(() => {
  pool = new Pool(2);
});
afterAll(() => pool.close());

const base: SaeRequest = {
  expansion: d_sae / d,
  batch,
  tokens: STEPS * batch,
  lambda: 1,
  lambda_warmup: 0,
  lr: 1e-3,
  lr_warmup: 10,
  normalize_activations: "none",
  dead: "none",
};

const REQUESTS: Readonly<Record<ObjectiveName, SaeRequest>> = {
  "relu-l1": {},
  // Its norms are a tenth of the others': so is the step that keeps rounding errors small beside them.
  "april-2024": { objective: "april-2024", lambda_warmup: 0, lr: 5e-4, lambda: 4 },
  topk: { objective: "topk", k: 6, k_aux: 9, aux_coefficient: 0.5, dead_after: 10 },
  "batch-topk": { objective: "batch-topk", k: 6, k_aux: 9, aux_coefficient: 0.5, dead_after: 10 },
  matryoshka: {
    objective: "matryoshka",
    k: 6,
    k_aux: 9,
    aux_coefficient: 0.5,
    dead_after: 10,
    groups: [0.1, 0.3, 0.5, 1],
  },
  jumprelu: { objective: "jumprelu", target_l0: 8, bandwidth: 0.2, threshold_init: 0.1, lambda_warmup: 0 },
  gated: { objective: "gated", lambda_warmup: 0 },
};

/** ‖a − b‖ / ‖b‖ */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let k = 0; k < b.length; k++) {
    difference += (a[k]! - b[k]!) ** 2;
    size += b[k]! ** 2;
  }
  return size === 0 ? Math.sqrt(difference) : Math.sqrt(difference / size);
}

async function trainerOf(objective: ObjectiveName, change: SaeRequest, setup: Partial<TrainerSetup> = {}) {
  const options = resolveOptions({ ...base, ...REQUESTS[objective], ...change }, d);
  const trainer = await SaeTrainer.create(pool, { d_in: d, options, ...setup });
  trainer.initialise(data.batch(0, batch));
  return trainer;
}

function copyOf(trainer: SaeTrainer): ReferenceState {
  return referenceState(d, trainer.d_sae, trainer.parameters.trained());
}

interface Seen {
  readonly reports: StepReport[];
  /** Steps in which dead features took part. */
  readonly revived: number;
}

/**
 * Steps the trainer and the reference side by side. Selections by rank or sign fall differently where two numbers are equal
 * within rounding, so parameters are compared with a tolerance that one such entry in a step does not exceed.
 */
async function compare(trainer: SaeTrainer, steps: number): Promise<Seen> {
  const { options } = trainer;
  const reference = copyOf(trainer);
  const kind = stepKind(options, d_sae);
  const schedule = { ...options, steps: trainer.steps };
  const reports: StepReport[] = [];
  const lastFired = new Int32Array(d_sae);
  let revived = 0;
  for (let step = 1; step <= steps; step++) {
    const x = data.batch(step, batch);
    const deadBefore = step - inSteps(options.dead_after, trainer.steps);
    const dead = Array.from(lastFired, (last) => kind.revive && last < deadBefore);
    if (dead.includes(true)) revived++;
    const rise = sparsityCoefficient({ ...schedule, Lambda: 1 }, step);
    const seen = referenceStep(reference, x, {
      objective: options.objective,
      Lambda: rise * options.Lambda,
      lr: learningRate(schedule, step),
      beta1: options.beta1,
      beta2: options.beta2,
      epsilon: options.epsilon,
      centred: options.apply_b_dec_to_input,
      renormalise: "after-step",
      k: options.k,
      kAux: options.k_aux,
      auxCoefficient: options.aux_coefficient,
      dead,
      groups: kind.groups,
      targetL0: options.target_l0,
      sparsityPenalty: rise * options.sparsity_penalty * d,
      bandwidth: options.bandwidth,
    });
    for (let e = 0; e < seen.f.length; e++) if (seen.f[e]! > 0) lastFired[e % d_sae] = step;
    const report = await trainer.step(x);
    reports.push(report);
    expect(report.mse / seen.mse).toBeCloseTo(1, 3);
    if (options.objective !== "matryoshka") expect(report.loss / seen.loss).toBeCloseTo(1, 3);
    expect(report.l0 / seen.l0).toBeCloseTo(1, 2);
    for (const [name, values] of Object.entries(trainer.parameters.trained())) {
      // Scalars that begin at 0 are compared once they have grown.
      const far = distance(values, reference.parameters[name]!);
      expect(far, `${name} after step ${step}`).toBeLessThan(step < 20 ? 1e-3 : 1e-4);
    }
  }
  for (const [name, { data: saved }] of Object.entries(trainer.save().tensors)) {
    const moment = /^(W_enc|W_dec)_([mv])$/.exec(name);
    if (!moment) continue;
    const own = reference[moment[2] as "m" | "v"][moment[1]!]!;
    expect(distance(saved, own), name).toBeLessThan(1e-3);
  }
  return { reports, revived };
}

const sparse = ({ reports }: Seen) => reports.filter(({ dense }) => !dense).length;

describe.each(["topk", "batch-topk", "matryoshka"] as const)("%s equals the plain loops", (objective) => {
  test.each(["screened", "float32"] as const)(
    "with products %s, dead features revived",
    async (encoder_product) => {
      const trainer = await trainerOf(objective, { encoder_product });
      // Too quiet to be among the largest, not too quiet to be revived.
      trainer.parameters.fillBias(-0.4, 120);
      const seen = await compare(trainer, STEPS);
      expect(sparse(seen)).toBe(STEPS);
      expect(seen.revived).toBeGreaterThan(STEPS / 3);
      expect(seen.reports.some(({ products }) => products > 0)).toBe(encoder_product === "screened");
      await trainer.close();
    },
  );
});

describe.each(["relu-l1", "april-2024", "jumprelu", "gated"] as const)(
  "%s equals the plain loops",
  (objective) => {
    test("on the dense path", async () => {
      const trainer = await trainerOf(objective, {});
      const seen = await compare(trainer, 30);
      expect(seen.reports[0]!.dense).toBe(true);
      await trainer.close();
    });

    test.each(["screened", "float32"] as const)(
      "on the sparse path, products %s",
      async (encoder_product) => {
        const trainer = await trainerOf(objective, { encoder_product });
        quieten(trainer, objective);
        const seen = await compare(trainer, STEPS);
        expect(sparse(seen)).toBeGreaterThan(STEPS / 2);
        await trainer.close();
      },
    );
  },
);

describe.each(["relu-l1", "april-2024", "jumprelu"] as const)("%s in three memories", (objective) => {
  test("equals the plain loops, densely and by active entries", async () => {
    const trainer = await trainerOf(objective, {}, { shards: 3 });
    await compare(trainer, 10);
    await trainer.close();
    const quiet = await trainerOf(objective, {}, { shards: 3 });
    quieten(quiet, objective);
    expect(sparse(await compare(quiet, STEPS))).toBeGreaterThan(STEPS / 2);
    await quiet.close();
  });
});

/** A few features fire on a row from the start. */
function quieten({ parameters }: SaeTrainer, objective: ObjectiveName): void {
  parameters.fillBias(objective === "april-2024" ? -0.14 : -0.12);
}

describe("target_l0", () => {
  test("is reached by adapting Λ, and the Λ is told", async () => {
    const told: number[] = [];
    const steps = 1500;
    const trainer = await trainerOf(
      "relu-l1",
      { target_l0: 5, tokens: steps * batch, lr: 3e-3, lambda: 0.05 },
      { onEvent: (event) => event.event === "target-l0" && told.push(event.Lambda) },
    );
    let l0 = 0;
    for (let step = 1; step <= steps; step++) {
      const report = await trainer.step(data.batch(step, batch));
      if (step > steps - 50) l0 += report.l0 / 50;
    }
    expect(l0).toBeGreaterThan(4.5);
    expect(l0).toBeLessThan(5.5);
    expect(told).toEqual([trainer.Lambda]);
    expect(trainer.Lambda).not.toBeCloseTo(0.05, 3);
    await trainer.close();
  });
});
