/**
 * A stored analysis as files for Neuronpedia: the layout of its exports, which its import reads, and SAEDashboard's batch files,
 * which other tools read.
 *
 *     FOLDER/MODEL/SOURCE/release.jsonl model.jsonl sourceset.jsonl source.jsonl
 *                        /features/batch-N.jsonl.gz activations/… explanations/… explanation-scores/…
 *     FOLDER/saedashboard/MODEL_SOURCE/batch-N.json
 *
 * SOURCE is `LAYER-SET` or `LAYER-SET__SUFFIX`. One batch is in memory at a time. The same store and request give the same bytes.
 * Every file is whole or absent, and the four tables come last: a folder without them is an export that was interrupted.
 */

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Failure, UsageError } from "../errors.ts";
import type { AnalysisRecord } from "../features/records.ts";
import type { UnitKind } from "../features/units.ts";
import { writeAtomic, writeFailure } from "../files/atomic.ts";
import { dashboardFeature } from "./neuronpedia/dashboard.ts";
import {
  activationRow,
  explanationRow,
  explanationScoreRow,
  featureRow,
  modelRow,
  type Names,
  type Release,
  releaseRow,
  type SourceModel,
  sourceRow,
  sourceSetRow,
} from "./neuronpedia/rows.ts";
import type { Store } from "./store.ts";

export interface NeuronpediaRequest {
  readonly sae: string;
  /** Default "feature". */
  readonly kind?: UnitKind;
  /** Neuronpedia's names: letters, digits, "-", "_" and ".". */
  readonly modelId: string;
  readonly setName: string;
  readonly suffix?: string;
  readonly release: Release;
  readonly model?: SourceModel;
  /** The text that was analysed, as Neuronpedia shows it. */
  readonly dataset: string;
  readonly huggingFace?: { readonly repo: string; readonly folder: string };
  /** d_i, to be exported with each unit so that it can be steered. */
  readonly vector?: (index: number) => Float32Array;
  readonly folder: string;
  /** Units of one batch. */
  readonly batch?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface NeuronpediaExport {
  /** Where the layout of exports lies, and where SAEDashboard's files. */
  readonly folder: string;
  readonly dashboards: string;
  readonly batches: number;
  readonly features: number;
  readonly activations: number;
  readonly explanations: number;
  readonly scores: number;
  /** Activations with values of a stored ablation. */
  readonly ablated: number;
}

const BATCH = 128;

/** Of each table its folder and its rows in a batch. */
const TABLES = {
  features: "features",
  activations: "activations",
  explanations: "explanations",
  "explanation-scores": "scores",
} as const;

/**
 * @throws UsageError for names that Neuronpedia does not take; Failure when there is no such analysis, it is replaced meanwhile, or a
 *   file cannot be written; the signal's reason when it is aborted
 */
export async function exportNeuronpedia(
  store: Store,
  request: NeuronpediaRequest,
): Promise<NeuronpediaExport> {
  const { sae, kind = "feature", modelId, folder, batch = BATCH } = request;
  const names = namesOf(request, analysisOf(store, sae, kind));
  const layout = join(folder, modelId, names.sourceId);
  const dashboards = join(folder, "saedashboard", `${modelId}_${names.sourceId}`);
  const tables = {
    release: releaseRow(names),
    model: modelRow(names, request.model ?? {}),
    sourceset: sourceSetRow(names),
  };
  for (const name of [...Object.keys(tables), "source"]) remove(join(layout, `${name}.jsonl`));
  const { count } = names.analysis;
  const counts = { features: 0, activations: 0, explanations: 0, scores: 0, ablated: 0 };
  let hasMap = false;
  for (let number = 0; number * batch < count; number++) {
    request.signal?.throwIfAborted();
    const units = Array.from(
      { length: Math.min(batch, count - number * batch) },
      (_, i) => number * batch + i,
    );
    const part = batchOf(store, request, names, units);
    hasMap ||= part.hasMap;
    counts.ablated += part.ablated;
    for (const [table, rows] of Object.entries(TABLES)) {
      counts[rows] += part[rows].length;
      writeAtomic(join(layout, table, `batch-${number}.jsonl.gz`), gzipSync(lines(part[rows]), { level: 5 }));
    }
    writeAtomic(join(dashboards, `batch-${number}.json`), part.dashboard);
    request.onProgress?.(counts.features, count);
    await setImmediate();
  }
  const batches = Math.ceil(count / batch);
  for (const place of [...Object.keys(TABLES).map((table) => join(layout, table)), dashboards])
    removeBeyond(place, batches);
  for (const [name, row] of Object.entries(tables)) writeAtomic(join(layout, `${name}.jsonl`), lines([row]));
  const source = sourceRow(names, { ...request, hasMap });
  writeAtomic(join(layout, "source.jsonl"), lines([source]));
  return { folder: layout, dashboards, batches, ...counts };
}

function analysisOf(store: Store, sae: string, kind: UnitKind): AnalysisRecord {
  const analysis = store.analysis(sae, kind);
  if (analysis === undefined) {
    throw new Failure(
      `${store.path} holds no analysis of the ${kind}s of ${sae}: make one with "monosemantic features"`,
    );
  }
  return analysis.record;
}

/** They become names of folders, and Neuronpedia takes no others. */
function namesOf(request: NeuronpediaRequest, analysis: AnalysisRecord): Names {
  const { modelId, setName, suffix, release } = request;
  for (const [what, name] of Object.entries({ "model id": modelId, "set name": setName, suffix })) {
    if (name === undefined || /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name)) continue;
    throw new UsageError(
      `"${name}" is no ${what} for Neuronpedia: letters, digits, "-", "_" and "." are, a "." not at the start`,
    );
  }
  const layer = layerOf(analysis.hook);
  const sourceId = `${layer}-${setName}${suffix === undefined ? "" : `__${suffix}`}`;
  return { modelId, sourceId, setName, release, analysis };
}

