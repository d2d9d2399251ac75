/**
 * What each feature of a run means, as far as text and weights say it: one pass over the run's text for its dictionaries and, as
 * their control, the neurons of the same layer; then weights, neighbours and the map; then ablations of the strongest contexts.
 *
 *     tokens ─► prefix ─► active units ─► tallies, proxies, samples ─┐
 *     weights ─► logit weights, alignment, cosines, map ─────────────┴─► RUN/features.sqlite ─► ablations
 *
 * The pass is saved on the way and goes on after an interruption; what comes after it takes a fraction of its time and is done anew.
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { Failure } from "../errors.ts";
import { ActivationSample, SAMPLE_TOKENS } from "../features/relations/activation-sample.ts";
import { analyse, cutReader } from "../features/pass/analyse.ts";
import type { Collector } from "../features/pass/batch.ts";
import { type ContextsToRead, heldoutFirst, randomTokens } from "../features/pass/contexts-to-read.ts";
import { openProxies } from "../features/proxies/options.ts";
import { ProxyCollector } from "../features/proxies/proxy-collector.ts";
import { contextsReadOn, type Reader, type ReadUnits } from "../features/pass/read-batches.ts";
import type { AnalysisRecord } from "../features/records.ts";
import { UnitTally } from "../features/tally/tally.ts";
import { TokenCounts } from "../features/tally/token-counts.ts";
import { neuronUnits, saeUnits, UNIT_KINDS, type Units } from "../features/units.ts";
import { makeFolder, writeFailure } from "../files/atomic.ts";
import { checksum } from "../files/checksum.ts";
import { lockFolder } from "../files/folder-lock.ts";
import { neuronHook } from "../model/hooks.ts";
import { SaeForward } from "../sae/forward.ts";
import { Pool } from "../sae/pool.ts";
import { openStore, STORE_FILE } from "../store/store.ts";
import { versions } from "../version.ts";
import { storeAblations } from "./analysis-ablations.ts";
import { type AnalysedSet, writeFindings } from "./analysis-findings.ts";
import type { AnalysisRequest } from "./analysis-request.ts";
import { unscaledInRun } from "./dictionaries.ts";
import type { RunHooks } from "./request.ts";
import { openHarvest, startEngine } from "./source.ts";
import { openSubject, type RunSubject } from "./subject.ts";

/** Tokens at which every unit is shown, whatever it does there. */
const RANDOM_TOKENS = 20;

export interface AnalysisSummary {
  readonly store: string;
  readonly analyses: readonly { readonly sae: string; readonly record: AnalysisRecord }[];
}

/** @throws Failure and UsageError as the parts do, and when another process analyses the run */
export async function analyseRun(request: AnalysisRequest, hooks: RunHooks = {}): Promise<AnalysisSummary> {
  hooks.onPhase?.("loading the model");
  const subject = await openSubject(request);
  const folder = join(request.run, "analysis");
  try {
    makeFolder(folder);
  } catch (error) {
    throw writeFailure(folder, error);
  }
  const lock = lockFolder(folder, null);
  const engine = await startEngine(request.threads);
  const pool = new Pool(request.threads);
  try {
    const summary = await analyseSubject({ request, subject, engine, pool, folder }, hooks);
    rmSync(folder, { recursive: true, force: true });
    return summary;
  } catch (error) {
    if (!hooks.signal?.aborted) throw error;
    throw new Failure(
      `stopped: what was read is saved in ${folder}, and "monosemantic features ${request.run}" with the same options goes on from there`,
      { cause: error },
    );
  } finally {
    await Promise.all([engine.close(), pool.close()]);
    lock.release();
  }
}

interface Work {
  readonly request: AnalysisRequest;
  readonly subject: RunSubject;
  readonly engine: Engine;
  readonly pool: Pool;
  /** For checkpoints. */
  readonly folder: string;
}

