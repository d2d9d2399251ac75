/**
 * From text to a trained source model in one folder: tokenizer, token shards, weights, baselines, model card.
 * Every finished part is found again when the same command runs a second time.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Engine } from "../engine/engine.ts";
import { Failure, UsageError } from "../errors.ts";
import { makeFolder, removeTemporaries, writeFailure, writeJson } from "../files/atomic.ts";
import { lockFolder } from "../files/folder-lock.ts";
import { readLines } from "../files/lines.ts";
import type { Activation, ModelConfig } from "../model/config.ts";
import { loadTokenizer, type Tokenizer } from "../model/tokenizer.ts";
import { readWeights, saveModel } from "../model/weights.ts";
import { contentHash } from "../text/hash.ts";
import { saveTokenizer, trainBpe } from "../text/bpe.ts";
import { openDocuments } from "../text/open-documents.ts";
import { isHeldOut } from "../text/split.ts";
import { openShards, type TokenShards } from "../text/shards.ts";
import { tokenizeCorpus } from "../text/tokenize.ts";
import { baselines } from "./baselines.ts";
import { writeModelCard } from "./model-card.ts";
import type { PretrainOptions } from "./options.ts";
import type { PretrainRequest, PretrainResult } from "./request.ts";
import { type PretrainProgress, trainLanguageModel } from "./train.ts";
import { bitsPerByte, mean, Validation } from "./validation.ts";

/** Text that the tokenizer is trained on, at most: beyond this the merges hardly change. */
const TOKENIZER_CHARACTERS = 300_000_000;

export interface PretrainHooks {
  readonly onPhase?: (name: string) => void;
  readonly onProgress?: (progress: PretrainProgress) => void;
  readonly signal?: AbortSignal;
}

/** @throws Failure as its parts do: unusable text, a diverged run, a folder of another run */
export async function pretrain(request: PretrainRequest, hooks: PretrainHooks = {}): Promise<PretrainResult> {
  const { options, out } = request;
  if (options.dModel % options.heads !== 0) {
    throw new UsageError(`--d-model ${options.dModel} is not divisible by --heads ${options.heads}`);
  }
  if (options.batch % options.microBatch !== 0) {
    throw new UsageError(
      `--batch ${options.batch} is not a whole number of --micro-batch ${options.microBatch}`,
    );
  }
  const work = join(out, "work");
  if (!existsSync(work) && existsSync(join(out, "config.json")))
    throw new UsageError(`${out} holds a model that is not from pretrain: give another folder with --out`);
  try {
    makeFolder(work);
  } catch (error) {
    throw writeFailure(out, error);
  }
  const lock = lockFolder(work);
  try {
    removeTemporaries(out);
    return await pretrainIn(work, request, hooks);
  } finally {
    lock.release();
  }
}

async function pretrainIn(
  work: string,
  request: PretrainRequest,
  hooks: PretrainHooks,
): Promise<PretrainResult> {
  const { options, out } = request;
  const started = performance.now();
  const tokenizer = await ownTokenizer(request, hooks);
  hooks.onPhase?.("tokenising the text");
  const shards = await tokens(request, tokenizer, join(work, "tokens"), hooks.signal);
  const config = configOf(options, tokenizer);

  const engine = await Engine.start({ workers: request.threads, threads: 1 });
  try {
    hooks.onPhase?.("training");
    const weights = await trainLanguageModel(engine, config, shards, options, work, hooks);
    saveModel(out, config, weights, { dtype: "float16" });

    hooks.onPhase?.("measuring");
    // What is measured is the model as saved, half precision included.
    const saved = readWeights(out, config);
    // Whole micro-batches, for the model and its baselines alike.
    const contexts = shards.heldout.contexts - (shards.heldout.contexts % options.microBatch);
    const validation = await Validation.open(engine, config, {
      batch: options.microBatch,
      context: options.context,
    });
    const losses = await validation.losses(saved, shards.heldout, contexts);
    const result: PretrainResult = {
      parameters: Object.values(saved).reduce((sum, data) => sum + data.length, 0),
      tokens: Math.ceil(options.tokens / (options.batch * options.context)) * options.batch * options.context,
      train_tokens_available: shards.manifest.train.tokens,
      seconds: (performance.now() - started) / 1000,
      validation_loss: mean(losses),
      baselines: baselines(shards.train, shards.heldout, contexts, tokenizer.vocabSize),
      bits_per_byte: bitsPerByte(losses, shards.heldoutKinds(), options.context),
    };
    writeJson(join(out, "training.json"), { request: { ...request, out: undefined }, result });
    writeModelCard(out, config, request, result, shards.manifest, readLines(join(work, "metrics.jsonl")));
    return result;
  } finally {
    await engine.close();
  }
}

async function ownTokenizer(
  { out, data, heldoutShare, options }: PretrainRequest,
  hooks: PretrainHooks,
): Promise<Tokenizer> {
  if (!existsSync(join(out, "tokenizer.json"))) {
    hooks.onPhase?.("training the tokenizer");
    saveTokenizer(
      out,
      await trainBpe(texts(data, heldoutShare), options.vocab, TOKENIZER_CHARACTERS),
      options.context,
    );
  }
  return loadTokenizer(out);
}

/** The documents that the model will be trained on: held-out ones must not shape the vocabulary either. */
async function* texts(data: readonly string[], heldoutShare: number): AsyncGenerator<{ text: string }> {
  const stream = await openDocuments(data);
  try {
    for (let document = await stream.next(); document; document = await stream.next()) {
      if (!("text" in document)) {
        throw new Failure(`${document.name} holds token ids: a tokenizer can only be trained on text`);
      }
      if (!isHeldOut(contentHash(document.text), heldoutShare)) yield document;
    }
  } finally {
    await stream.close();
  }
}

async function tokens(
  request: PretrainRequest,
  tokenizer: Tokenizer,
  folder: string,
  signal?: AbortSignal,
): Promise<TokenShards> {
  const { data, heldoutShare, options } = request;
  await tokenizeCorpus({
    sources: data,
    tokenizer,
    context: options.context,
    heldoutShare,
    folder,
    ...(signal && { signal }),
  });
  return openShards(folder);
}

function configOf(options: PretrainOptions, tokenizer: Tokenizer): ModelConfig {
  const activation: Activation = options.activation === "gelu_new" ? "gelu_tanh" : options.activation;
  return {
    nLayer: options.layers,
    nHead: options.heads,
    dModel: options.dModel,
    dHead: options.dModel / options.heads,
    dMlp: options.dMlp,
    vocabSize: tokenizer.vocabSize,
    context: options.context,
    activation,
    layerNormEpsilon: 1e-5,
    tieWordEmbeddings: true,
    bosId: tokenizer.bosId,
    eosId: tokenizer.bosId,
  };
}
