/**
 * Whose effects are measured: features drawn uniformly from those active often enough, as many neurons of the same layer, and as many
 * random directions with the densities of the drawn features.
 */

import type { Engine } from "../engine/engine.ts";
import { readFeatureStatistics } from "../evaluation/files.ts";
import type { EffectsOptions } from "../experiments/effects/options.ts";
import type { EffectSubject } from "../experiments/effects/result.ts";
import { analyse, cutReader } from "../features/pass/analyse.ts";
import type { Collector, SavedCollector, TallyBatch } from "../features/pass/batch.ts";
import { type ContextsToRead, contextsToRead } from "../features/pass/contexts-to-read.ts";
import type { Reader } from "../features/pass/read-batches.ts";
import { neuronUnits, saeUnits, type Units } from "../features/units.ts";
import { estimateRandomDirections } from "../interpretation/controls/random-directions.ts";
import { openChosenFeatures } from "../interpretation/evidence/chosen-features.ts";
import { sampleUnits } from "../interpretation/study/sample-units.ts";
import type { Cut } from "../model/cut.ts";
import { neuronHook } from "../model/hooks.ts";
import { SaeForward } from "../sae/forward.ts";
import type { Pool } from "../sae/pool.ts";
import type { Sae } from "../sae/dictionary.ts";
import { unscaledInRun } from "./dictionaries.ts";
import type { RunHooks } from "./request.ts";
import { openHarvest } from "./source.ts";
import type { NamedSae, RunSubject } from "./subject.ts";

export interface EffectSet {
  readonly subject: EffectSubject;
  readonly units: Units;
  readonly cut: Cut;
  readonly reader: Reader;
  readonly every: number;
  readonly chosen: readonly number[];
  readonly eligible: number;
  close(): Promise<void>;
}

export interface EffectSetsWork {
  readonly subject: RunSubject;
  readonly engine: Engine;
  readonly pool: Pool;
  readonly options: EffectsOptions;
  readonly threads: number;
  /** What will be read. */
  readonly contexts: ContextsToRead;
}

/** Tokens on which densities are counted where no evaluation has done so. */
const DENSITY_TOKENS = 100_000;

/** Active tokens of the chosen units of one set that are kept in memory: eight bytes each. */
const MOST_ACTIVE = 40e6;

export async function openEffectSets(
  work: EffectSetsWork,
  { sae, folder }: NamedSae,
  hooks: RunHooks,
): Promise<EffectSet[]> {
  const { subject, engine, pool, options, threads, contexts } = work;
  const { source, shards } = subject;
  const { features: count, seed } = options;
  const cut = await openHarvest(engine, source);
  const reader = cutReader(cut);
  const own = await unscaledInRun(engine, source, shards, sae);
  const densities = readFeatureStatistics(folder)?.density ?? (await densitiesOf(work, own, reader, hooks));
  const eligible = often(densities, work);
  const chosen = sampleUnits(eligible, "uniform", count, seed, "effects of features");
  const features = await openChosenFeatures(pool, own, chosen);

  const { config } = source.model;
  const hook = neuronHook(config, source.hook);
  const neuronCut = hook === source.hook ? cut : await openHarvest(engine, { ...source, hook });
  const neuronReader = hook === source.hook ? reader : cutReader(neuronCut);
  const neurons = neuronUnits(config.dMlp);
  const neuronDensities = await countedDensities(work, neurons, neuronReader, hooks);
  const eligibleNeurons = often(neuronDensities, work);
  const chosenOfNeurons = sampleUnits(eligibleNeurons, "uniform", count, seed, "effects of neurons");

  const directions = await estimateRandomDirections({
    pool,
    shards,
    contexts,
    reader,
    concurrency: threads,
    count: chosen.length,
    densities: chosen.map((feature) => densities[feature]!),
    seed,
    signal: hooks.signal,
  });
  const eligibleDirections = often(directions.reached, work);

  const set = (
    kind: EffectSubject,
    units: Units,
    at: { cut: Cut; reader: Reader },
    from: ArrayLike<number>,
    taken: readonly number[],
    close: () => Promise<void>,
  ): EffectSet => ({
    subject: kind,
    units,
    ...at,
    every: everyFor(taken, from, contexts, source.context),
    chosen: taken,
    eligible: Array.from(from).filter((density) => density > 0).length,
    close,
  });
  return [
    set("features", features.units, { cut, reader }, eligible, chosen, () => features.close()),
    set(
      "neurons",
      chosenNeurons(neurons, chosenOfNeurons),
      { cut: neuronCut, reader: neuronReader },
      eligibleNeurons,
      chosenOfNeurons,
      async () => {},
    ),
    set(
      "random-directions",
      directions.units,
      { cut, reader },
      eligibleDirections,
      sampleUnits(eligibleDirections, "all", count, seed, "effects of random directions"),
      () => directions.close(),
    ),
  ];
}

