/**
 * Two dictionaries on the same tokens: what they have in common, and how features of one split in the other.
 *
 *     tokens ─► model of A, cut ─► features of A ─┐
 *           └─► model of B, cut ─► features of B ─┴─► pairs ─► compare.json
 *
 * One model and hook point is read once for both. Two models need one tokenizer: a token has to be the same piece of text to both.
 */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { Failure, UsageError } from "../errors.ts";
import { ActivationSample, commonContexts } from "../features/relations/activation-sample.ts";
import { analyse, cutReader } from "../features/pass/analyse.ts";
import { compareInThread } from "../features/comparison/comparison-thread.ts";
import { DenseCorrelation } from "../features/comparison/dense-correlation.ts";
import { nearestDirections } from "../features/comparison/directions.ts";
import {
  type ComparedSide,
  comparisonText,
  type ComparisonResult,
  EDGE_COSINE,
  findings,
  MAX_EDGES,
  PART_CORRELATION,
} from "../features/comparison/result.ts";
import { heldoutFirst } from "../features/pass/contexts-to-read.ts";
import type { Reader, ReadUnits } from "../features/pass/read-batches.ts";
import { neuronUnits, saeUnits } from "../features/units.ts";
import { writeAtomic } from "../files/atomic.ts";
import { neuronHook } from "../model/hooks.ts";
import { readRunRecord } from "../report/run-folder.ts";
import type { Sae } from "../sae/dictionary.ts";
import { SaeForward } from "../sae/forward.ts";
import { Pool } from "../sae/pool.ts";
import { readSae } from "../sae/saelens.ts";
import { openShards, type TokenShards } from "../text/shards.ts";
import { versions } from "../version.ts";
import { dictionaryFolders, shuffleOf, unscaled } from "./dictionaries.ts";
import type { RunHooks } from "./request.ts";
import { openHarvest, openSource, type Source, startEngine, tokensFolder, tokensFor } from "./source.ts";
import { openRunModel } from "./subject.ts";

export interface CompareRequest {
  /** Two run directories or folders of dictionaries. */
  readonly dictionaries: readonly string[];
  /** Where the models are, when their runs do not say: one for both, or one for each. */
  readonly models?: readonly string[] | undefined;
  /** A text to compare them on; the held-out tokens of a run unless given. */
  readonly data?: readonly string[] | undefined;
  readonly tokens: number;
  readonly minActive: number;
  readonly seed: number;
  /** Folder for compare.json. */
  readonly out: string;
  readonly threads: number;
}

export interface CompareSummary {
  readonly path: string;
  readonly result: ComparisonResult;
}

interface Side {
  readonly name: string;
  readonly folder: string;
  /** The run directory it belongs to, if any. */
  readonly run: string | undefined;
  readonly sae: Sae;
  readonly source: Source;
}

interface Text {
  readonly name: string;
  readonly shards: TokenShards;
}

