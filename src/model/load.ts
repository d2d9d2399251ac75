/**
 * A source model as one value: configuration, weights, tokenizer, and where they came from.
 */

import { createHash } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { Failure } from "../errors.ts";
import { readConfig, type ModelConfig } from "./config.ts";
import { loadTokenizer, type Tokenizer } from "./tokenizer.ts";
import { readWeights, weightFiles, type Weights } from "./weights.ts";

export type ModelOrigin =
  | { readonly folder: string }
  | { readonly hub: string; /** Commit that the revision stood for. */ readonly revision: string };

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
 * Loads the model that `where` names: a folder in Hugging Face layout.
 * @throws Failure naming what is missing or wrong
 */
export async function loadModel(where: string): Promise<SourceModel> {
  if (!statSync(where, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Failure(`${where} is not a folder, expected one with config.json and model.safetensors`);
  }
  const folder = resolve(where);
  return loadFolder(folder, basename(folder), { folder });
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
