/**
 * `manifest.json` of a folder of cached activations: whose they are, how they are written, and which shards are finished,
 * with the checksums that tell a damaged one. Whatever would change an activation is in its identity.
 */

import { join } from "node:path";
import { z } from "zod";
import { Failure, messageOf } from "../errors.ts";
import { writeJson } from "../files/atomic.ts";
import { readTextIfThere } from "../files/read.ts";
import { ROW_DTYPES, type RowDtype } from "./row-format.ts";

const count = z.number().int().nonnegative();

const identity = z.object({
  model: z.object({
    /** For people; what counts are the checksums of the weights and of the configuration. */
    name: z.string(),
    weights_sha256: z.string(),
    config_sha256: z.string(),
  }),
  hook: z.string(),
  /** Tokens in a context, and rows that it has here. */
  context: count.min(1),
  text: z.object({
    /** For people, as they were named. */
    sources: z.array(z.string()),
    contexts: count,
    /** Of the training side of the token manifest: lengths and checksums of its shards. */
    sha256: z.string(),
  }),
});

const shard = z.object({
  file: z.string().regex(/^activations-\d{5,}\.(f32|bf16|f16)$/),
  rows: count,
  bytes: count,
  sha256: z.string(),
});

const schema = z.object({
  format: z.literal(1),
  /** Of the program that began it. */
  version: z.string(),
  identity,
  d_in: count.min(1),
  dtype: z.enum(ROW_DTYPES),
  /** Of the whole cache, finished or not. */
  rows: count,
  /** Contexts in each shard but the last. */
  shard_contexts: count.min(1),
  /** Those that are finished, in order of name. */
  shards: z.array(shard),
});

export type CacheManifest = z.infer<typeof schema>;
export type CacheIdentity = z.infer<typeof identity>;
export type CacheShard = z.infer<typeof shard>;

export const CACHE_MANIFEST = "manifest.json";

/**
 * The manifest in `folder`, `undefined` when there is none.
 * @throws Failure when it cannot be read or is no manifest of cached activations
 */
export function readCacheManifest(folder: string): CacheManifest | undefined {
  const path = join(folder, CACHE_MANIFEST);
  const text = readTextIfThere(path);
  if (text === undefined) return undefined;
  let problem: string;
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    problem = `${issue?.path.join(".")}: ${issue?.message}`;
  } catch (error) {
    problem = `it is not JSON: ${messageOf(error)}`;
  }
  throw new Failure(
    `${path} is no manifest of cached activations (${problem}): give another folder with --cache, or delete this one`,
  );
}

export function writeCacheManifest(folder: string, manifest: CacheManifest): void {
  writeJson(join(folder, CACHE_MANIFEST), manifest);
}

/** @throws Failure naming what the cache holds and what was asked for, when these are not the same activations */
export function refuseOther(
  folder: string,
  cache: CacheManifest,
  wanted: CacheIdentity,
  dtype: RowDtype | undefined,
): void {
  const refuse = (theirs: string, ours: string): never => {
    throw new Failure(
      `the cache ${folder} holds activations ${theirs}, not ${ours}: give another folder with --cache, or the options ` +
        `that it was made with`,
    );
  };
  const { identity } = cache;
  if (describeModel(identity) !== describeModel(wanted)) {
    refuse(`of the model ${name(identity)}`, `of ${name(wanted)}`);
  }
  if (identity.hook !== wanted.hook) refuse(`at ${identity.hook}`, `at ${wanted.hook}`);
  if (identity.context !== wanted.context) {
    refuse(`in contexts of ${identity.context} tokens`, `of ${wanted.context}`);
  }
  if (identity.text.sha256 !== wanted.text.sha256) refuse(`on ${text(identity)}`, `on ${text(wanted)}`);
  if (dtype !== undefined && cache.dtype !== dtype) refuse(`as ${cache.dtype}`, `as ${dtype}`);
}

function describeModel({ model }: CacheIdentity): string {
  return `${model.weights_sha256} ${model.config_sha256}`;
}

const short = (sha256: string) => sha256.slice(0, 12);

function name({ model }: CacheIdentity): string {
  return `${model.name} (weights ${short(model.weights_sha256)}, configuration ${short(model.config_sha256)})`;
}

function text({ text: { sources, contexts, sha256 } }: CacheIdentity): string {
  return `${contexts} contexts of ${sources.join(", ")} (tokens ${short(sha256)})`;
}
