/**
 * The whole job: model and text in; trained, evaluated and reported dictionaries out, in one run directory.
 *
 *     load → tokenise → train (harvest and steps in turn) → save → evaluate → report
 *                     └► harvest into a cache, when there is to be one: training then reads from it
 *
 * Every phase finds what an interrupted run left: token shards, the newest checkpoint.
 */

import { join } from "node:path";
import { ActivationRounds } from "../activations/rounds.ts";
import { requireDevice } from "../engine/require-device.ts";
import type { Engine } from "../engine/engine.ts";
import { Failure } from "../errors.ts";
import type { EvaluationResult } from "../evaluation/result.ts";
import type { Cut } from "../model/cut.ts";
import { writeReport } from "../report/write-report.ts";
import { denseObjective } from "../sae/device-trainer.ts";
import type { Sae } from "../sae/dictionary.ts";
import { Pool } from "../sae/pool.ts";
import { describeSparsity } from "../sae/presets.ts";
import { writeSae } from "../sae/saelens.ts";
import type { TokenShards } from "../text/shards.ts";
import { versions } from "../version.ts";
import { openActivations, type RunActivations } from "./activations.ts";
import { removeCheckpoints } from "./checkpoint.ts";
import { evaluateInto, measure } from "./evaluation.ts";
import { type Dictionary, dictionariesOf } from "./grid.ts";
import { bufferBytes, describeForecast, forecastMemory } from "./memory.ts";
import { Metrics } from "./metrics.ts";
import { RunRecordFile, type SaeRecord } from "./record.ts";
import type { RunHooks, RunRequest } from "./request.ts";
import {
  describeModel,
  describeText,
  HARVEST_TOKENS,
  openForLosses,
  openHarvest,
  openSource,
  sharedTokens,
  type Source,
  startEngine,
  tokensFolder,
  tokensFor,
} from "./source.ts";
import { checkpointFolder, trainDictionaries } from "./train.ts";
import type { Trainer, TrainingPlace } from "./trainers.ts";

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
  const { device = "cpu" } = request;
  await requireDevice(device);
  const record = RunRecordFile.claim(request);
  const engine = await startEngine(request.threads, device);
  const pool = new Pool(request.threads);
  try {
    const place = device === "cpu" ? pool : { device: engine };
    const result = await runIn(record, engine, { pool, place }, request, hooks, only);
    record.complete();
    // Not before: a run that is killed while it evaluates resumes behind its last step.
    removeCheckpoints(checkpointFolder(request.out));
    return only ? result : { ...result, report: writeReport(request.out).report };
  } catch (error) {
    record.fail(error);
    throw error;
  } finally {
    await Promise.all([engine.close(), pool.close()]);
  }
}

/** What every phase of a run works with. */
interface Work {
  readonly record: RunRecordFile;
  readonly pool: Pool;
  readonly place: TrainingPlace;
  readonly request: RunRequest;
  readonly hooks: RunHooks;
  readonly source: Source;
  readonly cut: Cut;
  /** The same hook point, opened for the losses of an evaluation. */
  readonly losses: Cut;
  readonly dictionaries: readonly Dictionary[];
  /** Begins a phase, in the record and for the one who watches. */
  readonly begin: (name: string, total?: number, unit?: string) => void;
}

