/**
 * How far tokenising has come, so that `kill -9` costs seconds: `progress.json` names a place in the sources together
 * with everything that was made of the text before it. It is replaced whole, after the files it names are on the disk,
 * so it never speaks of something that is not there; going on from it gives the bytes of an undisturbed run.
 */

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure, messageOf } from "../errors.ts";
import { readTextIfThere } from "../files/read.ts";
import { writeJson } from "../files/atomic.ts";
import type { TokenManifest, TokenRequest } from "./manifest.ts";
import { appendKeys, readKeys } from "./seen-documents.ts";
import type { SplitBuilder, SplitBuilderState } from "./split-builder.ts";

export type DocumentCounts = TokenManifest["documents"];

export interface TokenProgress {
  readonly request: TokenRequest;
  /** Number of times that progress was saved. */
  readonly sequence: number;
  readonly cursor: unknown;
  readonly documents: DocumentCounts;
  /** Keys in the file of seen documents. */
  readonly seen: number;
  readonly train: SplitBuilderState;
  readonly heldout: SplitBuilderState;
}

const progressName = "progress.json";
const seenName = "progress-seen.f64";

export function tailPath(folder: string, sequence: number, side: "train" | "heldout"): string {
  return join(folder, `progress-${sequence}-${side}.tail`);
}

/** @throws Failure when there is progress that cannot be read */
export function loadProgress(folder: string): TokenProgress | undefined {
  const path = join(folder, progressName);
  const text = readTextIfThere(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as TokenProgress;
  } catch (error) {
    throw new Failure(`${path} is damaged (${messageOf(error)}): delete the folder and tokenise again`, {
      cause: error,
    });
  }
}

/** The keys of the documents seen before `progress` was saved. */
export function loadSeen(folder: string, progress: TokenProgress): Float64Array {
  return readKeys(join(folder, seenName), progress.seen);
}

/** Saves progress: first what it refers to, then itself, then the files of the previous one go. */
export function saveProgress(
  folder: string,
  progress: Omit<TokenProgress, "train" | "heldout">,
  builders: { readonly train: SplitBuilder; readonly heldout: SplitBuilder },
  newKeys: readonly number[],
): void {
  const { sequence, seen } = progress;
  builders.train.writer.saveTail(tailPath(folder, sequence, "train"));
  builders.heldout.writer.saveTail(tailPath(folder, sequence, "heldout"));
  appendKeys(join(folder, seenName), seen - newKeys.length, newKeys);
  writeJson(join(folder, progressName), {
    ...progress,
    train: builders.train.state(),
    heldout: builders.heldout.state(),
  });
  for (const name of readdirSync(folder)) {
    const [, found] = /^progress-(\d+)-\w+\.tail$/.exec(name) ?? [];
    if (found !== undefined && Number(found) !== sequence) rmSync(join(folder, name), { force: true });
  }
}

/** Removes all traces of progress: the manifest stands now. */
export function removeProgress(folder: string): void {
  rmSync(join(folder, progressName), { force: true });
  for (const name of readdirSync(folder)) {
    if (/^progress-.*\.(tail|f64)$/.test(name)) rmSync(join(folder, name), { force: true });
  }
}
