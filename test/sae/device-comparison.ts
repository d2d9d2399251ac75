/**
 * The trainer for devices beside the plain float64 loops, on whatever device an engine is on. Also a program, since the way
 * to a software adapter is in the environment of a process:
 *
 *     node test/sae/device-comparison.ts webgpu      one line of JSON
 */

import * as ort from "onnxruntime-node";
import { pathToFileURL } from "node:url";
import { requireDevice } from "../../src/engine/require-device.ts";
import { Engine } from "../../src/engine/engine.ts";
import { serialise } from "../../src/engine/onnx.ts";
import type { Device } from "../../src/engine/devices.ts";
import { Failure } from "../../src/errors.ts";
import { deviceGraph } from "../../src/sae/device-graph.ts";
import { DEVICE_OBJECTIVES, type DeviceObjective } from "../../src/sae/device-objectives.ts";
import { DeviceTrainer } from "../../src/sae/device-trainer.ts";
import type { SaeRequest } from "../../src/sae/options.ts";
import { resolveOptions } from "../../src/sae/presets.ts";
import { referenceState } from "../../src/sae/reference/state.ts";
import { referenceStep } from "../../src/sae/reference/step.ts";
import { inSteps, learningRate, sparsityCoefficient } from "../../src/sae/schedule.ts";
import { stepKind } from "../../src/sae/step-kind.ts";
import { independent, synthetic } from "./synthetic.ts";

export const STEPS = 20;
export const STEPS_PER_RUN = 6;
// ONNX Runtime's WebGPU provider has kernels of its own for matrices of up to 8 rows and columns: these are larger.
const [d, d_sae, batch] = [12, 40, 24];
const data = synthetic({ d, features: 30, sample: independent(0.1), offset: 0.2, noise: 0.01 });

const base: SaeRequest = {
  expansion: d_sae / d,
  batch,
  tokens: STEPS * batch,
  lambda: 1,
  lambda_warmup: 0.3,
  lr: 1e-3,
  lr_warmup: 5,
  dead: "none",
};

const REQUESTS: Readonly<Record<DeviceObjective, SaeRequest>> = {
  "relu-l1": {},
  "april-2024": { objective: "april-2024" },
  topk: { objective: "topk", k: 4, k_aux: 5, aux_coefficient: 0.5, dead_after: 3 },
  jumprelu: { objective: "jumprelu", target_l0: 8, bandwidth: 0.2, threshold_init: 0.1 },
  gated: { objective: "gated" },
};

export interface Comparison {
  /** The largest ‖w − w'‖ / ‖w'‖ of any tensor after the last step, the moments' apart. */
  readonly parameters: number;
  readonly moments: number;
  /** The largest relative difference of a step's loss, mse, l1, l0. */
  readonly reports: number;
  /** Steps in which dead features took part. */
  readonly revived: number;
  /** Features whose last firing differs. */
  readonly firings: number;
}

export function deviceTrainer(engine: Engine, objective: DeviceObjective, change: SaeRequest = {}) {
  const options = resolveOptions({ ...base, ...REQUESTS[objective], ...change }, d);
  const trainer = new DeviceTrainer(engine, { d_in: d, options, stepsPerRun: STEPS_PER_RUN });
  trainer.initialise(data.batch(0, 4 * batch));
  return trainer;
}

export const batches = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => data.batch(first + i, batch));

