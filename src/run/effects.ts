/**
 * What features of a run do to its model, beside neurons and random directions (src/experiments/effects): RUN/effects/SAE.json of each
 * dictionary. Of a run on shuffled weights it is all measured in the shuffled model.
 *
 *     tokens ─► prefix ─► active tokens of the chosen units ─┬─► ablations        prefix, edit, suffix
 *                                                            ├─► next tokens      logit weights beside counts
 *                                                            └─► pinned sampling  stepper, read back
 */

import { checksum } from "../files/checksum.ts";
import { join } from "node:path";
import { Engine } from "../engine/engine.ts";
import { Failure } from "../errors.ts";
import { measureUnits } from "../experiments/effects/measure-units.ts";
import { MEASURE_NAMES } from "../experiments/effects/measures.ts";
import { type EffectsOptions, effectsOptions } from "../experiments/effects/options.ts";
import { promptsOf, PUBLISHED_PROMPT } from "../experiments/effects/prompts.ts";
import { highest, type ReadText } from "../experiments/effects/read-text.ts";
import {
  effectsFile,
  EFFECTS_FOLDER,
  type EffectsResult,
  type SubjectEffects,
} from "../experiments/effects/result.ts";
import { summarise } from "../experiments/effects/summary.ts";
import { logitPath } from "../features/logits/logit-weights.ts";
import { heldoutFirst } from "../features/pass/contexts-to-read.ts";
import { makeFolder, writeFailure, writeJson } from "../files/atomic.ts";
import { FollowingTokens } from "../experiments/effects/next-tokens.ts";
import type { Passage } from "../interpretation/evidence/passage.ts";
import { readEvidence, type SetEvidence } from "../interpretation/evidence/read-evidence.ts";
import { isSingleToken } from "../interpretation/study/single-token.ts";
import { findHook } from "../model/hooks.ts";
import { rowPoint } from "../model/live-graphs.ts";
import { Pool } from "../sae/pool.ts";
import { versions } from "../version.ts";
import { type EffectSet, openEffectSets } from "./effect-sets.ts";
import type { RunHooks } from "./request.ts";
import { type NamedSae, openSubject, type RunSubject, type SubjectRequest } from "./subject.ts";
import { startEngine } from "./source.ts";

/** Options that are not given have their defaults. */
export interface EffectsRequest extends SubjectRequest, Partial<Readonly<EffectsOptions>> {
  readonly threads: number;
}

export interface EffectsSummary {
  readonly run: string;
  readonly effects: readonly {
    readonly sae: string;
    readonly file: string;
    readonly result: EffectsResult;
  }[];
}

/** @throws Failure and UsageError as the parts do */
export async function measureEffects(request: EffectsRequest, hooks: RunHooks = {}): Promise<EffectsSummary> {
  hooks.onPhase?.("loading the model");
  const subject = await openSubject(request);
  const folder = join(request.run, EFFECTS_FOLDER);
  try {
    makeFolder(folder);
  } catch (error) {
    throw writeFailure(folder, error);
  }
  const { threads } = request;
  const options = effectsOptions.parse(request);
  const engine = await startEngine(threads);
  const sampler = await Engine.start({ workers: 1, threads });
  const pool = new Pool(threads);
  try {
    const effects = [];
    for (const sae of subject.saes) {
      const result = await measureSae({ request, options, subject, engine, sampler, pool }, sae, hooks);
      const file = effectsFile(request.run, sae.name);
      writeJson(file, result);
      effects.push({ sae: sae.name, file, result });
    }
    return { run: request.run, effects };
  } finally {
    await Promise.all([engine.close(), sampler.close(), pool.close()]);
  }
}

interface Work {
  readonly request: EffectsRequest;
  readonly options: EffectsOptions;
  readonly subject: RunSubject;
  readonly engine: Engine;
  readonly sampler: Engine;
  readonly pool: Pool;
}

