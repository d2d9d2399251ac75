/** What a study has to know of a source model before it begins, without its weights: that it is there, its shape, its tokenizer. */

import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Failure } from "../errors.ts";
import { type ModelConfig, readConfig } from "../model/config.ts";
import { downloadHubFile } from "../model/hub.ts";
import type { RevisionOptions } from "../model/hub-lookup.ts";
import { loadTokenizer } from "../model/tokenizer.ts";
import { parameterShapes, weightFiles } from "../model/weights.ts";

export interface KnownModel {
  /** Absolute folder, or the id on the hub. */
  readonly where: string;
  /** Of a model on the hub, with the commit that its revision stands for now: a study has one model, however long it takes. */
  readonly hub: RevisionOptions;
  readonly config: ModelConfig;
  /** Bytes of the weights in float32. */
  readonly bytes: number;
  /** SHA-256 of the tokenizer. */
  readonly tokenizer: string;
}

/** @throws Failure when there is no such model, or it is of a kind that is not implemented */
export async function examineModel(where: string, hub: RevisionOptions): Promise<KnownModel> {
  const stats = statSync(where, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isDirectory()) {
    throw new Failure(`${where} is a file, expected the folder of a model that holds it`);
  }
  if (stats === undefined && (/^[./~]/.test(where) || where.split("/").length > 2)) {
    throw new Failure(`there is no folder ${where}, expected one with config.json and model.safetensors`);
  }
  const place =
    stats === undefined ? await fromHub(where, hub) : { where: resolve(where), hub, folder: resolve(where) };
  const { folder } = place;
  const config = readConfig(folder);
  if (stats !== undefined) weightFiles(folder);
  const tokenizer = loadTokenizer(folder, { vocabSize: config.vocabSize }).hash;
  let parameters = 0;
  for (const [, dims] of parameterShapes(config)) parameters += dims.reduce((size, dim) => size * dim, 1);
  return { where: place.where, hub: place.hub, config, bytes: 4 * parameters, tokenizer };
}

async function fromHub(id: string, hub: RevisionOptions) {
  const repo = { type: "model", name: id } as const;
  const config = await downloadHubFile(repo, "config.json", hub);
  const pinned = { ...hub, revision: config.commit };
  await downloadHubFile(repo, "tokenizer.json", pinned);
  await downloadHubFile(repo, "tokenizer_config.json", pinned).catch(() => undefined);
  return { where: id, hub: pinned, folder: dirname(config.path) };
}
