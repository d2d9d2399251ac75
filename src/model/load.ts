/**
 * A source model as one value: configuration, weights, tokenizer, and where they came from.
 */

import { createHash } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { Failure } from "../errors.ts";
import { readConfig, type ModelConfig } from "./config.ts";
import { downloadHubFile } from "./hub.ts";
import type { HubRepo } from "./hub-cache.ts";
import { isOffline, type RevisionOptions } from "./hub-lookup.ts";
import { HubFailure } from "./hub-request.ts";
import { INDEX_FILE, readShardNames, WEIGHTS_FILE } from "./shards.ts";
import { loadTokenizer, type Tokenizer } from "./tokenizer.ts";
import { readWeights, weightFiles, type Weights } from "./weights.ts";

/** `owner/name`, or the bare name of an old model such as `distilgpt2`. */
const HUB_ID = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

export type ModelOrigin = (
  | { readonly folder: string }
  | { readonly hub: string; /** Commit that the revision stood for. */ readonly revision: string }
) & {
  /** Seed of the permutation, for a model with shuffled weights. */
  readonly shuffled?: number;
};

export interface SourceModel {
  /** The hub id, or the folder's own name. */
  readonly name: string;
  readonly origin: ModelOrigin;
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** Undefined for a model without text: its folder has no tokenizer.json. */
  readonly tokenizer: Tokenizer | undefined;
  /** SHA-256 of the weights file; of several shards, that of their hashes one after the other in order of name. */
  readonly weightsSha256: string;
}

/**
 * Reads the model in `folder`.
 * @throws Failure naming the file that is missing or wrong, and what is wrong with it
 */
export async function loadFolder(folder: string, name: string, origin: ModelOrigin): Promise<SourceModel> {
  const config = readConfig(folder);
  const weights = readWeights(folder, config);
  const tokenizer = existsSync(join(folder, "tokenizer.json"))
    ? loadTokenizer(folder, { vocabSize: config.vocabSize })
    : undefined;
  return { name, origin, config, weights, tokenizer, weightsSha256: await hashWeights(folder) };
}

/**
 * Loads the model that `where` names: a folder in Hugging Face layout, or else `owner/name` on the hub.
 * @throws Failure naming what is missing or wrong
 */
export async function loadModel(where: string, options: RevisionOptions = {}): Promise<SourceModel> {
  const stats = statSync(where, { throwIfNoEntry: false });
  if (stats?.isDirectory()) {
    const folder = resolve(where);
    return loadFolder(folder, basename(folder), { folder });
  }
  if (stats !== undefined)
    throw new Failure(`${where} is a file, expected the folder of a model that holds it`);
  if (!HUB_ID.test(where)) {
    throw new Failure(`there is no folder ${where}, expected one with config.json and model.safetensors`);
  }
  const { folder, commit } = await fetchModel(where, options);
  return loadFolder(folder, where, { hub: where, revision: commit });
}

/**
 * Fetches the files of the model `id` that loading it needs, all from one commit.
 * @throws Failure when the hub does not have it, or it is of a kind that is not implemented: that is seen before the
 *   weights are fetched
 */
async function fetchModel(id: string, options: RevisionOptions): Promise<{ folder: string; commit: string }> {
  const repo = { type: "model", name: id } as const;
  const config = await downloadHubFile(repo, "config.json", options).catch((error: unknown) => {
    if (!(error instanceof HubFailure)) throw error;
    throw new Failure(`there is no folder ${id} here, and the hub does not help: ${error.message}`, {
      cause: error,
    });
  });
  const pinned = { ...options, revision: config.commit };
  const folder = dirname(config.path);
  readConfig(folder);
  await downloadIfThere(repo, "tokenizer.json", pinned);
  await downloadIfThere(repo, "tokenizer_config.json", pinned);
  if (!(await downloadIfThere(repo, WEIGHTS_FILE, pinned))) {
    if (await downloadIfThere(repo, INDEX_FILE, pinned)) {
      for (const shard of readShardNames(join(folder, INDEX_FILE)))
        await downloadHubFile(repo, shard, pinned);
    } else {
      throw new Failure(
        `model ${id} has no ${WEIGHTS_FILE} and no ${INDEX_FILE}${isOffline(options) ? " in the cache" : ""}; ` +
          `use a model or revision that is stored as safetensors`,
      );
    }
  }
  return { folder, commit: config.commit };
}

async function downloadIfThere(repo: HubRepo, path: string, options: RevisionOptions): Promise<boolean> {
  try {
    await downloadHubFile(repo, path, options);
    return true;
  } catch (error) {
    if (error instanceof HubFailure && error.isMissingFile) return false;
    throw error;
  }
}

async function hashWeights(folder: string): Promise<string> {
  const hashes: string[] = [];
  for (const file of weightFiles(folder)) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(folder, file), { highWaterMark: 1 << 20 }), hash);
    hashes.push(hash.digest("hex"));
  }
  return hashes.length === 1 ? hashes[0]! : createHash("sha256").update(hashes.join("")).digest("hex");
}
