/** What the dictionaries of a group are worth on held-out text, and what each of their features does. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { readEffects } from "../../experiments/effects/result.ts";
import { analyseRun } from "../../run/analysis.ts";
import { measureEffects } from "../../run/effects.ts";
import { evaluateInto } from "../../run/evaluation.ts";
import { openForLosses, startEngine } from "../../run/source.ts";
import { openSubject } from "../../run/subject.ts";
import { Pool } from "../../sae/pool.ts";
import { openStore, STORE_FILE } from "../../store/store.ts";
import { isAnalysed } from "../attempts/reached.ts";
import { groupOf, type Job, named, trainedTrials } from "./job.ts";

export async function measure(job: Job): Promise<void> {
  const { folder, work, hooks } = job;
  const { measures, threads, checkpointMinutes } = folder.plan;
  await evaluate(job);
  const saes = trainedTrials(job);
  const { hub } = groupOf(job).stream;
  if (measures.features !== null && notAnalysed(work, saes).length > 0) {
    const options = { options: measures.features, checkpointMinutes, threads };
    await analyseRun({ run: work, ...(hub && { hub }), ...options }, hooks);
  }
  const { effects } = measures;
  if (effects === null) return;
  // One after the other, so that what is done stays done.
  for (const sae of saes) {
    if (readEffects(work, sae) !== null) continue;
    await measureEffects({ run: work, ...(hub && { hub }), saes: [sae], ...effects, threads }, hooks);
  }
}

async function evaluate(job: Job): Promise<void> {
  const { folder, work, hooks } = job;
  const { stream, trials } = groupOf(job);
  const trained = trainedTrials(job);
  const { threads } = folder.plan;
  if (trained.every((name) => existsSync(join(work, "saes", name, "evaluation.json")))) return;
  hooks.onPhase?.("loading the model");
  const { source, shards, saes } = await openSubject({ run: work, ...(stream.hub && { hub: stream.hub }) });
  const engine = await startEngine(threads, stream.device);
  const pool = new Pool(threads);
  try {
    const cut = await openForLosses(engine, source);
    hooks.onPhase?.("evaluating", 2 * stream.evaluationTokens, "tokens");
    const first = named(folder.plan, "trials", trials[0]!).dictionary;
    const seed = stream.streamSeed ?? first.seed ?? 0;
    await evaluateInto(
      pool,
      cut,
      shards.heldout,
      saes,
      { evaluationTokens: stream.evaluationTokens, seed },
      hooks,
    );
  } finally {
    await Promise.all([engine.close(), pool.close()]);
  }
}

function notAnalysed(work: string, trials: readonly string[]): string[] {
  // Findings are written set by set, each before its ablations: with some of them there, others may be missing.
  if (!isAnalysed(work)) return [...trials];
  const store = openStore(join(work, STORE_FILE));
  try {
    return trials.filter((name) => store.analysis(name, "feature") === undefined);
  } finally {
    store.close();
  }
}
