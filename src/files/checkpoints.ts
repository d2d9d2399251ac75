/**
 * Numbered checkpoints of long work, in a folder of their own:
 *
 *     FOLDER/00001200/NAME.safetensors    tensors
 *     FOLDER/00001200/state.json          the rest, written last, with the checksums of itself and of every other file
 *
 * A checkpoint without state.json was never finished and does not count. The last two are kept, so that a damaged one
 * costs the work since the one before it. What is damaged is never gone on from: one wrong number would be trained on in
 * silence.
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import { makeFolder, writeFailure, writeJson } from "./atomic.ts";
import { checksum } from "./checksum.ts";
import { openSafetensors } from "./safetensors.ts";
import { type WritableTensor, writeSafetensors } from "./safetensors-write.ts";

const KEPT = 2;
const STATE = "state.json";

/** What every checkpoint says of itself, beside the state proper. */
interface Head {
  readonly format: number;
  readonly step: number;
  /** Whatever must not differ between the work and its continuation. */
  readonly fingerprint: string;
  readonly checksums: Readonly<Record<string, string>>;
}

/** What a checkpoint belongs to. */
export interface CheckpointKind {
  /** Number of the layout of state and tensors. */
  readonly format: number;
  readonly fingerprint: string;
  /** How to begin anew when nothing can be gone on from: "start a new run". */
  readonly anew: string;
}

export type ReadTensors = Record<
  string,
  { readonly dims: readonly number[]; readonly data: Float32Array | Int32Array }
>;

export interface Checkpoint<State> {
  readonly folder: string;
  readonly step: number;
  readonly state: State;
  /** The tensors that were written under `name`. */
  readonly tensors: (name: string) => ReadTensors;
}

/**
 * Writes the checkpoint of `step`; older ones but the last go.
 * @param fill writes tensors under names of its choice, one call a file, and returns the rest of the state
 * @throws Failure when the disk is full or the folder cannot be written; earlier checkpoints then still stand
 */
export function saveCheckpoint(
  folder: string,
  step: number,
  { format, fingerprint }: CheckpointKind,
  fill: (write: (name: string, tensors: Readonly<Record<string, WritableTensor>>) => void) => object,
): void {
  const target = join(folder, String(step).padStart(8, "0"));
  const checksums: Record<string, string> = {};
  try {
    makeFolder(target);
  } catch (error) {
    throw writeFailure(target, error);
  }
  try {
    const rest = fill((name, tensors) => {
      const file = `${name}.safetensors`;
      writeSafetensors(join(target, file), tensors);
      checksums[file] = checksum(join(target, file));
    });
    const state = { format, step, fingerprint, ...rest, checksums };
    writeJson(join(target, STATE), { sha256: digest(JSON.stringify(state)), state });
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
  // Unfinished ones are what a killed process left.
  const kept = new Set(finished(folder).slice(-KEPT));
  for (const name of numbered(folder)) {
    if (!kept.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * The newest checkpoint, every byte of it checked; undefined when there is none.
 * @throws Failure when it is damaged, of another format, or of other work; the sentence says from where one can go on
 */
export function openCheckpoint<State>(folder: string, kind: CheckpointKind): Checkpoint<State> | undefined {
  const names = finished(folder);
  const newest = names.pop();
  if (newest === undefined) return undefined;
  const source = join(folder, newest);
  const fault = faultIn(source, kind);
  if (fault !== undefined) {
    const good = names.reverse().find((name) => faultIn(join(folder, name), kind) === undefined);
    const wayOn =
      good === undefined
        ? `there is no good checkpoint before it: ${kind.anew}`
        : `the one of step ${Number(good)} before it is good: delete ${source} to go on from there`;
    throw new Failure(`${fault}; ${wayOn}`);
  }
  const state = readState(source)!;
  if (state.fingerprint !== kind.fingerprint) {
    throw new Failure(
      `${source} belongs to other options, another text or another version: go on with the same ones, or ${kind.anew}`,
    );
  }
  return {
    folder: source,
    step: state.step,
    state: state as State & Head,
    tensors: (name) => tensorsOf(join(source, `${name}.safetensors`)),
  };
}

/** Removes damaged and unfinished checkpoints that are newer than the newest good one, from a folder that nobody else works in. */
export function discardDamaged(folder: string): void {
  for (const name of numbered(folder).reverse()) {
    const source = join(folder, name);
    const state = readState(source);
    if (state !== undefined && brokenFile(source, state) === undefined) return;
    rmSync(source, { recursive: true, force: true });
  }
}

/** What keeps a checkpoint from being read, in words; undefined when nothing does. */
function faultIn(source: string, { format }: CheckpointKind): string | undefined {
  const state = readState(source);
  const damaged = (file: string) =>
    `checkpoint file ${join(source, file)} is missing or damaged (its checksum is not the recorded one)`;
  if (state === undefined) return damaged(STATE);
  if (state.format !== format) {
    return `${source} is a checkpoint of format ${String(state.format)}, this version reads format ${format}`;
  }
  const broken = brokenFile(source, state);
  return broken && damaged(broken);
}

/** The first file that is not what was written. */
function brokenFile(source: string, { checksums }: Head): string | undefined {
  return Object.entries(checksums).find(([file, recorded]) => {
    const path = join(source, file);
    return !existsSync(path) || checksum(path) !== recorded;
  })?.[0];
}

/** Names of the checkpoints, finished or not. */
function numbered(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(a) - Number(b));
}

/** Names of the finished checkpoints, oldest first. */
function finished(folder: string): string[] {
  return numbered(folder).filter((name) => existsSync(join(folder, name, STATE)));
}

/** Undefined when it is damaged. */
function readState(source: string): Head | undefined {
  try {
    const file = JSON.parse(readFileSync(join(source, STATE), "utf8")) as { sha256: unknown; state: Head };
    return digest(JSON.stringify(file.state)) === file.sha256 ? file.state : undefined;
  } catch {
    return undefined;
  }
}

function tensorsOf(path: string): ReadTensors {
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

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
