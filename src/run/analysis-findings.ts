/** One set of units after the pass: what weights and samples say of it, put together unit by unit and written to the store. */

import type { Engine } from "../engine/engine.ts";
import type { ActivationSample } from "../features/relations/activation-sample.ts";
import { commonContexts } from "../features/relations/activation-sample.ts";
import { alignedNeurons, isNeuronBasis } from "../features/logits/alignment.ts";
import {
  analyseTokensInThread,
  correlatedOthersInThread,
  correlatedUnitsInThread,
  mapInThread,
} from "../features/relations/analysis-thread.ts";
import { type NeighbourTable, neighboursOf } from "../features/relations/best-neighbours.ts";
import { decoderNeighbours } from "../features/relations/decoder-neighbours.ts";
import { logitPath, logitWeights } from "../features/logits/logit-weights.ts";
import { MAP_NEIGHBOURS } from "../features/relations/map.ts";
import type { ProxyCollector } from "../features/proxies/proxy-collector.ts";
import type { Reader } from "../features/pass/read-batches.ts";
import type { AnalysisRecord, ContextPlace, LogitWeights, StoredContext } from "../features/records.ts";
import type { UnitTally } from "../features/tally/tally.ts";
import type { Units } from "../features/units.ts";
import type { Store } from "../store/store.ts";
import type { TokenShards } from "../text/shards.ts";
import type { AnalysisRequest } from "./analysis-request.ts";
import type { RunHooks } from "./request.ts";
import type { RunSubject } from "./subject.ts";

/** Entries of each list. */
const NEIGHBOURS = 10;
const LOGITS = 20;

export interface AnalysedSet {
  readonly name: string;
  readonly subject: string;
  readonly units: Units;
  readonly reader: Reader;
  /** Its place among the sets of the pass. */
  readonly index: number;
  readonly tally: UnitTally;
  readonly sample: ActivationSample;
  readonly proxies: ProxyCollector;
}

export interface FindingsContext {
  readonly request: AnalysisRequest;
  readonly subject: RunSubject;
  readonly engine: Engine;
  readonly store: Store;
  /** How often each token occurs in the text [vocab]. */
  readonly tokens: ArrayLike<number>;
  readonly neurons: AnalysedSet | undefined;
}

/**
 * Writes one analysis to the store, under the name of each of `saes`.
 * @param draft what is known of the analysis so far
 * @returns the record as written
 */
export async function writeFindings(
  context: FindingsContext,
  set: AnalysedSet,
  saes: readonly string[],
  draft: AnalysisRecord,
  seconds: () => number,
  hooks: RunHooks,
): Promise<AnalysisRecord> {
  const { subject, store, engine } = context;
  const { units, tally } = set;
  const { model } = subject.source;
  const alive = Array.from({ length: units.count }, (_, i) => i).filter(
    (i) => tally.statistics(i).active > 0,
  );
  const tables = await relations(context, set, alive, hooks);
  const neuronBasis = units.kind === "feature" && isNeuronBasis(model.config, set.reader.hook);

  const writers = saes.map((sae) =>
    store.begin(sae, draft, { tokenText: (id) => model.tokenizer.tokenText(id), subject: set.subject }),
  );
  try {
    hooks.onPhase?.(`${set.name}: logit weights and records`, units.count, `${units.kind}s`);
    const weights = logitWeights(engine, model, set.reader.hook, units, {
      k: LOGITS,
      seen: context.tokens,
      ...(hooks.signal && { signal: hooks.signal }),
    });
    const hasWeights = logitPath(model.config, set.reader.hook) !== null;
    for (let index = 0; index < units.count; index++) {
      const next = hasWeights ? await weights.next() : undefined;
      const logits = next?.done === false ? (next.value as LogitWeights) : null;
      const { examples, ...findings } = tally.unit(index);
      const record = {
        kind: units.kind,
        index,
        ...findings,
        tokenAnalysis: tables.tokens[index]!,
        logits,
        alignment: neuronBasis ? alignedNeurons(units.direction(index), NEIGHBOURS) : null,
        nearest: {
          decoder: neighboursOf(tables.decoder, index).slice(0, NEIGHBOURS),
          activation: neighboursOf(tables.activation, index),
          neurons: tables.neurons ? neighboursOf(tables.neurons, index) : [],
        },
        proxies: set.proxies.results(set.index, index),
        map: tables.places.get(index) ?? null,
        examples,
      };
      for (const writer of writers) writer.putUnit(record);
      if (index % 256 === 0) {
        hooks.onProgress?.(index);
        await breath(hooks.signal);
      }
    }
    await weights.return(undefined);
    for (const writer of writers) writer.putContexts(storedContexts(subject.shards, tally.contexts()));
    const record = {
      ...draft,
      alive: alive.length,
      seconds: seconds(),
      finished: new Date().toISOString(),
    };
    for (const writer of writers) writer.commit(record);
    return record;
  } finally {
    for (const writer of writers) writer.discard();
  }
}

/** What relates units to each other and to tokens. */
async function relations(
  { request, engine, neurons }: FindingsContext,
  { name, units, sample, ...set }: AnalysedSet,
  alive: readonly number[],
  { onPhase, onProgress, signal }: RunHooks,
) {
  const stop = signal ? { signal } : {};
  onPhase?.(`${name}: neighbours`);
  const rows = sample.rows();
  // Neurons are an orthogonal basis: their cosines and their map say nothing.
  const directed = units.kind === "feature";
  const table: NeighbourTable = await decoderNeighbours(engine, units, {
    k: MAP_NEIGHBOURS - 1,
    among: directed ? alive : [],
    ...stop,
  });
  const others = neurons && commonContexts(rows, neurons.sample.rows());
  const [tokens, activation, correlatedNeurons] = await Promise.all([
    analyseTokensInThread(rows, stop),
    correlatedUnitsInThread(rows, NEIGHBOURS, stop),
    others && set.index !== neurons.index
      ? correlatedOthersInThread(others[0], others[1], NEIGHBOURS, stop)
      : undefined,
  ]);
  const places = new Map<number, readonly [number, number]>();
  if (directed && request.options.map && alive.length > 0) {
    onPhase?.(`${name}: map of directions`, 1, "share");
    const map = await mapInThread(table, {
      seed: 0,
      onProgress: ({ epoch, epochs }) => onProgress?.(epoch / epochs),
      ...stop,
    });
    map.units.forEach((unit, i) => places.set(unit, [map.places[2 * i]!, map.places[2 * i + 1]!]));
  }
  return { decoder: table, tokens, activation, neurons: correlatedNeurons, places };
}

function* storedContexts(shards: TokenShards, places: readonly ContextPlace[]): Generator<StoredContext> {
  for (const { split, context } of places) {
    yield { split, context, tokens: shards[split].read(context, 1) };
  }
}

/** Lets timers, progress and Ctrl-C have their turn. */
async function breath(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}
