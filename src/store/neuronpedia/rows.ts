/**
 * Rows of Neuronpedia's database, as the lines of its exports have them: release, model, set of sources, source (a dictionary at
 * one hook point), features, activations, explanations. Keys are those that its import knows, in the order in which SAEDashboard
 * writes them; what refers to tables that an import does not bring (types of explanations, models that explain) stays null.
 */

import { createHash } from "node:crypto";
import type { AnalysisRecord } from "../../features/records.ts";
import type { StoredExplanation, StoredScore, StoredUnit } from "../stored.ts";
import { type DashboardActivation, type DashboardFeature, short } from "./dashboard.ts";

/** Whom a fresh instance of Neuronpedia knows: its own default. */
export const DEFAULT_CREATOR = "clkht01d40000jv08hvalcvly";

export interface Release {
  readonly name: string;
  readonly description: string;
  readonly creatorName: string;
  readonly creatorId?: string;
  readonly urls?: readonly string[];
}

export interface SourceModel {
  readonly displayName?: string;
  readonly layers?: number;
  readonly neuronsPerLayer?: number;
  readonly dimension?: number;
  readonly owner?: string;
  readonly website?: string;
}

/** What all rows of one export have in common. */
export interface Names {
  readonly modelId: string;
  readonly sourceId: string;
  readonly setName: string;
  readonly release: Release;
  readonly analysis: AnalysisRecord;
}

export function releaseRow({ release, analysis }: Names) {
  return {
    name: release.name,
    description: release.description,
    creatorName: release.creatorName,
    creatorId: creator(release),
    visibility: "PUBLIC",
    isNewUi: false,
    featured: false,
    descriptionShort: release.description,
    urls: release.urls ?? [],
    creatorEmail: null,
    creatorNameShort: release.creatorName,
    defaultSourceSetName: null,
    defaultSourceId: null,
    defaultUmapSourceIds: [],
    createdAt: analysis.finished,
  };
}

export function modelRow({ modelId, release, analysis }: Names, model: SourceModel) {
  const name = model.displayName ?? modelId;
  return {
    id: modelId,
    instruct: false,
    creatorId: creator(release),
    displayNameShort: name,
    displayName: name,
    tlensId: null,
    dimension: model.dimension ?? null,
    visibility: "PUBLIC",
    defaultSourceSetName: null,
    defaultSourceId: null,
    inferenceEnabled: false,
    layers: model.layers ?? 0,
    neuronsPerLayer: model.neuronsPerLayer ?? 0,
    createdAt: analysis.finished,
    owner: model.owner ?? "",
    updatedAt: analysis.finished,
    website: model.website ?? null,
  };
}

export function sourceSetRow({ modelId, setName, release, analysis }: Names) {
  return {
    modelId,
    name: setName,
    creatorId: creator(release),
    hasDashboards: true,
    visibility: "PUBLIC",
    description: release.description,
    type: "",
    creatorName: release.creatorName,
    urls: release.urls ?? [],
    creatorEmail: null,
    releaseName: release.name,
    defaultOfModelId: null,
    defaultRange: 1,
    defaultShowBreaks: true,
    showDfa: false,
    showCorrelated: false,
    showHeadAttribution: false,
    showUmap: false,
    createdAt: analysis.finished,
  };
}

export interface SourceFacts {
  readonly dataset: string;
  readonly huggingFace?: { readonly repo: string; readonly folder: string };
  readonly hasMap: boolean;
}

export function sourceRow({ modelId, sourceId, setName, release, analysis }: Names, facts: SourceFacts) {
  const { tokens, context } = analysis;
  return {
    id: sourceId,
    modelId,
    setName,
    creatorId: creator(release),
    hasDashboards: true,
    inferenceEnabled: false,
    inferenceHosts: [],
    saelensConfig: null,
    saelensRelease: null,
    saelensSaeId: null,
    hfRepoId: facts.huggingFace?.repo ?? null,
    hfFolderId: facts.huggingFace?.folder ?? null,
    visibility: "PUBLIC",
    defaultOfModelId: null,
    hasUmap: facts.hasMap,
    hasUmapLogSparsity: facts.hasMap,
    hasUmapClusters: false,
    num_prompts: Math.ceil((tokens.train + tokens.heldout) / context),
    num_tokens_in_prompt: context,
    dataset: facts.dataset,
    notes: null,
    createdAt: analysis.finished,
  };
}

