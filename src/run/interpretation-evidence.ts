/**
 * What is explained, and what it is compared with, read on the same text: the dictionary's features, neurons of the same layer, random
 * directions, and features of a dictionary trained on the model with shuffled weights.
 *
 * The shuffled model reads the same contexts, so documents have the same sides for all.
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readFeatureStatistics } from "../evaluation/files.ts";
import type { Engine } from "../engine/engine.ts";
import { cutReader } from "../features/pass/analyse.ts";
import { type ContextsToRead, heldoutFirst } from "../features/pass/contexts-to-read.ts";
import type { Reader } from "../features/pass/read-batches.ts";
import { logitWeights } from "../features/logits/logit-weights.ts";
import { neuronUnits, type Units } from "../features/units.ts";
import { estimateRandomDirections } from "../interpretation/controls/random-directions.ts";
import type { Passage, UnitEvidence } from "../interpretation/evidence/passage.ts";
import { openChosenFeatures } from "../interpretation/evidence/chosen-features.ts";
import { openEvidence, writeEvidence } from "../interpretation/evidence/evidence-file.ts";
import { readEvidence, type SetEvidence } from "../interpretation/evidence/read-evidence.ts";
import { makeFolder } from "../files/atomic.ts";
import { checksum } from "../files/checksum.ts";
import { versions } from "../version.ts";
import type { SubjectName } from "../interpretation/result.ts";
import { sampleUnits } from "../interpretation/study/sample-units.ts";
import type { StudyUnit } from "../interpretation/study/study.ts";
import { neuronHook } from "../model/hooks.ts";
import type { Pool } from "../sae/pool.ts";
import { unscaledInRun } from "./dictionaries.ts";
import type { InterpretationRequest } from "./interpretation-request.ts";
import type { RunHooks } from "./request.ts";
import { openHarvest, type Source } from "./source.ts";
import type { NamedSae, RunSubject } from "./subject.ts";

/** Logit weights at either end: the logit test uses those of ranks 10 to 59. */
const LOGITS = 60;

/** Active tokens of dense units that are kept in memory: eight bytes each. */
const DENSE_ENTRIES = 40e6;

export interface SubjectEvidence {
  readonly subject: SubjectName;
  /** Units of the set, and those alive on the run's text. */
  readonly count: number;
  readonly alive: number;
  readonly passage: Passage;
  readonly chosen: readonly StudyUnit[];
  readonly units: Units;
  /** The model whose activations they read, and where. */
  readonly source: Source;
  readonly hook: string;
}

export interface ReadSubjects {
  readonly subjects: readonly SubjectEvidence[];
  /** Units can be encoded until then. */
  close(): Promise<void>;
}

export interface EvidenceWork {
  readonly request: InterpretationRequest;
  readonly subject: RunSubject;
  readonly engine: Engine;
  readonly pool: Pool;
  /** Density of every feature and of every neuron, from the analysis of the run; the latter empty when neurons were not analysed. */
  readonly densities: { readonly feature: ArrayLike<number>; readonly neuron: ArrayLike<number> };
  /** The dictionary that was trained on the shuffled model; null for no such control. */
  readonly control: { readonly subject: RunSubject; readonly sae: NamedSae } | null;
  /** In which what is read is kept until it is no longer needed. */
  readonly folder: string;
}

/** A set of units before its text is read. */
interface OpenSet {
  readonly subject: SubjectName;
  readonly units: Units;
  readonly reader: Reader;
  readonly chosen: readonly number[];
  readonly alive: number;
  /** Share of tokens at which one of its units is active, about. */
  readonly density: number;
  readonly source: Source;
  /** Hash of what the units are made of. */
  readonly weights: string;
  close(): Promise<void>;
}

