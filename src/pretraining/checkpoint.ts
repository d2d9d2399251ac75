/** The whole state of a pretraining run as one file: weights, both Adam moments, the step, and what the run was told. */

import { existsSync } from "node:fs";
import { Failure } from "../errors.ts";
import { openSafetensors } from "../files/safetensors.ts";
import { writeSafetensors, type WritableTensor } from "../files/safetensors-write.ts";
import type { LanguageModelState } from "./trainer.ts";

const PARTS = ["weight", "m", "v"] as const;

/** @param fingerprint what must be equal for the state to be continued: options and text */
export function saveCheckpoint(
  path: string,
  { step, weights, moments }: LanguageModelState,
  fingerprint: string,
): void {
  const tensors: Record<string, WritableTensor> = {};
  for (const [name, weight] of Object.entries(weights)) {
    const { m, v } = moments[name]!;
    for (const [part, data] of Object.entries({ weight, m, v })) {
      tensors[`${part}:${name}`] = { dims: [data.length], data, dtype: "F32" };
    }
  }
  writeSafetensors(path, tensors, { step: String(step), fingerprint });
}

/**
 * Fills `state` from the checkpoint and gives true; gives false when there is none.
 * @throws Failure when it is damaged or belongs to other options or another text
 */
export function loadCheckpoint(path: string, state: LanguageModelState, fingerprint: string): boolean {
  if (!existsSync(path)) return false;
  const file = openSafetensors(path);
  try {
    if (file.metadata["fingerprint"] !== fingerprint) {
      throw new Failure(
        `${path} was made with other options or another text: run with the same ones, or choose an empty --out folder`,
      );
    }
    const step = Number(file.metadata["step"]);
    if (!Number.isInteger(step) || step < 0)
      throw new Failure(`${path} is damaged: its step is not a number; delete it to start again`);
    for (const [name, weight] of Object.entries(state.weights)) {
      const { m, v } = state.moments[name]!;
      for (const [i, into] of [weight, m, v].entries()) into.set(file.readFloats(`${PARTS[i]}:${name}`));
    }
    state.step = step;
    return true;
  } finally {
    file.close();
  }
}