async function runIn(
  record: RunRecordFile,
  engine: Engine,
  { pool, place }: Pick<Work, "pool" | "place">,
  request: RunRequest,
  hooks: RunHooks,
  only?: "train",
): Promise<RunResult> {
  const begin: Work["begin"] = (name, total, unit) => {
    record.begin(name);
    hooks.onPhase?.(name, total, unit);
  };
  begin("loading the model");
  const source = await openSource(request);
  const cut = await openHarvest(engine, source);
  const losses = await openForLosses(engine, source);
  const dictionaries = dictionariesOf(request.dictionaries, cut.dIn, request.names);
  if (place !== pool) for (const { options } of dictionaries) denseObjective(options);
  const work: Work = { record, pool, place, request, hooks, source, cut, losses, dictionaries, begin };
  for (const { name, options, dSae } of dictionaries) {
    hooks.onNote?.(`${name}: ${dSae} features on ${cut.dIn} dimensions, ${describeSparsity(options)}`);
  }
  const forecast = forecastMemory(dictionaries, cut.dIn, request.threads, {
    buffer: bufferBytes(request, dictionaries[0]!.options, cut.dIn),
    model: Object.values(source.model.weights).reduce((sum, { byteLength }) => sum + byteLength, 0),
  });
  hooks.onNote?.(`training will take about ${describeForecast(forecast)}`);
  record.learn({
    seed: streamSeed(work),
    model: describeModel(source),
    hook: source.hook,
    saes: describeSaes(dictionaries, cut.dIn),
  });

  const shards = await tokenise(work);
  record.learn({ text: describeText(request.data, shards) });
  const saes = await train(work, shards);
  const placed = saes.map(({ name, sae }) => ({ name, folder: join(request.out, "saes", name), sae }));
  for (const { folder, sae } of placed) writeSae(folder, sae);
  if (only) return { out: request.out, saes: placed.map(({ name, folder }) => ({ name, folder })) };

  begin("evaluating", 2 * request.evaluationTokens, "tokens");
  return {
    out: request.out,
    saes: await evaluateInto(pool, losses, shards.heldout, placed, evaluationOf(work), hooks),
  };
}

interface NamedSae {
  readonly name: string;
  readonly sae: Sae;
}

function describeSaes(dictionaries: readonly Dictionary[], dIn: number): SaeRecord[] {
  return dictionaries.map(({ name, dSae, options }) => ({
    name,
    folder: `saes/${name}`,
    d_in: dIn,
    d_sae: dSae,
    options,
  }));
}

/** What shuffles the text. */
function streamSeed({ request, dictionaries }: Work): number {
  return request.streamSeed ?? dictionaries[0]!.options.seed;
}

function evaluationOf({ request: { evaluationTokens, streamSeed, dictionaries } }: Work) {
  return { evaluationTokens, seed: streamSeed ?? dictionaries[0]?.seed ?? 0 };
}

async function tokenise({ source, dictionaries, request, hooks, begin }: Work): Promise<TokenShards> {
  if (request.tokensFrom !== undefined) {
    return sharedTokens(source, request.tokensFrom, tokensFolder(request.out));
  }
  const wanted = dictionaries[0]!.options.tokens;
  begin("tokenising the text", wanted + request.evaluationTokens, "tokens");
  return tokensFor(
    source,
    {
      ...request,
      // Whole batches of contexts are harvested: one more makes sure that the last of them is there.
      trainTokens: Math.min(wanted + HARVEST_TOKENS, request.textTokens ?? Infinity),
      heldoutTokens: request.evaluationTokens,
      minTrainTokens: request.whenTextEnds === "stop" ? wanted : source.context,
      folder: tokensFolder(request.out),
    },
    hooks,
  );
}

async function train(work: Work, shards: TokenShards): Promise<NamedSae[]> {
  const { begin, cut, hooks, request, source } = work;
  if (shards.train.contexts < cut.batch) {
    throw new Failure(
      `the text gives only ${shards.train.contexts} contexts of ${cut.context} tokens to train on, at least ${cut.batch} ` +
        `are needed: give more text with --data, or ask for more --tokens`,
    );
  }
  const activations = await openActivations(request, source, cut, shards, { ...hooks, onPhase: begin });
  try {
    return await trainOn(activations, work, shards);
  } finally {
    await activations.close();
  }
}