/** Every subject that the request asks for, with what its units do on the text. */
export async function readSubjects(
  work: EvidenceWork,
  sae: NamedSae,
  hooks: RunHooks,
): Promise<ReadSubjects> {
  const { request, subject, engine } = work;
  const { shards } = subject;
  const contexts = heldoutFirst(shards, request.options.explainTokens);
  hooks.onPhase?.(`${sae.name}: opening features and controls`);
  const sets = await openSets(work, sae, contexts, hooks);
  const close = async () => {
    for (const set of sets) await set.close();
  };
  try {
    const total = (contexts.heldout.length + contexts.train.length) * shards.manifest.request.context;
    const read = await readText(
      work,
      sae,
      sets.map((set) => ({ ...set, every: every(set, total) })),
      contexts,
      hooks,
    );
    const found: SubjectEvidence[] = [];
    for (const [i, { passage, columns }] of read.entries()) {
      const set = sets[i]!;
      hooks.onPhase?.(`${sae.name}: logit weights of ${set.subject}`);
      const logits = await logitsOf(engine, set, passage, hooks);
      found.push({
        ...set,
        count: set.units.count,
        hook: set.reader.hook,
        passage,
        chosen: set.chosen.map((unit, at) => ({
          unit,
          evidence: { passage, column: columns[at]!, logits: logits[at] ?? null },
        })),
      });
    }
    return { subjects: found, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The pass over the text, or what is kept of an earlier one. */
async function readText(
  { request, subject, densities, folder }: EvidenceWork,
  sae: NamedSae,
  sets: readonly (OpenSet & { readonly every: number })[],
  contexts: ContextsToRead,
  hooks: RunHooks,
): Promise<SetEvidence[]> {
  const { shards, source } = subject;
  const tokenText = (id: number) => source.model.tokenizer.tokenText(id);
  const hash = createHash("sha256");
  const { seed } = request;
  const sources = sets.map(({ subject: name, chosen, every: often, weights }) => [
    name,
    chosen,
    often,
    weights,
  ]);
  hash.update(JSON.stringify([versions, seed, shards.manifest, sources]));
  for (const numbers of [contexts.heldout, contexts.train, Float64Array.from(densities.feature)])
    hash.update(numbers);
  const fingerprint = hash.digest("hex");
  const place = join(folder, `reading-${fingerprint.slice(0, 16)}`);
  const kept = join(place, "evidence.safetensors");
  const earlier = openEvidence(kept, fingerprint, tokenText);
  if (earlier !== undefined) {
    hooks.onNote?.(`${sae.name}: what the units do on the text was read before`);
    return earlier;
  }
  removeOthers(folder, place);
  const total = (contexts.heldout.length + contexts.train.length) * shards.manifest.request.context;
  hooks.onPhase?.(`${sae.name}: reading the text`, total, "tokens");
  const read = await readEvidence({
    shards,
    contexts,
    sets,
    concurrency: request.threads,
    seed,
    tokenText,
    checkpoint: { folder: place, minutes: request.checkpointMinutes, fingerprint },
    onResume: (done) => hooks.onNote?.(`going on where an earlier reading was stopped, after ${done} tokens`),
    onProgress: ({ tokens }) => hooks.onProgress?.(tokens),
    ...(hooks.signal && { signal: hooks.signal }),
  });
  rmSync(place, { recursive: true, force: true });
  // With a language model the same is often wanted again: after a stop, for another protocol, to replay the answers.
  if (request.endpoint !== undefined) {
    makeFolder(place);
    writeEvidence(kept, read, fingerprint);
  }
  return read;
}

/** Of an earlier request only the newest reading is kept. */
function removeOthers(folder: string, place: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.startsWith("reading-") && join(folder, name) !== place)
      rmSync(join(folder, name), { recursive: true });
  }
}

/** Dense units are read on a share of the text, so that what they leave in memory stays bounded. */
function every({ chosen, density }: OpenSet, tokens: number): number {
  return Math.max(1, Math.ceil((chosen.length * density * tokens) / DENSE_ENTRIES));
}

async function openSets(
  work: EvidenceWork,
  sae: NamedSae,
  contexts: ContextsToRead,
  { signal }: RunHooks,
): Promise<OpenSet[]> {
  const { request, subject, densities, engine, pool, control } = work;
  const { source, shards } = subject;
  const { options, features, seed } = request;
  const controls = Math.min(options.controlUnits, features ?? Infinity);
  const reader = cutReader(await openHarvest(engine, source));
  const sets = [
    await openFeatures(work, subject, sae, densities.feature, features ?? Infinity, "features", reader),
  ];
  if (controls === 0) return sets;

  const hook = neuronHook(source.model.config, source.hook);
  const neurons = neuronUnits(source.model.config.dMlp);
  const neuronDensities =
    densities.neuron.length > 0 ? densities.neuron : new Float64Array(neurons.count).fill(1);
  sets.push({
    subject: "neurons",
    units: neurons,
    reader: hook === source.hook ? reader : cutReader(await openHarvest(engine, { ...source, hook })),
    chosen: sampleUnits(neuronDensities, "uniform", controls, seed, "neurons"),
    alive: alive(neuronDensities),
    density: mean(neuronDensities),
    source,
    weights: source.model.weightsSha256,
    close: async () => {},
  });

  const directions = await estimateRandomDirections({
    pool,
    shards,
    contexts,
    reader,
    concurrency: request.threads,
    count: controls,
    densities: densities.feature,
    seed,
    signal,
  });
  sets.push({
    subject: "random-directions",
    units: directions.units,
    reader,
    chosen: Array.from({ length: controls }, (_, i) => i),
    alive: alive(directions.reached),
    density: mean(directions.reached),
    source,
    weights: source.model.weightsSha256,
    close: () => directions.close(),
  });

  if (control !== null) {
    const { density } = readFeatureStatistics(control.sae.folder)!;
    const own = { ...control.subject, shards };
    const shuffled = cutReader(await openHarvest(engine, control.subject.source));
    sets.push(await openFeatures(work, own, control.sae, density, controls, "shuffled-weights", shuffled));
  }
  return sets;
}

async function openFeatures(
  { engine, pool, request }: EvidenceWork,
  { source, shards }: RunSubject,
  { sae, folder }: NamedSae,
  densities: ArrayLike<number>,
  count: number,
  subject: SubjectName,
  reader: Reader,
): Promise<OpenSet> {
  const rule = count === Infinity ? "all" : subject === "features" ? request.sampling : "uniform";
  const chosen = sampleUnits(densities, rule, count, request.seed, subject);
  const { units, close } = await openChosenFeatures(
    pool,
    await unscaledInRun(engine, source, shards, sae),
    chosen,
  );
  return {
    subject,
    units,
    reader,
    chosen,
    alive: alive(densities),
    density: mean(densities),
    source,
    weights: checksum(join(folder, "sae_weights.safetensors")) + source.model.weightsSha256,
    close,
  };
}

async function logitsOf(
  engine: Engine,
  { units, chosen, reader, source }: OpenSet,
  passage: Passage,
  { signal }: RunHooks,
): Promise<UnitEvidence["logits"][]> {
  const seen = new Int32Array(source.model.config.vocabSize);
  for (const token of passage.tokens) seen[token]!++;
  const vocabulary = Int32Array.from(seen.keys()).filter((token) => seen[token]! > 0);
  const own = { count: chosen.length, dIn: units.dIn, direction: (i: number) => units.direction(chosen[i]!) };
  const found: UnitEvidence["logits"][] = [];
  for await (const { top, bottom } of logitWeights(engine, source.model, reader.hook, own, {
    k: LOGITS,
    seen,
    ...(signal && { signal }),
  })) {
    found.push({ top, bottom, vocabulary });
  }
  return found;
}

function alive(densities: ArrayLike<number>): number {
  return Array.from(densities).filter((density) => density > 0).length;
}

function mean(densities: ArrayLike<number>): number {
  return Array.from(densities).reduce((sum, density) => sum + density, 0) / Math.max(1, densities.length);
}
