/**
 * The index of weights that are split over several files: `model.safetensors.index.json`.
 */

import { z } from "zod";
import { Failure } from "../errors.ts";
import { readJson } from "../files/read.ts";

export const WEIGHTS_FILE = "model.safetensors";
export const INDEX_FILE = "model.safetensors.index.json";

/** A plain name: an index must not reach files outside its folder. */
const SHARD_NAME = /^[\w-][\w.-]*\.safetensors$/;

const schema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Names of the shard files that the index `path` lists, sorted.
 * @throws Failure when it is damaged or names a file that is not a plain safetensors file beside it
 */
export function readShardNames(path: string): string[] {
  const parsed = schema.safeParse(readJson(path, "the index of a sharded model"));
  if (!parsed.success)
    throw new Failure(`${path} has no weight_map from tensors to files, expected a shard index`);
  const names = [...new Set(Object.values(parsed.data.weight_map))].sort();
  if (names.length === 0) throw new Failure(`${path} lists no shards, expected at least one`);
  for (const name of names) {
    if (!SHARD_NAME.test(name)) {
      throw new Failure(
        `${path} names a shard ${JSON.stringify(name)}, expected a .safetensors file beside it`,
      );
    }
  }
  return names;
}
