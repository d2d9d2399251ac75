/** Activations that can be told apart and computed again: number d of row r is sin(r + d / 10) · 100. */

import type { ActivationSource } from "../../src/activations/activation-source.ts";
import type { CacheIdentity } from "../../src/activations/cache-manifest.ts";

export const CONTEXT = 4;
export const BATCH = 2;
export const D_IN = 3;

export const value = (row: number, d: number): number => Math.fround(Math.sin(row + d / 10) * 100);

/** @param onPass called before each pass of the model that this stands for */
export function numbered(contexts: number, onPass: () => void | Promise<void> = () => {}): ActivationSource {
  return {
    dIn: D_IN,
    contexts,
    context: CONTEXT,
    batch: BATCH,
    async read(wanted, into, onRead) {
      for (let first = 0; first < wanted.length; first += BATCH) {
        await onPass();
        const pass = wanted.slice(first, first + BATCH);
        pass.forEach((context, i) => {
          for (let j = 0; j < CONTEXT * D_IN; j++) {
            const row = context * CONTEXT + Math.floor(j / D_IN);
            into[(first + i) * CONTEXT * D_IN + j] = value(row, j % D_IN);
          }
        });
        onRead?.(pass.length);
      }
    },
  };
}

export function identity(contexts: number, other: Partial<CacheIdentity> = {}): CacheIdentity {
  return {
    model: { name: "toy", weights_sha256: "a1".repeat(32), config_sha256: "b2".repeat(32) },
    hook: "blocks.0.hook_mlp_out",
    context: CONTEXT,
    text: { sources: ["corpus"], contexts, sha256: "c3".repeat(32) },
    ...other,
  };
}

/** Two passes a shard. */
export const SHARD_BYTES = 2 * BATCH * CONTEXT * D_IN * 4;