function layerOf(hook: string): number {
  return Number(/^blocks\.(\d+)\./.exec(hook)?.[1] ?? 0);
}

function batchOf(store: Store, request: NeuronpediaRequest, names: Names, units: readonly number[]) {
  const { sae, kind = "feature", modelId, setName, suffix, dataset, vector } = request;
  const { analysis } = names;
  const text = { dataset, context: analysis.context };
  const texts = new Map<number, string>();
  const tokenText = (id: number) => {
    const text = texts.get(id) ?? store.tokenText(id);
    texts.set(id, text);
    return text;
  };
  const features: string[] = [];
  const activations: string[] = [];
  const explanations: string[] = [];
  const scores: string[] = [];
  const dashboards: string[] = [];
  let ablated = 0;
  let hasMap = false;
  for (const index of units) {
    const unit = store.unit(sae, kind, index);
    if (unit === undefined) throw replaced(store);
    const ablations = store.ablations(sae, kind, index);
    const dashboard = dashboardFeature(unit, ablations, text, tokenText, vector?.(index));
    dashboards.push(JSON.stringify(dashboard));
    features.push(JSON.stringify(featureRow(names, unit, dashboard)));
    dashboard.activations.forEach((activation, number) => {
      activations.push(JSON.stringify(activationRow(names, index, number, activation)));
      if (activation.loss_values !== undefined) ablated++;
    });
    for (const explanation of store.explanations(sae, kind, index)) {
      explanations.push(JSON.stringify(explanationRow(names, unit, explanation)));
      store.scores(explanation.id).forEach((score, number) => {
        if (score.value === null) return;
        scores.push(JSON.stringify(explanationScoreRow(names, index, explanation.id, number, score)));
      });
    }
    hasMap ||= unit.record.map !== null;
  }
  if (JSON.stringify(store.analysis(sae, kind)?.record) !== JSON.stringify(analysis)) throw replaced(store);
  const head = JSON.stringify({
    model_id: modelId,
    layer: layerOf(analysis.hook),
    sae_set: setName,
    ...(suffix === undefined ? {} : { sae_id_suffix: suffix }),
  });
  const dashboard = `${head.slice(0, -1)},"features":[${dashboards.join(",")}]}\n`;
  return { features, activations, explanations, scores, dashboard, ablated, hasMap };
}

function replaced(store: Store): Failure {
  return new Failure(
    `${store.path}: the analysis was replaced while it was exported, so the export is not of one piece: give the command again`,
  );
}

function lines(rows: readonly unknown[]): string {
  return rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join("");
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** Batches of a larger export that was there before. */
function removeBeyond(folder: string, batches: number): void {
  for (const name of batches === 0 ? [] : readdirSync(folder)) {
    const number = /^batch-(\d+)\.json(l\.gz)?$/.exec(name)?.[1];
    if (number !== undefined && Number(number) >= batches) remove(join(folder, name));
  }
}
