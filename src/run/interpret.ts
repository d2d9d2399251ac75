/**
 * Whether the features of a run mean one thing: explanations of each, scored on documents that they were not made from, beside the
 * same for neurons, random directions, and features of a dictionary trained on the model with shuffled weights.
 *
 *     run ─► control (src/run/shuffled-control.ts) ─► text read once for all subjects ─► explain, answer, score ─┬─► RUN/features.sqlite
 *                                                                                                                └─► RUN/interpretation/
 *
 * A unit's explanations are stored as soon as they are scored. What a language model answered is kept (src/interpretation/endpoint), so a
 * stopped interpretation that is begun again sends only what is missing.
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { analysisOptions } from "../features/options.ts";
import { makeFolder, writeFailure } from "../files/atomic.ts";
import { checksum } from "../files/checksum.ts";
import { lockFolder } from "../files/folder-lock.ts";
import { type Interpretation, INTERPRETATION_FOLDER } from "../interpretation/result.ts";
import { Pool } from "../sae/pool.ts";
import { openStore, type Store, STORE_FILE } from "../store/store.ts";
import { analyseRun } from "./analysis.ts";
import { readSubjects } from "./interpretation-evidence.ts";
import { writeInterpretation } from "./interpretation-files.ts";
import type { InterpretationRequest } from "./interpretation-request.ts";
import { interpretSubjects } from "./interpretation-study.ts";
import type { RunHooks } from "./request.ts";
import { shuffledControl } from "./shuffled-control.ts";
import { startEngine } from "./source.ts";
import { type NamedSae, openSubject, type RunSubject } from "./subject.ts";

export interface InterpretationSummary {
  readonly run: string;
  readonly interpretations: readonly { readonly file: string; readonly interpretation: Interpretation }[];
}

/** The control is another model for each seed; one is enough. */
const SHUFFLE_SEED = 0;

/** @throws Failure and UsageError as the parts do, and when another process interprets the run */
export async function interpretRun(
  request: InterpretationRequest,
  hooks: RunHooks = {},
): Promise<InterpretationSummary> {
  hooks.onPhase?.("loading the model");
  const subject = await openSubject(request);
  const folder = join(request.run, INTERPRETATION_FOLDER);
  try {
    makeFolder(folder);
  } catch (error) {
    throw writeFailure(folder, error);
  }
  const lock = lockFolder(folder, null);
  try {
    await analysed(request, subject, hooks);
    const control = await controlOf(request, subject, hooks);
    const interpretations = [];
    for (const sae of subject.saes) {
      interpretations.push(await interpretSae(request, subject, sae, control, hooks));
    }
    return { run: request.run, interpretations };
  } finally {
    lock.release();
  }
}

/** Densities, by which units are chosen, and the rows that explanations belong to come from an analysis. */
async function analysed(
  { run, model, hub, threads, checkpointMinutes }: InterpretationRequest,
  { saes }: RunSubject,
  hooks: RunHooks,
) {
  const store = openStore(join(run, STORE_FILE));
  const missing = saes
    .map(({ name }) => name)
    .filter((name) => store.analysis(name, "feature") === undefined);
  store.close();
  if (missing.length === 0) return;
  hooks.onNote?.(
    `${missing.join(", ")}: not analysed yet, so that is done first, as "monosemantic features" does it`,
  );
  await analyseRun(
    {
      run,
      model,
      ...(hub && { hub }),
      saes: missing,
      options: analysisOptions.parse({}),
      checkpointMinutes,
      threads,
    },
    hooks,
  );
}

interface Control {
  readonly subject: RunSubject;
  readonly tokens: number;
  readonly notes: readonly string[];
}

async function controlOf(
  request: InterpretationRequest,
  { saes }: RunSubject,
  hooks: RunHooks,
): Promise<Control | null> {
  const { controlUnits, controlTokens } = request.options;
  if (controlUnits === 0 || controlTokens === 0) return null;
  const { run, model, hub, threads, checkpointMinutes } = request;
  const control = await shuffledControl(
    {
      run,
      model,
      ...(hub && { hub }),
      saes: saes.map(({ name }) => name),
      tokens: controlTokens,
      seed: SHUFFLE_SEED,
      threads,
      checkpointMinutes,
    },
    hooks,
  );
  const subject = await openSubject({ run: control.folder, model, ...(hub && { hub }) });
  return { subject, tokens: control.tokens, notes: control.notes };
}

async function interpretSae(
  request: InterpretationRequest,
  subject: RunSubject,
  sae: NamedSae,
  control: Control | null,
  hooks: RunHooks,
) {
  const started = performance.now();
  const store = openStore(join(request.run, STORE_FILE));
  const engine = await startEngine(request.threads);
  const pool = new Pool(request.threads);
  const checkpointFolder = join(request.run, INTERPRETATION_FOLDER, `reading-${sae.name}`);
  try {
    const controlSae = control?.subject.saes.find(({ name }) => name === sae.name);
    const read = await readSubjects(
      {
        request,
        subject,
        engine,
        pool,
        densities: {
          feature: store.densities(sae.name, "feature"),
          neuron: store.densities(sae.name, "neuron"),
        },
        control: control && controlSae ? { subject: control.subject, sae: controlSae } : null,
        checkpointFolder,
      },
      sae,
      hooks,
    );
    try {
      const { controls, ...found } = await interpretSubjects(
        { request, store, engine, sae: sae.name, subjects: read.subjects },
        hooks,
      );
      const interpretation: Interpretation = {
        ...found,
        sae: sae.name,
        weights: checksum(join(sae.folder, "sae_weights.safetensors")),
        hook: subject.source.hook,
        seconds: (performance.now() - started) / 1000,
        notes: [...notesOn(control, subject), ...found.notes],
      };
      const file = writeInterpretation(request.run, interpretation, controls);
      rmSync(checkpointFolder, { recursive: true, force: true });
      return { file, interpretation };
    } finally {
      await read.close();
    }
  } finally {
    store.close();
    await Promise.all([engine.close(), pool.close()]);
  }
}

function notesOn(control: Control | null, { saes }: RunSubject): string[] {
  if (control === null)
    return [
      "There is no dictionary of the model with shuffled weights to compare with: --control-tokens was 0.",
    ];
  return [...control.notes];
}

export type { Store };
