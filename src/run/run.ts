/**
 * The whole job: model and text in; trained, evaluated and reported dictionaries out, in one run directory.
 *
 *     load → tokenise → train (harvest and steps in turn) → save → evaluate → report
 *
 * Every phase finds what an interrupted run left: token shards, the newest checkpoint, evaluations.
 */

import { join } from "node:path";
import { ActivationRounds } from "../activations/rounds.ts";
import { Engine } from "../engine/engine.ts";
import { Failure } from "../errors.ts";
import type { EvaluationResult } from "../evaluation/result.ts";
import type { Cut } from "../model/cut.ts";
import { writeReport } from "../report/write-report.ts";
import type { Sae } from "../sae/dictionary.ts";
import { Pool } from "../sae/pool.ts";
import { describeLambda } from "../sae/presets.ts";
import type { SaeTrainer } from "../sae/trainer.ts";
import { writeSae } from "../sae/saelens.ts";
import type { TokenShards } from "../text/shards.ts";
import { checkpointFolder, trainDictionaries } from "./train.ts";
import { removeCheckpoints } from "./checkpoint.ts";
import { evaluateInto, measure } from "./evaluation.ts";
import { type Dictionary, dictionariesOf } from "./grid.ts";
import { Metrics } from "./metrics.ts";
import { RunRecordFile } from "./record.ts";
import type { RunHooks, RunRequest } from "./request.ts";
import { describeModel, openHarvest, openSource, type Source, tokensFolder, tokensFor } from "./source.ts";

export interface RunResult {
  readonly out: string;
  /** Undefined when the run only trained. */
  readonly report?: string;
  readonly saes: readonly {
    readonly name: string;
    readonly folder: string;
    readonly evaluation?: EvaluationResult;
  }[];
}

/**
 * @param only "train" stops after the dictionaries are saved
 * @throws Failure and UsageError as the parts do; run.json then says "failed" and why
 */
export async function run(request: RunRequest, hooks: RunHooks = {}, only?: "train"): Promise<RunResult> {
  const record = RunRecordFile.claim(request);
  const engine = await Engine.start({ workers: request.threads, threads: 1 });
  const pool = new Pool(request.threads);
  try {
    const result = await runIn(record, engine, pool, request, hooks, only);
    record.complete();
    return only ? result : { ...result, report: writeReport(request.out).report };
  } catch (error) {
    record.fail(error);
    throw error;
  } finally {
    await Promise.all([engine.close(), pool.close()]);
  }
}

async function runIn(
  record: RunRecordFile,
  engine: Engine,
  pool: Pool,
  request: RunRequest,
  hooks: RunHooks,
  only?: "train",
): Promise<RunResult> {
  const begin = (name: string, total?: number, unit?: string) => {
    record.begin(name);
    hooks.onPhase?.(name, total, unit);
  };
  begin("loading the model");
  const source = await openSource(request);
  const cut = await openHarvest(engine, source);
  const dictionaries = dictionariesOf(request.dictionaries, cut.dIn);
  for (const { name, options, dSae } of dictionaries) {
    hooks.onNote?.(`${name}: ${dSae} features on ${cut.dIn} dimensions, ${describeLambda(options)}`);
  }
  record.learn({
    seed: dictionaries[0]!.options.seed,
    model: describeModel(source),
    hook: source.hook,
    saes: dictionaries.map(({ name, dSae, options }) => ({
      name,
      folder: `saes/${name}`,
      d_in: cut.dIn,
      d_sae: dSae,
      options,
    })),
  });

  const shards = await tokenise(source, dictionaries, request, hooks, begin);
  record.learn({ text: describeText(request, shards) });

  const saes = await train(pool, cut, source, dictionaries, shards, request, hooks, begin, record);
  const folders = dictionaries.map(({ name }) => ({ name, folder: join(request.out, "saes", name) }));
  dictionaries.forEach(({ options }, i) => {
    writeSae(folders[i]!.folder, { ...saes[i]!, metadata: saeMetadata(source, request, options) });
  });
  if (only) {
    removeCheckpoints(checkpointFolder(request.out));
    return { out: request.out, saes: folders };
  }

  begin("evaluating", 2 * request.evaluationTokens, "tokens");
  const placed = saes.map((sae, i) => ({ ...folders[i]!, sae }));
  const evaluated = await evaluateInto(pool, cut, shards.heldout, placed, evaluationOf(request), hooks);
  // Not before: a run that is killed while it evaluates resumes behind its last step.
  removeCheckpoints(checkpointFolder(request.out));
  return { out: request.out, saes: evaluated };
}