async function trainOn(activations: RunActivations, work: Work, shards: TokenShards): Promise<NamedSae[]> {
  const { cut, dictionaries, hooks, place, record, request, source } = work;
  const [{ options }] = dictionaries as [Dictionary];
  work.begin("training", options.tokens, "tokens");
  const afterText = request.whenTextEnds === "same-buffer" ? "same-buffer" : "epoch";
  const rounds = new ActivationRounds(activations.source, {
    seed: streamSeed(work),
    bufferBytes: bufferBytes(request, options, cut.dIn),
    minRows: options.batch,
    afterText,
  });
  record.learn({ memory: { shuffle_buffer_bytes: rounds.bytes, shuffle_buffer_rows: rounds.rows } });
  if (options.dead === "bricken-resample" && options.resample_inputs > rounds.rows) {
    hooks.onNote?.(
      `dead features are resampled from the ${rounds.rows} inputs in the buffer, not from ${options.resample_inputs}: ` +
        `a larger --buffer-mb holds more`,
    );
  }
  const { trainers, diverged } = await trainDictionaries(
    place,
    {
      folder: request.out,
      dictionaries,
      rounds,
      identity: {
        versions,
        model: source.model.weightsSha256,
        hook: source.hook,
        rows: rounds.rows,
        rounding: activations.rounding,
        afterText,
        tokens: shards.manifest,
        dictionaries,
        ...(streamSeed(work) !== options.seed && { streamSeed: streamSeed(work) }),
        // A GPU adds up in another order.
        ...(request.device !== undefined && request.device !== "cpu" && { device: request.device }),
      },
      checkpointMinutes: request.checkpointMinutes,
      milestones: request.evaluateAt,
      goOnWithout: request.whenDiverged === "go-on",
      afterText:
        afterText === "epoch"
          ? "going through it again in a new order"
          : "the last buffer is handed out again and again",
      onMilestone: (trained, step, tokens) => evaluateOnTheWay(work, shards, trained, step, tokens),
    },
    hooks,
  );
  const saes = [...trainers].map(([name, trainer]) => ({
    name,
    sae: { ...trainer.dictionary(), metadata: saeMetadata(work, trainer) },
  }));
  if (Object.keys(diverged).length > 0) {
    record.learn({
      diverged,
      saes: describeSaes(
        work.dictionaries.filter(({ name }) => trainers.has(name)),
        cut.dIn,
      ),
    });
  }
  await Promise.all([...trainers.values()].map((trainer) => trainer.close()));
  return saes;
}

async function evaluateOnTheWay(
  work: Work,
  { heldout }: TokenShards,
  trainers: ReadonlyMap<string, Trainer>,
  step: number,
  tokens: number,
): Promise<void> {
  const { pool, losses, request, hooks } = work;
  hooks.onNote?.(`evaluating after ${tokens} tokens`);
  const saes = [...trainers].map(([name, trainer]) => ({ name, sae: trainer.dictionary() }));
  const evaluations = await measure(pool, losses, heldout, saes, evaluationOf(work), {
    signal: hooks.signal,
  });
  const metrics = new Metrics(request.out);
  saes.forEach(({ name }, i) => metrics.evaluation(name, step, tokens, evaluations[i]!.result));
}

/** What SAELens wants to know beside the tensors, to build its activation store for this dictionary; and what we do. */
function saeMetadata(
  { source: { model, hook, context }, request: { data, heldoutShare } }: Work,
  { options, scale, Lambda }: Trainer,
): Record<string, unknown> {
  return {
    // A shuffled model must not be taken for the one on the hub.
    model_name: "hub" in model.origin && model.origin.shuffled === undefined ? model.origin.hub : model.name,
    model_class_name: "HookedTransformer",
    // TransformerLens would otherwise move means between weights, and some hook points would hold other activations.
    model_from_pretrained_kwargs: { fold_ln: false, center_writing_weights: false, center_unembed: false },
    hook_name: hook,
    hook_head_index: null,
    context_size: context,
    prepend_bos: true,
    dataset_path: data.join(","),
    // Training saw activations times this scale, and Λ is in those units: on raw activations it is Λ/scale.
    monosemantic: {
      options,
      activation_scale: scale,
      // What --target-l0 has made of Λ, where it was given.
      Lambda_reached: Lambda,
      Lambda_raw: Lambda / scale,
      heldout_share: heldoutShare,
      ...(model.origin.shuffled !== undefined && { shuffle_weights: model.origin.shuffled }),
    },
  };
}
