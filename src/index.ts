/**
 * The library behind the command line: load a model, cut it at a hook point, train dictionaries on its activations,
 * evaluate them, find out what their features respond to and do, and whether they mean one thing. Every name is explained where it is
 * defined.
 *
 *     const model = await loadModel("models/one-layer");
 *     const engine = await Engine.start({ workers: 2 });
 *     const cut = await openCut(engine, model, "blocks.0.mlp.hook_post", { batch: 8, context: 128 });
 *     const { activation, carry } = await cut.prefix(tokens);
 *     const loss = await cut.suffix(tokens, carry, activation);
 */

export { Failure, UsageError } from "./errors.ts";

export { Engine, type EngineOptions, Program } from "./engine/engine.ts";

export { type ModelConfig } from "./model/config.ts";
export { loadModel, type SourceModel } from "./model/load.ts";
export { type HookPoint, hookPoints } from "./model/hooks.ts";
export { type Carry, type Cut, openCut } from "./model/cut.ts";
export { forward, type ForwardPass } from "./model/forward.ts";
export { type LiveModel, openLiveModel } from "./model/live-model.ts";
export { type Edit, type Reading } from "./model/reading.ts";
export { shuffleWeights } from "./model/shuffled-weights.ts";
export { sampleToken, type SamplingOptions } from "./model/sampling.ts";
export { openStepper, type Stepper } from "./model/stepper.ts";
export { loadTokenizer, Tokenizer } from "./model/tokenizer.ts";

export { openDocuments } from "./text/open-documents.ts";
export { openShards, type TokenShards, type TokenSplit } from "./text/shards.ts";
export { tokenizeCorpus, type TokenizeOptions } from "./text/tokenize.ts";

export { type ActivationSource } from "./activations/activation-source.ts";
export { openCache, type CacheOptions } from "./activations/cache.ts";
export { HarvestedActivations } from "./activations/harvested-activations.ts";
export { ActivationRounds } from "./activations/rounds.ts";

export { type Sae } from "./sae/dictionary.ts";
export { SaeForward, type SparseActivations } from "./sae/forward.ts";
export { type PresetName, type SaeOptions, type SaeRequest } from "./sae/options.ts";
export { Pool } from "./sae/pool.ts";
export { describeSparsity, resolveOptions } from "./sae/presets.ts";
export { readSae, writeSae } from "./sae/saelens.ts";
export { SaeTrainer, type StepReport } from "./sae/trainer.ts";

export { evaluateSae, evaluateSaes } from "./evaluation/evaluate.ts";
export { type Evaluation } from "./evaluation/subject.ts";
export { type EvaluationResult } from "./evaluation/result.ts";

export { type AnalysisRecord, type UnitRecord } from "./features/records.ts";
export { neuronUnits, saeUnits, type UnitKind, type Units } from "./features/units.ts";
export { type ComparisonResult } from "./features/comparison/result.ts";

export { ablate, ablateContexts, type TokenAblation } from "./experiments/ablation.ts";
export { attribute, type UnitAttribution } from "./experiments/attribution.ts";
export { generate, type GenerationOptions, type TokenEvent } from "./experiments/generate.ts";
export { intervene, type Intervention } from "./experiments/interventions.ts";
export { type Substitution, substitute } from "./experiments/substitution.ts";
export { featuresOfText } from "./experiments/text-features.ts";

export { readSaeDashboard } from "./interpretation/evidence/saedashboard.ts";
export { type Column, type Passage, type UnitEvidence } from "./interpretation/evidence/passage.ts";
export { type Explanation, type OfflineExplainer } from "./interpretation/explainers/explainer.ts";
export { OFFLINE } from "./interpretation/explainers/offline.ts";
export { PROTOCOLS } from "./interpretation/protocols/protocols.ts";
export { type Protocol } from "./interpretation/protocols/protocol.ts";
export { type Answerer, type ProtocolName, type Task } from "./interpretation/protocols/task.ts";
export { answerTask } from "./interpretation/study/answer-task.ts";
export { type Score, type ScoredTask, type ScoreKind } from "./interpretation/scores/score.ts";
export { scoreTask } from "./interpretation/scores/score-task.ts";
export { type Endpoint, type SimulatorMode } from "./interpretation/endpoint/endpoint.ts";
export { openEndpoint } from "./interpretation/endpoint/openai-endpoint.ts";
export { type EndpointOptions, endpointOptions } from "./interpretation/endpoint/options.ts";
export { pickMode } from "./interpretation/endpoint/simulator-mode.ts";
export { Prompts } from "./interpretation/prompts/prompts.ts";
export { modelAnswerer } from "./interpretation/simulators/model-answerer.ts";
export { interpretationOptions } from "./interpretation/options.ts";
export { readInterpretations } from "./interpretation/read-results.ts";
export { type Interpretation } from "./interpretation/result.ts";
export { krippendorffAlpha } from "./interpretation/ratings/agreement.ts";

export { openStore, type Store, type StoredUnit } from "./store/store.ts";
export { type ListQuery, type UnitRow } from "./store/listing.ts";

export { run, type RunResult } from "./run/run.ts";
export { type RunHooks, type RunRequest } from "./run/request.ts";
export { analyseRun, type AnalysisSummary } from "./run/analysis.ts";
export { type AnalysisRequest } from "./run/analysis-request.ts";
export { interpretDashboard } from "./run/interpret-dashboard.ts";
export { interpretRun, type InterpretationSummary } from "./run/interpret.ts";
export { type InterpretationRequest } from "./run/interpretation-request.ts";
export { type CompareRequest, compareDictionaries } from "./run/compare.ts";
export { type EffectsRequest, type EffectsSummary, measureEffects } from "./run/effects.ts";
export { type EffectsResult, readEffects } from "./experiments/effects/result.ts";
export { type MatchedComparison, compareMatched, matchUnits } from "./experiments/effects/matching.ts";
export { type Measure, MEASURES } from "./experiments/effects/measures.ts";
export {
  type ShuffledControl,
  shuffledControl,
  type ShuffledControlRequest,
} from "./run/shuffled-control.ts";
export { writeReport } from "./report/write-report.ts";

export { explore, type ExploreHooks, type ExploreRequest } from "./explorer/explore.ts";
export { exportHtml, type HtmlExportRequest } from "./explorer/export-html.ts";
export { exportNeuronpediaFolder, type NeuronpediaFolderRequest } from "./explorer/export-neuronpedia.ts";
