/**
 * The training loop: one stream of activations, every dictionary takes each batch in turn, metrics and checkpoints on the
 * way. A stopped or killed run goes on from its last checkpoint with the same bits.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import type { ActivationRounds } from "../activations/rounds.ts";
import { sharedFloats } from "../engine/tensor.ts";
import { Diverged, Failure } from "../errors.ts";
import type { StepReport, TrainingEvent } from "../sae/trainer.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import type { Dictionary } from "./grid.ts";
import { EMPTY_WINDOW, Metrics, widen, type Window } from "./metrics.ts";
import type { RunHooks } from "./request.ts";
import { createTrainer, stepsAtOnce, takeSteps, type Trainer, type TrainingPlace } from "./trainers.ts";

/** Lines of metrics.jsonl that each dictionary writes over a run. */
const CURVE_POINTS = 200;
/** Rows from which the centre and the scale of the activations are estimated. */
const SAMPLE_ROWS = 16_384;

export interface TrainingPlan {
  readonly folder: string;
  readonly dictionaries: readonly Dictionary[];
  readonly rounds: ActivationRounds;
  /** Whatever must not differ between a run and its continuation, beyond the dictionaries' own options. */
  readonly identity: unknown;
  readonly checkpointMinutes: number;
  /** Called between two steps once this many tokens are trained on, for each number of `milestones`. */
  readonly milestones: readonly number[];
  /** When one diverges the others go on, as long as there are any. */
  readonly goOnWithout: boolean;
  /** What happens when the text is used up, for the one who watches. */
  readonly afterText: string;
  readonly onMilestone: (
    trainers: ReadonlyMap<string, Trainer>,
    step: number,
    tokens: number,
  ) => Promise<void>;
}

/** Trainers at their end, by name; and why the others have none. */
export interface Trained {
  readonly trainers: Map<string, Trainer>;
  readonly diverged: Readonly<Record<string, string>>;
}

/**
 * Trains every dictionary of the plan to its end.
 * @throws Failure when a dictionary diverges that the others do not go on without, or the run is told to stop; the last checkpoint stays
 */
export async function trainDictionaries(
  place: TrainingPlace,
  plan: TrainingPlan,
  hooks: RunHooks,
): Promise<Trained> {
  const { rounds, folder } = plan;
  const [{ options }] = plan.dictionaries as [Dictionary];
  const checkpoints = checkpointFolder(folder);
  const fingerprint = createHash("sha256").update(JSON.stringify(plan.identity)).digest("hex");
  const { metrics, windows, trainers, diverged, atOnce, position, start } = await open(
    place,
    plan,
    checkpoints,
    fingerprint,
    hooks,
  );

  let used = position;
  const { steps } = [...trainers.values()][0]!;
  const every = Math.max(1, Math.round(steps / CURVE_POINTS));
  const buffers = Array.from({ length: atOnce }, () => sharedFloats(options.batch * rounds.dIn));
  let saved = performance.now();
  let pass = start > 0 ? rounds.passOf(used - 1) : 0;
  let line = { at: performance.now(), step: start };
  for (let before = start, step; before < steps; before = step) {
    const batches = buffers.slice(0, steps - before);
    step = before + batches.length;
    for (const batch of batches) {
      await rounds.take(used, options.batch, batch);
      used += options.batch;
    }
    if (rounds.passOf(used - 1) > pass) {
      pass = rounds.passOf(used - 1);
      for (const name of trainers.keys()) metrics.event(name, { event: "epoch", step });
      hooks.onNote?.(`the text is used up after ${pass * rounds.rowsPerPass} tokens: ${plan.afterText}`);
    }
    let report: StepReport | undefined;
    for (const [name, trainer] of trainers) {
      try {
        const reports = await takeSteps(trainer, batches);
        report = reports.at(-1)!;
        const window = reports.reduce(widen, windows.get(name)!);
        windows.set(name, window);
        if (window.steps < every && step < steps) continue;
        const seconds = (performance.now() - line.at) / 1000;
        refuseDivergence(name, window, step, trainer.options.lr);
        metrics.train(
          name,
          window,
          report,
          trainer.aliveSince(step - window.steps),
          ((step - line.step) * options.batch) / seconds,
        );
        windows.set(name, EMPTY_WINDOW);
      } catch (error) {
        if (!(error instanceof Diverged) || !plan.goOnWithout || trainers.size === 1) throw error;
        diverged[name] = error.message;
        trainers.delete(name);
        windows.delete(name);
        await trainer.close();
        metrics.event(name, { event: "diverged", step });
        hooks.onNote?.(`${name} is left out: ${error.message}`);
      }
    }
    if (windows.values().every(({ steps }) => steps === 0)) line = { at: performance.now(), step };
    const note = `mse ${report!.mse.toPrecision(4)}, L0 ${report!.l0.toFixed(1)}`;
    hooks.onProgress?.(step * options.batch, note);
    const milestone = plan.milestones.some(
      (tokens) => tokens > before * options.batch && tokens <= step * options.batch,
    );
    const stop = hooks.signal?.aborted === true && step < steps;
    if (milestone || stop || performance.now() - saved > plan.checkpointMinutes * 60_000 || step === steps) {
      saveCheckpoint(
        checkpoints,
        trainers,
        { step, position: used, windows: Object.fromEntries(windows), diverged },
        fingerprint,
      );
      saved = performance.now();
    }
    if (milestone) await plan.onMilestone(trainers, step, step * options.batch);
    if (stop) {
      throw new Failure(
        `stopped at step ${step} of ${steps} with a checkpoint: the same command with --resume goes on from there`,
      );
    }
  }
  return { trainers, diverged };
}

