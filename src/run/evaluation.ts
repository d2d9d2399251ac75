/**
 * Dictionaries from disk, measured on a text: what `evaluate` does for any SAE in SAELens layout, whoever trained it.
 * All of them have to read the same hook point, and share one pass over the text.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Device } from "../engine/devices.ts";
import { requireDevice } from "../engine/require-device.ts";
import { evaluateSaes } from "../evaluation/evaluate.ts";
import { writeEvaluation } from "../evaluation/files.ts";
import type { EvaluationResult } from "../evaluation/result.ts";
import type { Evaluation } from "../evaluation/subject.ts";
import type { Cut } from "../model/cut.ts";
import type { RevisionOptions } from "../model/hub-lookup.ts";
import type { Sae } from "../sae/dictionary.ts";
import { SaeForward } from "../sae/forward.ts";
import { Pool } from "../sae/pool.ts";
import { readSae } from "../sae/saelens.ts";
import type { DocumentReading } from "../text/open-documents.ts";
import type { TokenSplit } from "../text/shards.ts";
import { agreed, agreedShuffle, dictionaryFolders, unscaled } from "./dictionaries.ts";
import { evaluationCautions } from "./evaluation-cautions.ts";
import type { RunHooks } from "./request.ts";
import { openForLosses, openSource, type Source, startEngine, tokensFor } from "./source.ts";

/** A dictionary, its name among those evaluated with it, and the folder its evaluation goes to. */
export interface PlacedSae {
  readonly name: string;
  readonly folder: string;
  readonly sae: Sae;
}

export interface PlacedEvaluation {
  readonly name: string;
  readonly folder: string;
  readonly evaluation: EvaluationResult;
}

export interface EvaluateRequest {
  readonly model: string;
  readonly hub?: RevisionOptions;
  /** Folders of dictionaries, or run directories that hold several. */
  readonly saes: readonly string[];
  /** Default: what the dictionaries say they were trained on. */
  readonly hook?: string | undefined;
  readonly context?: number | undefined;
  readonly data: readonly string[];
  readonly reading?: DocumentReading;
  readonly heldoutShare: number;
  /** Every document counts, not the held-out ones alone. */
  readonly allText: boolean;
  readonly evaluationTokens: number;
  readonly seed: number;
  /** Default: beside each dictionary. */
  readonly out?: string | undefined;
  readonly threads: number;
  /** Where the model runs. Default: the CPU. */
  readonly device?: Device;
}

/** @throws Failure and UsageError as the parts do */
export async function evaluateFromDisk(
  request: EvaluateRequest,
  hooks: RunHooks = {},
): Promise<PlacedEvaluation[]> {
  await requireDevice(request.device ?? "cpu");
  const folders = request.saes.flatMap(dictionaryFolders);
  const read = folders.map((folder) => ({ folder, sae: readSae(folder) }));
  const hook = request.hook ?? agreed(read, "hook_name", "--hook");
  const context = request.context ?? agreed(read, "context_size", "--context");
  const shuffleWeights = agreedShuffle(read);
  const named = read.map(({ folder, sae }) => ({ name: basename(folder), sae }));
  const share = request.allText ? undefined : request.heldoutShare;
  for (const caution of evaluationCautions(named, share)) hooks.onNote?.(caution);
  if (shuffleWeights !== undefined) {
    hooks.onNote?.(`the model's weights are shuffled with seed ${shuffleWeights}, as they were in training`);
  }
  hooks.onPhase?.("loading the model");
  const source = await openSource({ ...request, hook, context, shuffleWeights });
  const tokens = mkdtempSync(join(tmpdir(), "monosemantic-tokens-"));
  const engine = await startEngine(request.threads, request.device);
  const pool = new Pool(request.threads);
  try {
    const split = await tokenise(source, request, tokens, hooks);
    const cut = await openForLosses(engine, source);
    const placed = await Promise.all(
      read.map(async ({ folder, sae }) => ({
        name: basename(folder),
        folder: request.out === undefined ? folder : join(request.out, basename(folder)),
        sae: await unscaled(sae, cut, split),
      })),
    );
    hooks.onPhase?.("evaluating", 2 * request.evaluationTokens, "tokens");
    return await evaluateInto(pool, cut, split, placed, request, hooks);
  } finally {
    await Promise.all([engine.close(), pool.close()]);
    rmSync(tokens, { recursive: true, force: true });
  }
}

/** Evaluates dictionaries of one hook point together and writes each result into its folder. */
export async function evaluateInto(
  pool: Pool,
  cut: Cut,
  tokens: TokenSplit,
  saes: readonly PlacedSae[],
  request: { evaluationTokens: number; seed: number },
  hooks: RunHooks = {},
): Promise<PlacedEvaluation[]> {
  const evaluations = await measure(pool, cut, tokens, saes, request, hooks);
  return saes.map(({ name, folder }, i) => {
    writeEvaluation(folder, evaluations[i]!);
    return { name, folder, evaluation: evaluations[i]!.result };
  });
}

/** Evaluates dictionaries of one hook point together, in their order. */
export async function measure(
  pool: Pool,
  cut: Cut,
  tokens: TokenSplit,
  saes: readonly { readonly name: string; readonly sae: Sae }[],
  { evaluationTokens, seed }: { evaluationTokens: number; seed: number },
  hooks: RunHooks = {},
): Promise<Evaluation[]> {
  const opened = await Promise.all(saes.map(({ sae }) => SaeForward.create(pool, sae)));
  try {
    return await evaluateSaes({
      cut,
      tokens,
      saes: opened.map((forward, i) => ({
        name: saes[i]!.name,
        sae: forward.sae,
        reconstruct: (x, into) => forward.reconstruct(x, into),
      })),
      maxTokens: evaluationTokens,
      seed,
      onProgress: (progress) => hooks.onProgress?.(progress.tokens),
      ...(hooks.signal && { signal: hooks.signal }),
    });
  } finally {
    await Promise.all(opened.map((forward) => forward.close()));
  }
}

async function tokenise(
  source: Source,
  request: EvaluateRequest,
  folder: string,
  hooks: RunHooks,
): Promise<TokenSplit> {
  const { allText, evaluationTokens } = request;
  hooks.onPhase?.("tokenising the text", evaluationTokens, "tokens");
  const shards = await tokensFor(
    source,
    {
      ...request,
      heldoutShare: allText ? 0 : request.heldoutShare,
      trainTokens: allText ? evaluationTokens : 0,
      heldoutTokens: allText ? 0 : evaluationTokens,
      minTrainTokens: 0,
      folder,
    },
    hooks,
  );
  return allText ? shards.train : shards.heldout;
}