export function featureRow(names: Names, unit: StoredUnit, feature: DashboardFeature) {
  const { modelId, sourceId, setName, release, analysis } = names;
  const { feature_index, n_prompts_total: _p, n_tokens_in_prompt: _t, dataset: _d, ...rest } = feature;
  const { activations: _a, vector = [], ...tables } = rest;
  const maximum = short(unit.record.statistics.max);
  const cosines = unit.record.nearest.decoder;
  return {
    modelId,
    layer: sourceId,
    index: String(feature_index),
    creatorId: creator(release),
    createdAt: analysis.finished,
    maxActApprox: maximum,
    hasVector: vector.length > 0,
    vector,
    vectorLabel: null,
    vectorDefaultSteerStrength: vector.length > 0 ? maximum : 10,
    hookName: analysis.hook,
    topkCosSimIndices: cosines.map(({ index }) => index),
    topkCosSimValues: cosines.map(({ value }) => short(value)),
    ...tables,
    ...mapColumns(unit),
    sourceSetName: setName,
  };
}

/** @param number which of the unit's activations it is */
export function activationRow(names: Names, index: number, number: number, activation: DashboardActivation) {
  const { modelId, sourceId, release, analysis } = names;
  const { values } = activation;
  const maxValue = values.reduce((a, b) => Math.max(a, b), 0);
  return {
    id: identifier(modelId, sourceId, index, "activation", number),
    tokens: activation.tokens,
    index: String(index),
    layer: sourceId,
    modelId,
    maxValue,
    maxValueTokenIndex: Math.max(0, values.indexOf(maxValue)),
    minValue: values.reduce((a, b) => Math.min(a, b), maxValue),
    values,
    creatorId: creator(release),
    dataSource: null,
    dataIndex: null,
    dfaValues: activation.dfa_values,
    dfaTargetIndex: activation.dfa_targetIndex,
    dfaMaxValue: activation.dfa_maxValue,
    createdAt: analysis.finished,
    lossValues: activation.loss_values ?? [],
    logitContributions: activation.logit_contributions ?? null,
    binMin: activation.bin_min,
    binMax: activation.bin_max,
    binContains: activation.bin_contains,
    qualifyingTokenIndex: activation.qualifying_token_index,
  };
}

export function explanationRow(names: Names, unit: StoredUnit, explanation: StoredExplanation) {
  const { modelId, sourceId, release } = names;
  const { index } = unit.record;
  const { author, score, scoreKind } = explanation;
  const scored =
    score === null ? "" : `; score ${short(score)}${scoreKind === null ? "" : ` (${scoreKind})`}`;
  return {
    id: identifier(modelId, sourceId, index, "explanation", explanation.id),
    modelId,
    layer: sourceId,
    index: String(index),
    description: explanation.text,
    authorId: creator(release),
    typeName: null,
    explanationModelName: null,
    notes: `by ${author}${scored}`,
    ...mapColumns(unit),
    createdAt: explanation.created,
  };
}

/**
 * One for each of an explanation's scores that has a value. Types of scores and models that score are tables of Neuronpedia's own: those
 * that are named here have to be there before an import.
 * @param number which of the explanation's scores it is
 */
export function explanationScoreRow(
  names: Names,
  index: number,
  explanation: number,
  number: number,
  score: Omit<StoredScore, "answers">,
) {
  const { modelId, sourceId } = names;
  const { kind, value, interval, asked, failed, degenerate, answeredBy, others } = score;
  return {
    id: identifier(modelId, sourceId, index, "score", explanation, number),
    value: value === null ? null : short(value),
    explanationScoreTypeName: kind,
    explanationScoreModelName: answeredBy,
    jsonDetails: JSON.stringify({
      interval: interval?.map(short) ?? null,
      asked,
      failed,
      degenerate,
      others,
    }),
    explanationId: identifier(modelId, sourceId, index, "explanation", explanation),
    initiatedById: creator(names.release),
    createdAt: names.analysis.finished,
  };
}

function mapColumns({ record: { map, statistics } }: StoredUnit) {
  return {
    umap_x: map === null ? null : short(map[0]),
    umap_y: map === null ? null : short(map[1]),
    umap_cluster: null,
    umap_log_feature_sparsity: statistics.density > 0 ? short(Math.log10(statistics.density)) : null,
  };
}

function creator({ creatorId }: Release): string {
  return creatorId ?? DEFAULT_CREATOR;
}

/** In the form of a cuid, and the same for the same row, so that an import of the same export replaces it. */
function identifier(...parts: readonly (string | number)[]): string {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return `c${BigInt(`0x${digest}`).toString(36).padStart(50, "0").slice(-24)}`;
}