/** @throws Failure and UsageError as the parts do, and when the dictionaries cannot be compared */
export async function compareDictionaries(
  request: CompareRequest,
  hooks: RunHooks = {},
): Promise<CompareSummary> {
  const [first, second, ...more] = request.dictionaries;
  if (first === undefined || second === undefined || more.length > 0) {
    throw new UsageError(
      `${request.dictionaries.length === 1 ? "1 dictionary is" : `${request.dictionaries.length} dictionaries are`} given, two can be compared: monosemantic compare A B`,
    );
  }
  hooks.onPhase?.("loading the models");
  const models = request.models ?? [];
  const a = await openSide(first, models[0]);
  const b = await openSide(second, models[1] ?? models[0]);
  const temporary = mkdtempSync(join(tmpdir(), "monosemantic-compare-"));
  const engine = await startEngine(request.threads);
  const pool = new Pool(request.threads);
  try {
    const text = await textFor(a, b, request, temporary, hooks);
    const found = await compareOn(text, a, b, request, { engine, pool }, hooks);
    const result: ComparisonResult = {
      format: 1,
      version: versions.monosemantic,
      finished: new Date().toISOString(),
      a: describe(a),
      b: describe(b),
      ...found,
    };
    const path = join(request.out, "compare.json");
    writeAtomic(path, comparisonText(result));
    return { path, result };
  } finally {
    await Promise.all([engine.close(), pool.close()]);
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A dictionary with its model: from the run directory it lies in, or from --model. */
async function openSide(where: string, model: string | undefined): Promise<Side> {
  const folders = dictionaryFolders(where);
  if (folders.length > 1) {
    throw new UsageError(
      `${where} holds ${folders.length} dictionaries: give one of ${folders.map((folder) => join(where, "saes", basename(folder))).join(", ")}`,
    );
  }
  const folder = folders[0]!;
  const sae = readSae(folder);
  const name = basename(folder);
  const run = runOf(folder);
  if (run !== undefined) {
    return { name, folder, run, sae, source: await openRunModel({ run, model }, readRunRecord(run)) };
  }
  if (model === undefined) {
    throw new UsageError(
      `${where} lies in no run directory, so nothing says where its model is: give it with --model`,
    );
  }
  const { hook_name: hook, context_size: context } = sae.metadata;
  const source = await openSource({
    model,
    shuffleWeights: shuffleOf(sae),
    ...(typeof hook === "string" && { hook }),
    ...(typeof context === "number" && { context }),
  });
  return { name, folder, run, sae, source };
}

function runOf(folder: string): string | undefined {
  const run = dirname(dirname(folder));
  return basename(dirname(folder)) === "saes" && existsSync(join(run, "run.json")) ? run : undefined;
}

/** The tokens that both are compared on. */
async function textFor(
  a: Side,
  b: Side,
  request: CompareRequest,
  temporary: string,
  hooks: RunHooks,
): Promise<Text> {
  if (a.source.model.tokenizer.hash !== b.source.model.tokenizer.hash) {
    throw new Failure(
      `${a.source.model.name} and ${b.source.model.name} have different tokenizers, so a token of one is none of the other: only ` +
        "dictionaries of models with the same tokenizer.json can be compared",
    );
  }
  if (request.data !== undefined) {
    hooks.onPhase?.("tokenising the text", request.tokens, "tokens");
    const shards = await tokensFor(
      a.source,
      {
        data: request.data,
        heldoutShare: 0,
        trainTokens: request.tokens,
        heldoutTokens: 0,
        minTrainTokens: 0,
        folder: temporary,
        threads: request.threads,
      },
      hooks,
    );
    return { name: request.data.join(", "), shards };
  }
  const run = [a, b].find((side) => side.run !== undefined && existsSync(tokensFolder(side.run)))?.run;
  if (run === undefined) {
    throw new UsageError(
      "neither dictionary lies in a run directory with tokens: give a text to compare them on with --data",
    );
  }
  const shards = openShards(tokensFolder(run));
  if (shards.manifest.request.tokenizer_sha256 !== a.source.model.tokenizer.hash) {
    throw new Failure(
      `${tokensFolder(run)} was made with another tokenizer than the models have: give a text with --data`,
    );
  }
  return { name: `${run}, held-out documents first`, shards };
}

async function compareOn(
  text: Text,
  a: Side,
  b: Side,
  request: CompareRequest,
  { engine, pool }: { engine: Engine; pool: Pool },
  hooks: RunHooks,
) {
  const { shards } = text;
  const { context } = shards.manifest.request;
  const contexts = heldoutFirst(shards, request.tokens);
  const count = contexts.heldout.length + contexts.train.length;
  if (count === 0)
    throw new Failure(`${text.name} gives no context of ${context} tokens: give a longer text`);
  const sameModel = a.source.model.weightsSha256 === b.source.model.weightsSha256;
  const sameRows = sameModel && a.source.hook === b.source.hook;

  const open = (side: Side, hook = side.source.hook) =>
    openHarvest(engine, { ...side.source, hook, context });
  const cutA = await open(a);
  const cutB = sameRows ? cutA : await open(b);
  const split = shards.heldout.contexts > 0 ? shards.heldout : shards.train;
  const [saeA, saeB] = [await unscaled(a.sae, cutA, split), await unscaled(b.sae, cutB, split)];
  const forwards = [await SaeForward.create(pool, saeA), await SaeForward.create(pool, saeB)];
  const readerA = cutReader(cutA);
  const units: ReadUnits[] = [
    { units: saeUnits(forwards[0]!), reader: readerA },
    { units: saeUnits(forwards[1]!), reader: sameRows ? readerA : cutReader(cutB) },
  ];
  const sampleOf = (set: number) =>
    new ActivationSample({
      set,
      units: units[set]!.units.count,
      context,
      contexts: count,
      maxTokens: request.tokens,
    });
  const samples = [sampleOf(0), sampleOf(1)];
  let neurons: DenseCorrelation | undefined;
  try {
    if (!sameModel) {
      for (const [side, cut] of [
        [a, cutA],
        [b, cutB],
      ] as const) {
        const hook = neuronHook(side.source.model.config, side.source.hook);
        const reader: Reader = cutReader(cut.hook === hook ? cut : await open(side, hook));
        units.push({ units: neuronUnits(side.source.model.config.dMlp), reader });
      }
      const [left, right] = [2, 3].map((set) => ({ set, units: units[set]!.units.count }));
      neurons = await DenseCorrelation.create(engine, cutA.batch * context, left!, right!);
    }
    hooks.onPhase?.("reading the text", count * context, "tokens");
    await analyse({
      shards,
      contexts,
      units,
      collectors: [...samples, ...(neurons ? [neurons] : [])],
      concurrency: request.threads,
      onProgress: ({ tokens }) => hooks.onProgress?.(tokens),
      ...(hooks.signal && { signal: hooks.signal }),
    });
    hooks.onPhase?.("comparing");
    const [rowsA, rowsB] = commonContexts(samples[0]!.rows(), samples[1]!.rows());
    const { minActive, seed } = request;
    const options = {
      minActive,
      seed,
      threshold: EDGE_COSINE,
      correlated: PART_CORRELATION,
      maxEdges: MAX_EDGES,
    };
    const [compared, directions] = await Promise.all([
      compareInThread({ a: rowsA, b: rowsB, context, options }, hooks.signal),
      sameRows ? nearestDirections(engine, saeA, saeB, { signal: hooks.signal }) : undefined,
    ]);
    return {
      text: { source: text.name, tokens: rowsA.tokens.length, contexts: rowsA.numbers.length, context },
      ...findings(compared, directions, neurons?.result(minActive), minActive),
    };
  } finally {
    await Promise.all([neurons?.close(), ...forwards.map((forward) => forward.close())]);
  }
}

function describe({ name, folder, sae, source }: Side): ComparedSide {
  const { model, hook } = source;
  return {
    name,
    folder,
    model: model.name,
    model_sha256: model.weightsSha256,
    hook,
    d_in: sae.d_in,
    d_sae: sae.d_sae,
  };
}
