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

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure, UsageError } from "../errors.ts";
import { analysisOptions } from "../features/options.ts";
import { makeFolder, writeFailure } from "../files/atomic.ts";
import { checksum } from "../files/checksum.ts";
import { lockFolder } from "../files/folder-lock.ts";
import { type Interpretation, INTERPRETATION_FOLDER } from "../interpretation/result.ts";
import { modelProbe } from "../interpretation/explainers/model-probe.ts";
import { writeReport } from "../report/write-report.ts";
import { Pool } from "../sae/pool.ts";
import { openStore, STORE_FILE } from "../store/store.ts";
import { analyseRun } from "./analysis.ts";
import { controlPlan } from "./control-plan.ts";
import { readSubjects } from "./interpretation-evidence.ts";
import { answersFolder, interpretationFolder, RunSink, writeInterpretation } from "./interpretation-files.ts";
import type { InterpretationRequest } from "./interpretation-request.ts";
import { openModel, type OpenModel } from "./interpretation-interpreter.ts";
import { interpretSubjects, textOf } from "./interpretation-study.ts";
import type { RunHooks } from "./request.ts";
import { isControlThere, shuffledControl } from "./shuffled-control.ts";
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
    const model = await openModel(request, answersFolder(request.run), hooks);
    if (!request.estimateOnly) await analysed(request, subject, hooks);
    const control = await openControl(request, subject, hooks);
    const interpretations = [];
    for (const sae of subject.saes) {
      const one = await interpretSae({ request, subject, control, model }, sae, hooks);
      if (one !== null) interpretations.push(one);
    }
    // It holds what is found here.
    if (interpretations.length > 0 && existsSync(join(request.run, "report.html"))) writeReport(request.run);
    return { run: request.run, interpretations };
  } finally {
    lock.release();
  }
}

/** Densities, by which units are chosen, and the rows that explanations belong to come from an analysis. */
async function analysed(
  { run, model, hub, threads, checkpointMinutes, estimateOnly }: InterpretationRequest,
  { saes }: RunSubject,
  hooks: RunHooks,
) {
  const store = openStore(join(run, STORE_FILE));
  const missing = saes
    .map(({ name }) => name)
    .filter((name) => store.analysis(name, "feature") === undefined);
  store.close();
  if (missing.length === 0) return;
  if (estimateOnly) {
    throw new UsageError(
      `${missing.join(", ")}: not analysed yet, so it is not known what there is to explain: run "monosemantic features ${run}" first`,
    );
  }
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
  /** Null where there is none. */
  readonly subject: RunSubject | null;
  readonly notes: readonly string[];
}

async function openControl(
  request: InterpretationRequest,
  { saes }: RunSubject,
  hooks: RunHooks,
): Promise<Control> {
  const { controlUnits, controlTokens } = request.options;
  if (controlUnits === 0 || controlTokens === 0) return { subject: null, notes: [] };
  const { run, model, hub, threads, checkpointMinutes } = request;
  const names = saes.map(({ name }) => name);
  try {
    const plan = controlPlan({ run, saes: names, tokens: controlTokens, seed: SHUFFLE_SEED });
    if (request.estimateOnly && !isControlThere(plan)) {
      hooks.onNote?.(
        "the control on shuffled weights is not trained yet and not in this estimate: it adds as much as each other control",
      );
      return { subject: null, notes: [] };
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const note = `there is no control on shuffled weights: ${error.message}`;
    hooks.onNote?.(note);
    return { subject: null, notes: [note] };
  }
  const where = { model, ...(hub && { hub }) };
  const control = await shuffledControl(
    { ...where, run, saes: names, tokens: controlTokens, seed: SHUFFLE_SEED, threads, checkpointMinutes },
    hooks,
  );
  return { subject: await openSubject({ ...where, run: control.folder }), notes: control.notes };
}

interface Work {
  readonly request: InterpretationRequest;
  readonly subject: RunSubject;
  readonly control: Control;
  readonly model: OpenModel | null;
}

/** @returns null when only the cost was asked for */
async function interpretSae({ request, subject, control, model }: Work, sae: NamedSae, hooks: RunHooks) {
  const started = performance.now();
  const store = openStore(join(request.run, STORE_FILE));
  const engine = await startEngine(request.threads);
  const pool = new Pool(request.threads);
  const folder = interpretationFolder(request.run, sae.name);
  try {
    const controlSae = control.subject?.saes.find(({ name }) => name === sae.name);
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
        control: control.subject && controlSae ? { subject: control.subject, sae: controlSae } : null,
        folder,
      },
      sae,
      hooks,
    );
    try {
      const sink = new RunSink(store, sae.name, read.subjects[0]!.passage.tokenText);
      const probes = new Map(
        read.subjects.map(({ subject: name, units, source, hook }) => [
          name,
          modelProbe(engine, source, hook, units),
        ]),
      );
      const found = await interpretSubjects(
        {
          request,
          label: sae.name,
          subjects: read.subjects,
          text: textOf(read.subjects[0]!.passage),
          probeOf: (name) => probes.get(name) ?? null,
          model,
          sinkOf: (name) => sink.open(name),
        },
        hooks,
      );
      if (found === null) return null;
      requireAny(found);
      const interpretation: Interpretation = {
        ...found,
        sae: sae.name,
        weights: checksum(join(sae.folder, "sae_weights.safetensors")),
        hook: subject.source.hook,
        seconds: (performance.now() - started) / 1000,
        notes: [...control.notes, ...found.notes],
      };
      const file = writeInterpretation(request.run, interpretation, sink.controls);
      return { file, interpretation };
    } finally {
      await read.close();
    }
  } finally {
    store.close();
    await Promise.all([engine.close(), pool.close()]);
  }
}

/** @throws Failure when it ended before any unit was done: there is nothing to write, and an earlier result of the name stays */
export function requireAny({
  stopped,
  subjects,
  name,
}: Pick<Interpretation, "stopped" | "subjects" | "name">): void {
  if (stopped === null || subjects.some(({ units }) => units.length > 0)) return;
  throw new Failure(`no unit was finished, and ${name} is as it was: ${stopped}`);
}
