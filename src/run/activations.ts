/** Where the activations of a run come from: the model at every pass over the text, or with --cache once. */

import { createHash } from "node:crypto";
import type { ActivationSource } from "../activations/activation-source.ts";
import { openCache } from "../activations/cache.ts";
import type { CacheIdentity } from "../activations/cache-manifest.ts";
import { HarvestedActivations } from "../activations/harvested-activations.ts";
import type { Cut } from "../model/cut.ts";
import type { TokenShards } from "../text/shards.ts";
import type { RunHooks, RunRequest } from "./request.ts";
import type { Source } from "./source.ts";

export interface RunActivations {
  readonly source: ActivationSource;
  /** What they were rounded to on the way; undefined when they are the model's own, to the bit. */
  readonly rounding: string | undefined;
  close(): Promise<void>;
}

/** @throws Failure as `openCache` does */
export async function openActivations(
  request: RunRequest,
  model: Source,
  cut: Cut,
  { manifest, train }: TokenShards,
  hooks: RunHooks,
): Promise<RunActivations> {
  const { cache, cacheDtype, threads } = request;
  const harvested = new HarvestedActivations(cut, train, threads);
  if (cache === undefined) return { source: harvested, rounding: undefined, close: async () => {} };
  const identity = identityOf(model, manifest);
  const cached = await openCache(harvested, { folder: cache, identity, dtype: cacheDtype, threads }, hooks);
  return {
    source: cached,
    rounding: cached.dtype === "f32" ? undefined : cached.dtype,
    close: () => cached.close(),
  };
}

/** Everything that an activation depends on. The held-out side of the text is not among it. */
function identityOf({ model, hook, context }: Source, manifest: TokenShards["manifest"]): CacheIdentity {
  const { request, train } = manifest;
  return {
    model: {
      name: model.name,
      weights_sha256: model.weightsSha256,
      config_sha256: sha256(model.config),
    },
    hook,
    context,
    text: {
      sources: request.sources,
      contexts: train.contexts,
      sha256: sha256(train.shards.map((shard) => [shard.contexts, shard.sha256])),
    },
  };
}

function sha256(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