/** The neurons, of which only those of `chosen` (ascending) are encoded: all of them, dense as they are, take longer than the model. */
function chosenNeurons(neurons: Units, chosen: readonly number[]): Units {
  const some = neuronUnits(chosen.length);
  return {
    ...neurons,
    async encode(x) {
      const { dIn } = neurons;
      const count = chosen.length;
      const rows = x.length / dIn;
      const taken = new Float32Array(rows * count);
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < count; i++) taken[row * count + i] = x[row * dIn + chosen[i]!]!;
      }
      const { rowOffsets, indices, values } = await some.encode(taken);
      return { rowOffsets, indices: indices.map((i) => chosen[i]!), values };
    },
  };
}

/** Densities, and 0 of units that are active on too few of the held-out tokens. */
function often(
  densities: ArrayLike<number>,
  { contexts, options, subject: { source } }: EffectSetsWork,
): Float64Array {
  const from = contexts.heldout.length > 0 ? contexts.heldout : contexts.train;
  const tokens = from.length * source.context;
  return Float64Array.from(densities, (density) => (density * tokens >= options.minActive ? density : 0));
}

/** Dense units are read on a share of the text, so that what they leave in memory stays bounded. */
function everyFor(
  chosen: readonly number[],
  densities: ArrayLike<number>,
  { heldout, train }: ContextsToRead,
  context: number,
): number {
  const share = chosen.reduce((sum, unit) => sum + densities[unit]!, 0);
  return Math.max(1, Math.ceil((share * (heldout.length + train.length) * context) / MOST_ACTIVE));
}

async function densitiesOf(
  work: EffectSetsWork,
  sae: Sae,
  reader: Reader,
  hooks: RunHooks,
): Promise<Float64Array> {
  const forward = await SaeForward.create(work.pool, sae);
  try {
    return await countedDensities(work, saeUnits(forward), reader, hooks);
  } finally {
    await forward.close();
  }
}

async function countedDensities(
  { subject: { shards, source }, threads }: EffectSetsWork,
  units: Units,
  reader: Reader,
  { signal }: RunHooks,
): Promise<Float64Array> {
  const split = shards.heldout.contexts > 0 ? "heldout" : "train";
  const none = { contexts: 0, context: source.context };
  const contexts = contextsToRead(
    { heldout: none, train: none, [split]: { contexts: shards[split].contexts, context: source.context } },
    { heldout: DENSITY_TOKENS, train: DENSITY_TOKENS },
  );
  const counts = new ActiveCounts(units.count);
  await analyse({
    shards,
    contexts,
    units: [{ units, reader }],
    collectors: [counts],
    concurrency: threads,
    ...(signal && { signal }),
  });
  return counts.densities();
}

class ActiveCounts implements Collector {
  readonly name = "active-counts";
  readonly #counts: Float64Array;
  #tokens = 0;

  constructor(units: number) {
    this.#counts = new Float64Array(units);
  }

  add({ tokens, activations }: TallyBatch): void {
    for (const unit of activations[0]!.indices) this.#counts[unit]!++;
    this.#tokens += tokens.length;
  }

  densities(): Float64Array {
    return this.#counts.map((count) => count / Math.max(1, this.#tokens));
  }

  /** It takes seconds, so passes for it have no checkpoints. */
  save(): SavedCollector {
    throw new Error("densities are counted anew rather than gone on with");
  }

  restore(): void {
    this.save();
  }
}
