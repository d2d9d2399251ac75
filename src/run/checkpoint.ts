/** The state of a training run on disk: one file of tensors a dictionary, and how far the stream is used up. */

import { rmSync } from "node:fs";
import { type CheckpointKind, openCheckpoint, saveCheckpoint as save } from "../files/checkpoints.ts";
import type { SavedTrainer } from "../sae/trainer.ts";
import type { Window } from "./metrics.ts";
import type { Trainer } from "./trainers.ts";

interface CheckpointState {
  /** Rows of the shuffled stream that are used up. */
  readonly position: number;
  readonly trainers: Readonly<Record<string, SavedTrainer["state"]>>;
  readonly windows: Readonly<Record<string, Window>>;
  /** Absent where none has. */
  readonly diverged?: Readonly<Record<string, string>>;
}

export interface Progress {
  readonly step: number;
  readonly position: number;
  readonly windows: Readonly<Record<string, Window>>;
  /** Dictionaries that are no longer trained, and why. */
  readonly diverged: Readonly<Record<string, string>>;
}

const kind = (fingerprint: string): CheckpointKind => ({
  format: 1,
  fingerprint,
  anew: "start a new run with another --out",
});

/**
 * @param fingerprint options and text: a run with others cannot be continued
 * @throws Failure when the disk is full or the folder cannot be written; earlier checkpoints then still stand
 */
export function saveCheckpoint(
  folder: string,
  trainers: ReadonlyMap<string, Trainer>,
  { step, position, windows, diverged }: Progress,
  fingerprint: string,
): void {
  save(folder, step, kind(fingerprint), (write): CheckpointState => {
    const states: Record<string, SavedTrainer["state"]> = {};
    for (const [name, trainer] of trainers) {
      const { tensors, state } = trainer.save();
      write(name, tensors);
      states[name] = state;
    }
    return { position, windows, trainers: states, ...(Object.keys(diverged).length > 0 && { diverged }) };
  });
}

/**
 * Restores the newest checkpoint into `trainers`; undefined when there is none.
 * @throws Failure when it is damaged, of another version, or of a run with other options
 */
export function loadCheckpoint(
  folder: string,
  trainers: ReadonlyMap<string, Trainer>,
  fingerprint: string,
): Progress | undefined {
  const newest = openCheckpoint<CheckpointState>(folder, kind(fingerprint));
  if (newest === undefined) return undefined;
  const { step, state, tensors } = newest;
  const { diverged = {} } = state;
  for (const [name, trainer] of trainers) {
    if (name in diverged) continue;
    trainer.restore({ tensors: tensors(name), state: state.trainers[name]! });
  }
  return { step, position: state.position, windows: state.windows, diverged };
}

export function removeCheckpoints(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