/** Reconstructions this far from their activations are no dictionary, even while every number is finite. */
const HOPELESS = 100;

function refuseDivergence(name: string, { mse, variance }: Window, step: number, lr: number): void {
  if (mse < HOPELESS * variance) return;
  throw new Diverged(
    `training diverged at step ${step}: the squared error of ${name} is ${(mse / variance).toPrecision(2)} times the ` +
      `variance of the activations; lower the learning rate (lr is ${lr}) or raise its warm-up`,
  );
}

export function checkpointFolder(folder: string): string {
  return join(folder, "checkpoint");
}

interface Opened {
  readonly trainers: Map<string, Trainer>;
  readonly windows: Map<string, Window>;
  readonly metrics: Metrics;
  readonly diverged: Record<string, string>;
  /** Steps; those that have diverged had their say in it. */
  readonly atOnce: number;
  readonly position: number;
  readonly start: number;
}

/** Trainers at the newest checkpoint, or at the beginning. */
async function open(
  place: TrainingPlace,
  { dictionaries, rounds, folder }: TrainingPlan,
  checkpoints: string,
  fingerprint: string,
  hooks: RunHooks,
): Promise<Opened> {
  const trainers = new Map<string, Trainer>();
  const metrics = new Metrics(folder);
  for (const { name, options } of dictionaries) {
    const onEvent = (event: TrainingEvent) => {
      metrics.event(name, event);
      hooks.onNote?.(`${name}: ${describeEvent(event)}`);
    };
    const resampleInputs = (count: number) => rounds.batches(options.batch, count);
    trainers.set(name, await createTrainer(place, { d_in: rounds.dIn, options, onEvent, resampleInputs }));
  }
  const restored = loadCheckpoint(checkpoints, trainers, fingerprint);
  if (restored === undefined) {
    const sample = await rounds.sample(SAMPLE_ROWS);
    for (const trainer of trainers.values()) trainer.initialise(sample);
  }
  const atOnce = stepsAtOnce(trainers);
  const diverged = { ...restored?.diverged };
  for (const name of Object.keys(diverged)) {
    await trainers.get(name)?.close();
    trainers.delete(name);
  }
  const start = restored?.step ?? 0;
  const position = restored?.position ?? 0;
  metrics.dropAfter(start);
  const windows = new Map(
    [...trainers.keys()].map((name) => [name, restored?.windows[name] ?? EMPTY_WINDOW]),
  );
  if (start > 0) hooks.onNote?.(`resuming from the checkpoint of step ${start}`);
  return { trainers, windows, metrics, diverged, atOnce, position, start };
}

function describeEvent(event: TrainingEvent): string {
  switch (event.event) {
    case "dense-to-sparse":
    case "sparse-to-dense":
      return `step ${event.step}: ${event.event.replaceAll("-", " ")} path at L0 ${event.l0.toFixed(0)}`;
    case "resample":
      return `step ${event.step}: resampled ${event.dead} dead features from ${event.inputs} inputs`;
    case "reinit":
      return `step ${event.step}: restarted ${event.features} rare features`;
    case "target-l0":
      return `Λ ${event.Lambda.toPrecision(4)} gives L0 ${event.l0.toFixed(1)}`;
  }
}
