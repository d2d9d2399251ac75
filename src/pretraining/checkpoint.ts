/** The whole state of a pretraining run on disk: weights, both Adam moments, the step. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import {
  type CheckpointKind,
  openCheckpoint,
  type ReadTensors,
  saveCheckpoint as save,
} from "../files/checkpoints.ts";
import type { WritableTensor } from "../files/safetensors-write.ts";
import type { LanguageModelState } from "./trainer.ts";

const PARTS = ["weight", "m", "v"] as const;
const TENSORS = "model";
/** What checkpoints were before they had checksums. */
const FORMER = "checkpoint.safetensors";

const placeIn = (work: string) => join(work, "checkpoint");
const kind = (work: string, fingerprint: string): CheckpointKind => ({
  format: 1,
  fingerprint,
  anew: `delete ${placeIn(work)} to train from the beginning, or give another folder with --out`,
});

/**
 * @param work the folder that checkpoints are kept below
 * @param fingerprint what must be equal for the state to be continued: options and text
 * @throws Failure when it cannot be written; earlier checkpoints then still stand
 */
export function saveCheckpoint(
  work: string,
  { step, weights, moments }: LanguageModelState,
  fingerprint: string,
): void {
  save(placeIn(work), step, kind(work, fingerprint), (write) => {
    const tensors: Record<string, WritableTensor> = {};
    for (const [name, weight] of Object.entries(weights)) {
      const { m, v } = moments[name]!;
      for (const [part, data] of Object.entries({ weight, m, v })) {
        tensors[`${part}:${name}`] = { dims: [data.length], data, dtype: "F32" };
      }
    }
    write(TENSORS, tensors);
    return {};
  });
}

/**
 * Fills `state` from the newest checkpoint and gives true; gives false when there is none.
 * @throws Failure when it is damaged or belongs to other options or another text
 */
export function loadCheckpoint(work: string, state: LanguageModelState, fingerprint: string): boolean {
  const newest = openCheckpoint(placeIn(work), kind(work, fingerprint));
  if (newest === undefined) {
    const former = join(work, FORMER);
    if (!existsSync(former)) return false;
    throw new Failure(
      `${former} is a checkpoint of an earlier version, which had no checksum: delete it to train from the beginning, or ` +
        `go on with that version`,
    );
  }
  const tensors = newest.tensors(TENSORS);
  for (const [name, weight] of Object.entries(state.weights)) {
    const { m, v } = state.moments[name]!;
    for (const [i, into] of [weight, m, v].entries()) {
      fill(into, tensors, `${PARTS[i]}:${name}`, newest.folder);
    }
  }
  state.step = newest.step;
  return true;
}

function fill(into: Float32Array, tensors: ReadTensors, name: string, folder: string): void {
  const saved = tensors[name]?.data;
  if (saved?.length !== into.length) {
    throw new Failure(
      `${folder} does not fit: ${name} has ${saved?.length ?? "no"} values, expected ${into.length}; go on with the ` +
        `version that wrote it, or delete it`,
    );
  }
  into.set(saved);
}
