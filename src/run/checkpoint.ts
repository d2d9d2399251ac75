/**
 * The state of a training run on disk.
 *
 *     checkpoint/00001200/<sae>.safetensors    parameters, Adam moments, counters
 *     checkpoint/00001200/state.json           written last, with the checksum of every other file
 *
 * A folder without state.json was never finished and does not count. The last two are kept: when the newest is damaged,
 * deleting it goes back to the one before.
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import { makeFolder, writeFailure, writeJson } from "../files/atomic.ts";
import { openSafetensors } from "../files/safetensors.ts";
import { writeSafetensors } from "../files/safetensors-write.ts";
import type { SavedTrainer, SaeTrainer } from "../sae/trainer.ts";
import type { Window } from "./metrics.ts";

const KEPT = 2;
const STATE = "state.json";
const FORMAT = 1;

interface CheckpointState {
  readonly format: number;
  readonly step: number;
  /** Rows of the shuffled stream that are used up. */
  readonly position: number;
  /** Options and text: a run with others cannot be continued. */
  readonly fingerprint: string;
  readonly trainers: Readonly<Record<string, SavedTrainer["state"]>>;
  readonly windows: Readonly<Record<string, Window>>;
  readonly checksums: Readonly<Record<string, string>>;
}

export interface Progress {
  readonly step: number;
  readonly position: number;
  readonly windows: Readonly<Record<string, Window>>;
}

/** @throws Failure when the disk is full or the folder cannot be written; earlier checkpoints then still stand */
export function saveCheckpoint(
  folder: string,
  trainers: ReadonlyMap<string, SaeTrainer>,
  progress: Progress,
  fingerprint: string,
): void {
  const target = join(folder, String(progress.step).padStart(8, "0"));
  const checksums: Record<string, string> = {};
  const states: Record<string, SavedTrainer["state"]> = {};
  try {
    makeFolder(target);
  } catch (error) {
    throw writeFailure(target, error);
  }
  try {
    for (const [name, trainer] of trainers) {
      const { tensors, state } = trainer.save();
      const file = `${name}.safetensors`;
      writeSafetensors(join(target, file), tensors);
      checksums[file] = checksum(join(target, file));
      states[name] = state;
    }
    const state = { format: FORMAT, ...progress, fingerprint, trainers: states, checksums };
    writeJson(join(target, STATE), { sha256: digest(JSON.stringify(state)), state });
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
  for (const old of finished(folder).slice(0, -KEPT))
    rmSync(join(folder, old), { recursive: true, force: true });
}

/**
 * Restores the newest checkpoint into `trainers`; undefined when there is none.
 * @throws Failure when it is damaged, of another version, or of a run with other options
 */
export function loadCheckpoint(
  folder: string,
  trainers: ReadonlyMap<string, SaeTrainer>,
  fingerprint: string,
): Progress | undefined {
  const newest = finished(folder).at(-1);
  if (newest === undefined) return undefined;
  const source = join(folder, newest);
  const state = readState(join(source, STATE), source);
  if (state.format !== FORMAT) {
    throw new Failure(
      `${source} is a checkpoint of format ${String(state.format)}, expected ${FORMAT}: start a new run`,
    );
  }
  if (state.fingerprint !== fingerprint) {
    throw new Failure(
      `${source} belongs to a run with other options, another text or another version: resume with the same ones, or start a new run`,
    );
  }
  for (const [name, trainer] of trainers) {
    const path = join(source, `${name}.safetensors`);
    if (!existsSync(path) || checksum(path) !== state.checksums[`${name}.safetensors`]) {
      throw damaged(path, source);
    }
    trainer.restore({ tensors: tensorsOf(path), state: state.trainers[name]! });
  }
  return state;
}

export function removeCheckpoints(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Names of the finished checkpoints, oldest first. */
function finished(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name) && existsSync(join(folder, name, STATE)))
    .sort((a, b) => Number(a) - Number(b));
}

function tensorsOf(path: string): SavedTrainer["tensors"] {
  const file = openSafetensors(path);
  try {
    return Object.fromEntries(
      file.names.map((name) => {
        const { dtype, shape } = file.info(name);
        return [name, { dims: shape, data: dtype === "I32" ? file.readInts(name) : file.readFloats(name) }];
      }),
    );
  } finally {
    file.close();
  }
}

function readState(path: string, source: string): CheckpointState {
  let file: { sha256?: unknown; state?: unknown } | null;
  try {
    file = JSON.parse(readFileSync(path, "utf8")) as typeof file;
  } catch {
    throw damaged(path, source);
  }
  if (digest(JSON.stringify(file?.state ?? null)) !== file?.sha256) throw damaged(path, source);
  return file.state as CheckpointState;
}

function damaged(path: string, source: string): Failure {
  return new Failure(
    `checkpoint file ${path} is missing or damaged (its checksum is not the recorded one): delete ${source} to go ` +
      `on from the checkpoint before it, or start a new run`,
  );
}

function checksum(path: string): string {
  return digest(readFileSync(path));
}

function digest(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