async function analyseSubject(work: Work, hooks: RunHooks): Promise<AnalysisSummary> {
  const { request, subject } = work;
  const { options } = request;
  const { source, shards } = subject;
  const started = performance.now();
  const opened = await openSets(work);
  const contexts = heldoutFirst(shards, options.featuresTokens);
  const read = (list: ContextsToRead) => ({
    train: list.train.length * source.context,
    heldout: list.heldout.length * source.context,
  });
  const total = read(contexts).train + read(contexts).heldout;
  if (total === 0) {
    throw new Failure(
      `${request.run} has no whole context of ${source.context} tokens in its text: there is nothing to analyse`,
    );
  }
  const every = Math.max(1, Math.round(total / options.neuronTokens));
  const sets = opened.map((set) => ({ ...set, every: set.units.kind === "neuron" ? every : 1 }));
  const contextsOf = (set: ReadUnits) => contextsReadOn(contexts, set.reader.batch, set.every ?? 1);

  // The same for all: of those contexts that every set is read on.
  const common = contextsOf(sets.at(-1)!);
  const random = randomTokens(common, source.context, RANDOM_TOKENS, 0);
  const sampled = read(common).train + read(common).heldout >= SAMPLE_TOKENS ? common : contexts;
  const tokens = new TokenCounts(source.model.config.vocabSize);
  const proxies = openProxies(
    options.proxies,
    source.model.tokenizer,
    shards.train.contexts > 0 ? shards.train : shards.heldout,
  );
  // One for each kind: its sets are read on the same batches, and a proxy is evaluated once for all of them.
  const collectorOf = new Map(
    UNIT_KINDS.map((kind) => [
      kind,
      new ProxyCollector(
        `proxies-${kind}`,
        proxies,
        sets.flatMap(({ units }, set) => (units.kind === kind ? { set, units: units.count } : [])),
      ),
    ]),
  );
  const analysed: AnalysedSet[] = sets.map((set, index) => ({
    ...set,
    index,
    proxies: collectorOf.get(set.units.kind)!,
    tally: new UnitTally({
      name: `tally-${index}`,
      units: set.units.count,
      set: index,
      context: source.context,
      seed: 0,
      random,
    }),
    sample: new ActivationSample({
      set: index,
      units: set.units.count,
      whereRead: sampled === common ? sets.length - 1 : undefined,
      context: source.context,
      contexts: sampled.heldout.length + sampled.train.length,
    }),
  }));
  const collectors: Collector[] = [
    tokens,
    ...collectorOf.values(),
    ...analysed.flatMap(({ tally, sample }) => [tally, sample]),
  ];
  hooks.onPhase?.("reading the text", total, "tokens");
  await analyse({
    shards,
    contexts,
    units: sets,
    collectors,
    concurrency: request.threads,
    checkpoint: {
      folder: join(work.folder, "checkpoint"),
      minutes: request.checkpointMinutes,
      fingerprint: JSON.stringify([
        versions,
        source.model.weightsSha256,
        sets.map(({ name, subject }) => [name, subject]),
        options.proxies,
        every,
      ]),
    },
    onResume: (done) =>
      hooks.onNote?.(`going on where an earlier analysis was stopped, after ${done} tokens`),
    onProgress: (progress) => hooks.onProgress?.(progress.tokens),
    ...(hooks.signal && { signal: hooks.signal }),
  });

  const path = join(request.run, STORE_FILE);
  const store = openStore(path);
  try {
    const analyses = [];
    // The neurons of a layer stand beside each of its dictionaries.
    const neurons = analysed.find(({ units }) => units.kind === "neuron");
    for (const set of analysed) {
      const context = { ...work, store, tokens: tokens.counts, neurons };
      const record = {
        kind: set.units.kind,
        count: set.units.count,
        hook: set.reader.hook,
        tokens: {
          ...read(contextsOf(set)),
          sample: set.sample.rows().tokens.length,
        },
        context: source.context,
        alive: 0,
        proxies: options.proxies,
        seconds: 0,
        finished: "",
        version: versions.monosemantic,
      };
      const saes = set.units.kind === "neuron" ? subject.saes.map(({ name }) => name) : [set.name];
      const seconds = () => (performance.now() - started) / 1000;
      const finished = await writeFindings(context, set, saes, record, seconds, hooks);
      await storeAblations(context, set, saes, options.ablations, hooks);
      for (const sae of saes) analyses.push({ sae, record: finished });
    }
    return { store: path, analyses };
  } finally {
    store.close();
    await Promise.all(opened.map(({ close }) => close()));
  }
}

interface OpenSet {
  /** Of the dictionary; "neurons" for these. */
  readonly name: string;
  /** Of the weights. */
  readonly subject: string;
  readonly units: Units;
  readonly reader: Reader;
  close(): Promise<void>;
}

/** Every dictionary at the run's hook point, then the neurons of the same layer. */
async function openSets({ request, subject, engine, pool }: Work): Promise<OpenSet[]> {
  const { source, shards, saes } = subject;
  const cut = await openHarvest(engine, source);
  const reader = cutReader(cut);
  const sets: OpenSet[] = [];
  for (const { name, folder, sae } of saes) {
    const forward = await SaeForward.create(pool, await unscaledInRun(engine, source, shards, sae));
    const hash = checksum(join(folder, "sae_weights.safetensors"));
    sets.push({ name, subject: hash, units: saeUnits(forward), reader, close: () => forward.close() });
  }
  if (request.options.neurons) {
    const { config } = source.model;
    const hook = neuronHook(config, source.hook);
    const own = hook === source.hook ? reader : cutReader(await openHarvest(engine, { ...source, hook }));
    const units = neuronUnits(config.dMlp);
    sets.push({
      name: "neurons",
      subject: source.model.weightsSha256,
      units,
      reader: own,
      close: async () => {},
    });
  }
  return sets;
}