/** Takes 20 steps both ways: in runs of six, and one of what is left. */
export async function compareWithLoops(
  engine: Engine,
  objective: DeviceObjective,
  change: SaeRequest = {},
): Promise<Comparison> {
  const trainer = deviceTrainer(engine, objective, change);
  const { options, scale } = trainer;
  const saved = () => trainer.save().tensors;
  const names = Object.keys(saved()).filter((name) => !/_[mv]$|fired/.test(name));
  if (objective === "topk") (saved()["b_enc"]!.data as Float32Array).fill(-0.3, 25);
  const reference = referenceState(
    d,
    d_sae,
    Object.fromEntries(names.map((name) => [name, saved()[name]!.data])),
  );
  const kind = stepKind(options, d_sae);
  const schedule = { ...options, steps: trainer.steps };
  const lastFired = new Int32Array(d_sae);
  let [reports, revived] = [0, 0];
  for (let done = 0; done < STEPS;) {
    const part = batches(done + 1, Math.min(STEPS_PER_RUN, STEPS - done));
    const got = await trainer.run(part);
    part.forEach((x, i) => {
      const step = done + i + 1;
      const deadBefore = step - inSteps(options.dead_after, trainer.steps);
      const dead = Array.from(lastFired, (last) => kind.revive && last < deadBefore);
      if (dead.includes(true)) revived++;
      const rise = sparsityCoefficient({ ...schedule, Lambda: 1 }, step);
      const seen = referenceStep(
        reference,
        x.map((value) => value * scale),
        {
          ...options,
          objective,
          dead,
          Lambda: rise * options.Lambda,
          lr: learningRate(schedule, step),
          centred: options.apply_b_dec_to_input,
          renormalise: options.decoder_norm,
          kAux: options.k_aux,
          auxCoefficient: options.aux_coefficient,
          groups: kind.groups,
          targetL0: options.target_l0,
          sparsityPenalty: rise * options.sparsity_penalty * d,
        },
      );
      seen.f.forEach((value, e) => {
        if (value > 0) lastFired[e % d_sae] = step;
      });
      for (const name of ["loss", "mse", "l1", "l0"] as const) {
        reports = Math.max(reports, Math.abs(got[i]![name] / seen[name] - 1));
      }
    });
    done += part.length;
  }
  const far = (suffix: string, own: Readonly<Record<string, Float64Array>>) =>
    Math.max(...names.map((name) => distance(saved()[name + suffix]!.data, own[name]!)));
  const firings = lastFired.filter((last, i) => last !== saved()["last_fired"]!.data[i]).length;
  await trainer.close();
  return {
    parameters: far("", reference.parameters),
    moments: Math.max(far("_m", reference.m), far("_v", reference.v)),
    reports,
    revived,
    firings,
  };
}

/** ‖a − b‖ / ‖b‖; infinite where a is not finite. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let k = 0; k < b.length; k++) {
    difference += (a[k]! - b[k]!) ** 2;
    size += b[k]! ** 2;
  }
  return Number.isFinite(difference) ? Math.sqrt(difference / (size || 1)) : Infinity;
}

/** Whether every operation of the graph has a kernel on the device; ONNX Runtime's complaint otherwise. */
export async function runsEntirelyOn(
  device: Device,
  objective: DeviceObjective,
): Promise<string | undefined> {
  const graph = deviceGraph({
    objective,
    d_in: d,
    d_sae,
    batch,
    steps: 2,
    centred: true,
    k: 4,
    kAux: 5,
    auxCoefficient: 0.5,
    bandwidth: 0.2,
    targetL0: 8,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    renormalise: "after-step",
  });
  const { bytes, externalData } = serialise(graph);
  try {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: [device],
      extra: { session: { "session.disable_cpu_ep_fallback": "1" } },
      externalData,
    } as ort.InferenceSession.SessionOptions);
    await session.release();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

export interface DeviceOutcome {
  /** Why there is no such device here. */
  readonly missing?: string;
  readonly comparisons: Readonly<Partial<Record<DeviceObjective, Comparison>>>;
  readonly elsewhere: Readonly<Partial<Record<DeviceObjective, string>>>;
}

async function report(device: Device): Promise<DeviceOutcome> {
  try {
    await requireDevice(device);
  } catch (error) {
    if (error instanceof Failure) return { missing: error.message, comparisons: {}, elsewhere: {} };
    throw error;
  }
  const engine = await Engine.start({ device });
  const comparisons: Partial<Record<DeviceObjective, Comparison>> = {};
  const elsewhere: Partial<Record<DeviceObjective, string>> = {};
  for (const objective of DEVICE_OBJECTIVES) {
    comparisons[objective] = await compareWithLoops(engine, objective);
    const complaint = await runsEntirelyOn(device, objective);
    if (complaint !== undefined) elsewhere[objective] = complaint;
  }
  await engine.close();
  return { comparisons, elsewhere };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.stdout.write(JSON.stringify(await report(process.argv[2] as Device)));
}