async function measureSae(work: Work, sae: NamedSae, hooks: RunHooks): Promise<EffectsResult> {
  const started = performance.now();
  const { request, options, subject, engine, pool } = work;
  const { threads } = request;
  const { source, shards } = subject;
  const { config, tokenizer } = source.model;
  const contexts = heldoutFirst(shards, options.effectsTokens);
  const total = (contexts.heldout.length + contexts.train.length) * source.context;
  if (total === 0) {
    throw new Failure(
      `${request.run} has no whole context of ${source.context} tokens in its text: there is nothing to measure effects on`,
    );
  }
  hooks.onPhase?.(`${sae.name}: choosing units`);
  const sets = await openEffectSets({ subject, engine, pool, options, threads, contexts }, sae, hooks);
  try {
    hooks.onPhase?.(`${sae.name}: reading the text`, total, "tokens");
    const read = await readEvidence({
      shards,
      contexts,
      sets,
      concurrency: threads,
      seed: options.seed,
      tokenText: (id) => tokenizer.tokenText(id),
      onProgress: ({ tokens }) => hooks.onProgress?.(tokens),
      ...(hooks.signal && { signal: hooks.signal }),
    });
    const subjects: SubjectEffects[] = [];
    // Counted once for all sets that are read on the same text.
    const texts = new Map<Passage, FollowingTokens>();
    for (const [i, set] of sets.entries()) {
      const { passage } = read[i]!;
      const following = texts.get(passage) ?? new FollowingTokens(textOf(passage, subject));
      texts.set(passage, following);
      subjects.push(await measureSet(work, sae, set, { ...read[i]!, following }, hooks));
    }
    const point = findHook(config, source.hook);
    return {
      format: 1,
      version: versions.monosemantic,
      sae: sae.name,
      weights: checksum(join(sae.folder, "sae_weights.safetensors")),
      hook: source.hook,
      model: {
        name: source.model.name,
        weights_sha256: source.model.weightsSha256,
        shuffled: source.model.origin.shuffled ?? null,
      },
      local: rowPoint(config, point) === point,
      path: logitPath(config, source.hook),
      options,
      tokens: {
        heldout: contexts.heldout.length * source.context,
        train: contexts.train.length * source.context,
      },
      subjects,
      summary: summarise(subjects, options.seed),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    for (const set of sets) await set.close();
  }
}

function textOf({ tokens, places }: Passage, { source, shards }: RunSubject): ReadText {
  return {
    tokens,
    context: source.context,
    heldout: places!.filter(({ split }) => split === "heldout").length,
    separator: shards.manifest.bos_token_id,
    vocabSize: source.model.config.vocabSize,
  };
}

async function measureSet(
  { options, subject, engine, sampler }: Work,
  sae: NamedSae,
  set: EffectSet,
  { passage, columns, following }: SetEvidence & { readonly following: FollowingTokens },
  hooks: RunHooks,
): Promise<SubjectEffects> {
  const { model } = subject.source;
  const { tokenizer, config } = model;
  const { text } = following;
  const room = Math.max(1, config.context - options.sampledTokens);
  const published = Array.from(tokenizer.encode(PUBLISHED_PROMPT)).slice(0, room - 1);
  const found = await measureUnits({
    engine,
    sampler,
    model,
    cut: set.cut,
    units: set.units,
    chosen: set.chosen,
    columns,
    text,
    following,
    prompts: promptsOf(text, published, options.prompts, options.seed),
    options: { ...options, sampledTokens: Math.min(options.sampledTokens, config.context - 1) },
    name: set.subject,
    onPhase: (phase, total, unit) => hooks.onPhase?.(`${sae.name}: ${set.subject}: ${phase}`, total, unit),
    onProgress: (done) => hooks.onProgress?.(done),
    signal: hooks.signal,
  });
  return {
    subject: set.subject,
    count: set.units.count,
    eligible: set.eligible,
    hook: set.cut.hook,
    units: [...set.chosen],
    density: columns.map(({ rows }) => rows.length / text.tokens.length),
    max: columns.map((column) => highest(column)),
    singleToken: columns.map((column) => isSingleToken(passage, column)),
    values: Object.fromEntries(
      MEASURE_NAMES.map((measure) => [measure, found.map((unit) => unit[measure])]),
    ) as SubjectEffects["values"],
  };
}
