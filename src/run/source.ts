/** What every command needs before it can work on activations: a model, its text as tokens, and the cut between them. */

import { join } from "node:path";
import { Engine } from "../engine/engine.ts";
import type { Device } from "../engine/devices.ts";
import { Failure } from "../errors.ts";
import { type Cut, openCut } from "../model/cut.ts";
import { findHook } from "../model/hooks.ts";
import type { RevisionOptions } from "../model/hub-lookup.ts";
import { loadModel, type SourceModel } from "../model/load.ts";
import { shuffleWeights } from "../model/shuffled-weights.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import type { DocumentReading } from "../text/open-documents.ts";
import { openShards, type TokenShards } from "../text/shards.ts";
import { shareShards } from "../text/share-shards.ts";
import type { Slice } from "../text/slices.ts";
import { tokenizeCorpus } from "../text/tokenize.ts";
import type { RunHooks } from "./request.ts";

const DEFAULT_CONTEXT = 128;

/** Tokens in one pass through the model: small enough that its intermediate arrays stay near the caches. */
export const HARVEST_TOKENS = 2048;

export interface Source {
  readonly model: SourceModel & { readonly tokenizer: Tokenizer };
  readonly hook: string;
  readonly context: number;
}

/**
 * Loads the model, shuffles its weights where that is asked for, and settles what the request leaves open. Every command that works
 * on a run gets its model here, so that a run on a shuffled model is always taken further on that model.
 * @throws UsageError for a hook point that the model does not have, Failure for a model without tokenizer
 */
export async function openSource(request: {
  model: string;
  hub?: RevisionOptions;
  shuffleWeights?: number | undefined;
  hook?: string | undefined;
  context?: number | undefined;
}): Promise<Source> {
  const loaded = await loadModel(request.model, request.hub);
  const { shuffleWeights: seed } = request;
  const model = seed === undefined ? loaded : shuffleWeights(loaded, seed);
  const { config, tokenizer, name } = model;
  if (tokenizer === undefined) {
    throw new Failure(
      `${name} has no tokenizer.json, so there is no text it could be run on: add the file to the folder`,
    );
  }
  const hook = findHook(config, request.hook ?? `blocks.${config.nLayer - 1}.mlp.hook_post`).name;
  const context = request.context ?? Math.min(DEFAULT_CONTEXT, config.context);
  if (context > config.context) {
    throw new Failure(
      `--context ${context} is longer than the ${config.context} positions of ${name}: use at most that many`,
    );
  }
  return { model: { ...model, tokenizer }, hook, context };
}

/** Tokenises into `folder`, at most as much text as is needed. */
export async function tokensFor(
  { model, context }: Source,
  request: {
    data: readonly string[];
    reading?: DocumentReading;
    heldoutShare: number;
    trainTokens: number;
    heldoutTokens: number;
    minTrainTokens: number;
    folder: string;
    threads: number;
    /** Only this slice of the text, to be joined with the others (src/text/join-shards.ts). */
    slice?: Slice;
  },
  { onProgress, signal }: RunHooks,
): Promise<TokenShards> {
  await tokenizeCorpus({
    sources: request.data,
    ...(request.reading && { reading: request.reading }),
    tokenizer: model.tokenizer,
    context,
    folder: request.folder,
    heldoutShare: request.heldoutShare,
    maxTokens: request.trainTokens,
    maxHeldoutTokens: request.heldoutTokens,
    minTokens: request.minTrainTokens,
    workers: request.threads,
    ...(request.slice && { slice: request.slice }),
    onProgress: ({ trainTokens, heldoutTokens }) => onProgress?.(trainTokens + heldoutTokens),
    ...(signal && { signal }),
  });
  return openShards(request.folder);
}

/**
 * The finished shards in `from` as those of `folder`, for the same tokenizer and context.
 * @throws Failure when they are of others, or cannot be shared
 */
export function sharedTokens({ model, context }: Source, from: string, folder: string): TokenShards {
  const { request } = openShards(from).manifest;
  if (request.tokenizer_sha256 !== model.tokenizer.hash || request.context !== context) {
    throw new Failure(
      `${from} holds contexts of ${request.context} tokens of another request, not of ${context} by the tokenizer of ` +
        `${model.name}: tokenise the text anew`,
    );
  }
  shareShards(from, folder);
  return openShards(folder);
}

export function tokensFolder(out: string): string {
  return join(out, "tokens");
}

/** On the CPU a session for every thread; a GPU is one place, and its few operations on the CPU may have all threads. */
export function startEngine(threads: number, device: Device = "cpu"): Promise<Engine> {
  return Engine.start(device === "cpu" ? { workers: threads, threads: 1 } : { workers: 1, threads, device });
}

/** Opens the model at the hook point, in passes of a size that suits the caches. */
export function openHarvest(engine: Engine, { model, hook, context }: Source): Promise<Cut> {
  return openCut(engine, model, hook, { batch: Math.max(1, Math.floor(HARVEST_TOKENS / context)), context });
}

/** Bytes of one array of logits when losses are computed: several of them are alive at once, and larger ones miss the caches. */
const LOGITS_BYTES = 64 * 2 ** 20;

/** Opens the model at the hook point for losses: in passes whose logits stay small, whatever the vocabulary. */
export function openForLosses(engine: Engine, { model, hook, context }: Source): Promise<Cut> {
  const tokens = Math.min(HARVEST_TOKENS, LOGITS_BYTES / 4 / model.config.vocabSize);
  return openCut(engine, model, hook, { batch: Math.max(1, Math.floor(tokens / context)), context });
}

/** What run.json and an SAE's metadata say of the model. */
export function describeModel({ model }: Source): Record<string, unknown> {
  const { config } = model;
  return {
    name: model.name,
    ...model.origin,
    weights_sha256: model.weightsSha256,
    n_layer: config.nLayer,
    d_model: config.dModel,
    d_mlp: config.dMlp,
    n_head: config.nHead,
    activation: config.activation,
    vocab_size: config.vocabSize,
    n_positions: config.context,
  };
}

/** What run.json says of the text. */
export function describeText(data: readonly string[], { manifest }: TokenShards): Record<string, unknown> {
  const { train, heldout, packing, held_out, documents, vocab_size } = manifest;
  const counts = (side: typeof train) => ({
    documents: side.documents,
    bytes: side.bytes,
    tokens: side.tokens,
  });
  return {
    source: data.join(", "),
    train: counts(train),
    heldout: counts(heldout),
    documents,
    packing,
    held_out,
    vocab_size,
  };
}
