/** A dictionary under training, wherever that happens: by the sparse step on the CPU, by dense graphs on another device. */

import type { Engine } from "../engine/engine.ts";
import { DeviceTrainer } from "../sae/device-trainer.ts";
import type { ResampleInputs } from "../sae/dead-feature-policy.ts";
import type { SaeOptions } from "../sae/options.ts";
import type { Pool } from "../sae/pool.ts";
import { SaeTrainer, type StepReport, type TrainingEvent } from "../sae/trainer.ts";

export type Trainer = SaeTrainer | DeviceTrainer;

/** Where dictionaries are trained: the workers of the sparse step, or an engine on a device. */
export type TrainingPlace = Pool | { readonly device: Engine };

export function createTrainer(
  place: TrainingPlace,
  setup: {
    readonly d_in: number;
    readonly options: SaeOptions;
    readonly onEvent: (event: TrainingEvent) => void;
    readonly resampleInputs: ResampleInputs;
  },
): Promise<Trainer> {
  return "device" in place
    ? Promise.resolve(new DeviceTrainer(place.device, setup))
    : SaeTrainer.create(place, setup);
}

/** Steps that are taken at once, for the sake of what has to be moved in between; all trainers of a run agree on it. */
export function stepsAtOnce(trainers: ReadonlyMap<string, Trainer>): number {
  const each = [...trainers.values()].map((trainer) =>
    trainer instanceof DeviceTrainer ? trainer.stepsPerRun : 1,
  );
  return Math.min(...each);
}

/** One step on each batch, in turn. */
export async function takeSteps(trainer: Trainer, batches: readonly Float32Array[]): Promise<StepReport[]> {
  if (trainer instanceof DeviceTrainer) return trainer.run(batches);
  const reports: StepReport[] = [];
  for (const batch of batches) reports.push(await trainer.step(batch));
  return reports;
}