function evaluationOf({ evaluationTokens, dictionaries }: RunRequest) {
  return { evaluationTokens, seed: dictionaries[0]?.seed ?? 0 };
}

type Begin = (name: string, total?: number, unit?: string) => void;

async function tokenise(
  source: Source,
  dictionaries: readonly Dictionary[],
  request: RunRequest,
  hooks: RunHooks,
  begin: Begin,
): Promise<TokenShards> {
  const wanted = dictionaries[0]!.options.tokens;
  begin("tokenising the text", wanted + request.evaluationTokens, "tokens");
  return tokensFor(
    source,
    {
      ...request,
      trainTokens: Math.min(wanted, request.textTokens ?? Infinity),
      heldoutTokens: request.evaluationTokens,
      minTrainTokens: request.whenTextEnds === "stop" ? wanted : source.context,
      folder: tokensFolder(request.out),
    },
    hooks,
  );
}

async function train(
  pool: Pool,
  cut: Cut,
  source: Source,
  dictionaries: readonly Dictionary[],
  shards: TokenShards,
  request: RunRequest,
  hooks: RunHooks,
  begin: Begin,
  record: RunRecordFile,
): Promise<Sae[]> {
  const [{ options }] = dictionaries as [Dictionary];
  begin("training", options.tokens, "tokens");
  if (shards.train.contexts < cut.batch) {
    throw new Failure(
      `the text gives only ${shards.train.contexts} contexts of ${cut.context} tokens to train on, at least ${cut.batch} ` +
        `are needed: give more text with --data`,
    );
  }
  const rounds = new ActivationRounds(cut, shards.train, {
    seed: options.seed,
    bufferBytes: Math.min(request.bufferMb * 1e6, 4 * options.tokens * cut.dIn),
    concurrency: request.threads,
    afterText: request.whenTextEnds === "same-buffer" ? "same-buffer" : "epoch",
  });
  record.learn({ memory: { shuffle_buffer_bytes: rounds.bytes, shuffle_buffer_rows: rounds.rows } });
  const plan = {
    folder: request.out,
    dictionaries,
    rounds,
    identity: {
      model: source.model.weightsSha256,
      hook: source.hook,
      rows: rounds.rows,
      tokens: shards.manifest,
      dictionaries,
    },
    checkpointMinutes: request.checkpointMinutes,
    milestones: request.evaluateAt,
    async onMilestone(trainers: ReadonlyMap<string, SaeTrainer>, step: number, tokens: number) {
      hooks.onNote?.(`evaluating after ${tokens} tokens`);
      const saes = [...trainers].map(([name, trainer]) => ({ name, sae: trainer.dictionary() }));
      const quiet = { signal: hooks.signal };
      const evaluations = await measure(pool, cut, shards.heldout, saes, evaluationOf(request), quiet);
      const metrics = new Metrics(request.out);
      saes.forEach(({ name }, i) => metrics.evaluation(name, step, tokens, evaluations[i]!.result));
    },
  };
  const trainers = await trainDictionaries(pool, plan, hooks);
  const saes = [...trainers.values()].map((trainer) => trainer.dictionary());
  await Promise.all([...trainers.values()].map((trainer) => trainer.close()));
  return saes;
}

function describeText({ data }: RunRequest, { manifest }: TokenShards): Record<string, unknown> {
  const { train, heldout, packing, held_out, documents, vocab_size } = manifest;
  const counts = ({ documents: n, bytes, tokens }: typeof train) => ({ documents: n, bytes, tokens });
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

/** What SAELens wants to know beside the tensors, to build its activation store for this dictionary. */
function saeMetadata(
  { model, hook, context }: Source,
  { data }: RunRequest,
  options: unknown,
): Record<string, unknown> {
  return {
    model_name: "hub" in model.origin ? model.origin.hub : model.name,
    hook_name: hook,
    hook_head_index: null,
    context_size: context,
    prepend_bos: true,
    dataset_path: data.join(","),
    monosemantic_options: options,
  };
}
