/**
 * What the explorer's server and page say to each other, in both directions. All of it is JSON. Tokens travel as text that was
 * decoded by the server; whatever is shown is escaped by the page.
 *
 * A GET reads and changes nothing. What computes or writes is a POST.
 *
 *     GET  /api/runs                                              RunSummary[]
 *     GET  /api/runs/:run/curves?after=STEP                       Curves
 *     GET  /api/runs/:run/quality                                 Quality
 *     GET  /api/runs/:run/:sae/units?…ListQuery                   UnitList
 *     GET  /api/runs/:run/:sae/units/:kind/:index                 UnitPage
 *     GET  /api/runs/:run/:sae/map                                MapPoints
 *     GET  /api/runs/:run/:sae/explanations/:id                    ExplanationPage
 *     GET  /api/runs/:run/:sae/interpretations                     Interpretation[], the newest first
 *     GET  /api/runs/:run/:sae/rating/next?rater=NAME              RatingItem, without saying which unit it is
 *     GET  /api/runs/:run/:sae/ratings                             RatingResults
 *     POST /api/runs/:run/:sae/ratings                             {rater, item, interpretation, …Rubric} → RatingItem: the next one
 *     POST /api/runs/:run/:sae/units/:kind/:index/ablation        {contexts} → Ablation[]; stored for the next time
 *     POST /api/runs/:run/:sae/units/:kind/:index/labels          {text} → Explanation: a person's own words
 *     POST /api/runs/:run/:sae/text                               {text} → TextAnalysis
 *     POST /api/runs/:run/:sae/ablate                             {text, kind, index} → Ablation
 *     POST /api/runs/:run/:sae/attribution                        {text, position} → Attribution[]
 *     POST /api/runs/:run/:sae/generate                           GenerationRequest → lines of GenerationEvent (NDJSON)
 *
 * An error is `{ error: string }` with status 400 (a wrong request), 403 (a foreign origin), 404 (not there), 409 (not yet: the run
 * is training, or was not analysed), 413 (too large), 500, or 503 (the model cannot be loaded; the sentence says why).
 */

import type { Intervention } from "../experiments/interventions.ts";
import type {
  AnalysisRecord,
  ContextPlace,
  Example,
  Histogram,
  Neighbour,
  ProxyResult,
  UnitStatistics,
} from "../features/records.ts";
import type { Score } from "../interpretation/scores/score.ts";
import type { Explanation, ShownContext, Sort, UnitRow } from "../store/listing.ts";
import type { Rubric } from "../store/stored.ts";

export type {
  Explanation,
  ListQuery,
  MapPoints,
  ShownContext,
  Sort,
  UnitList,
  UnitRow,
} from "../store/listing.ts";

export type { Intervention } from "../experiments/interventions.ts";
export type { Interpretation } from "../interpretation/result.ts";
export type { Rubric } from "../store/stored.ts";

export interface SaeSummary {
  readonly name: string;
  readonly dIn: number | null;
  readonly dSae: number | null;
  /** evaluation.json as it is, when there is one. */
  readonly evaluation: Readonly<Record<string, unknown>> | null;
  /** What was analysed: one record a kind. */
  readonly analyses: readonly AnalysisRecord[];
}

export interface RunSummary {
  /** Its place in addresses: the folder's name, made unique. */
  readonly id: string;
  readonly name: string;
  readonly status: "running" | "complete" | "failed" | "interrupted";
  readonly error: string | null;
  readonly hook: string | null;
  readonly model: string | null;
  readonly started: string | null;
  readonly saes: readonly SaeSummary[];
  /** Whether experiments can run, and if not, why. An exported page has no model. */
  readonly live: { readonly possible: boolean; readonly reason: string | null };
}

export interface Curves {
  readonly status: RunSummary["status"];
  /** Per dictionary: columns of equal length. Values that were not finite are null. */
  readonly saes: Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>>;
}

/** Densities and rare features, as the report shows them. */
export interface Quality {
  readonly saes: readonly {
    readonly name: string;
    /** log10 of the density of each feature; null for one that never fired. */
    readonly logDensity: readonly (number | null)[];
    readonly tokens: number;
    /** Cosine of each feature's encoder with the mean encoder of rare features, and the same of decoders; null where unknown. */
    readonly rareEncoderCosine: readonly (number | null)[];
    readonly rareDecoderCosine: readonly (number | null)[];
  }[];
}

export const SORTS = [
  "index",
  "density",
  "max",
  "mean",
  "score",
  "entropy",
  "random",
] as const satisfies readonly Sort[];

export interface ShownWeight {
  readonly token: string;
  readonly value: number;
}

/** A token whose log-probability changed. */
export interface TokenChange {
  readonly token: string;
  /** Probabilities. */
  readonly before: number;
  readonly after: number;
}

/**
 * The unit's contribution f_i·d_i taken away at every token, the forward pass finished. Element t of the arrays belongs to token t of the
 * context; a token's loss is that of predicting it, so element 0 is 0.
 */
export interface Ablation extends ContextPlace {
  readonly activations: readonly number[];
  /** Loss of each token with the unit taken away, minus without: positive where the unit helps. Nats. */
  readonly lossChange: readonly number[];
  /** At each position the next tokens whose probability falls most and rises most (by change of log-probability, of the likely ones) when the unit is taken away; empty where nothing moved. */
  readonly lowered: readonly (readonly TokenChange[])[];
  readonly raised: readonly (readonly TokenChange[])[];
}

export interface UnitPage {
  readonly row: UnitRow;
  readonly statistics: UnitStatistics;
  readonly tokens: readonly {
    readonly token: string;
    readonly active: number;
    readonly occurred: number;
    readonly mean: number;
  }[];
  readonly logits: {
    readonly top: readonly ShownWeight[];
    readonly bottom: readonly ShownWeight[];
    readonly histogram: Histogram;
    readonly path: "exact" | "direct";
  } | null;
  readonly alignment: readonly Neighbour[] | null;
  /** Neighbours with a few words on each. */
  readonly nearest: {
    readonly decoder: readonly (Neighbour & { readonly words: string })[];
    readonly activation: readonly (Neighbour & { readonly words: string })[];
    readonly neurons: readonly Neighbour[];
  };
  readonly proxies: readonly ProxyResult[];
  readonly examples: readonly Example[];
  /** The contexts that the examples are from, each once. */
  readonly contexts: readonly ShownContext[];
  /** Those that are stored. */
  readonly ablations: readonly Ablation[];
  readonly explanations: readonly Explanation[];
}

export interface TextAnalysis {
  readonly tokens: readonly string[];
  /** Active features of each token, strongest first: feature and value. BOS, at 0, included. */
  readonly features: readonly (readonly (readonly [index: number, value: number])[])[];
  /** A few words on each feature that occurs. */
  readonly words: Readonly<Record<number, string>>;
  /** Loss of predicting each token, nats: clean, with x̂ for x at every position, and with 0. Element 0 is null. */
  readonly clean: readonly (number | null)[];
  readonly reconstructed: readonly (number | null)[];
  readonly ablated: readonly (number | null)[];
  /** Whether the text was cut to the model's positions. */
  readonly cut: boolean;
}

/** What a feature does to the prediction of the token after a position. */
export interface Attribution {
  readonly feature: number;
  readonly activation: number;
  /** f_i · (d_i · ∂logit/∂x of the next token, mean over the vocabulary taken away), LayerNorm's scale held. */
  readonly direct: number;
  /** log p(next) as it is, minus with the feature taken away at that position alone; null for those not checked. */
  readonly ablated: number | null;
  readonly words: string;
}

export interface GenerationRequest {
  readonly prompt: string;
  readonly interventions: readonly Intervention[];
  readonly tokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
}

/** One line of the answer's stream. Both texts are sampled with the same random numbers. */
export type GenerationEvent =
  | { readonly type: "prompt"; readonly tokens: readonly string[] }
  | { readonly type: "token"; readonly which: "plain" | "steered"; readonly token: string }
  | { readonly type: "done"; readonly tokensPerSecond: number }
  | { readonly type: "error"; readonly error: string };

/** One explanation with its scores and what they were computed from. */
export interface ExplanationPage {
  readonly explanation: Explanation;
  readonly details: unknown;
  readonly scores: readonly (Score & { readonly answeredBy: string })[];
  readonly tasks: readonly ShownTask[];
}

/** The text that an explanation was scored on, with what was and what was predicted. */
export type ShownTask =
  | {
      readonly type: "simulation";
      readonly scale: 9 | 10;
      readonly excerpts: readonly {
        readonly group: string;
        readonly interval: number | null;
        readonly tokens: readonly string[];
        /** On the scale. */
        readonly real: readonly number[];
        /** Null where the answer failed. */
        readonly simulated: readonly number[] | null;
      }[];
    }
  | {
      readonly type: "detection" | "fuzzing" | "logits";
      readonly items: readonly {
        readonly tokens: readonly string[];
        readonly marked: readonly number[];
        readonly label: boolean;
        readonly yes: boolean | null;
        readonly probability: number | null;
      }[];
    }
  | {
      readonly type: "intruder";
      readonly trials: readonly {
        readonly excerpts: readonly (readonly string[])[];
        readonly intruder: number;
        readonly answer: number | null;
      }[];
    };

/** One interval of one unit to be rated. Which one it is, feature or neuron, is not said. */
export interface RatingItem {
  /** Names it in the answer; null when everything is rated. */
  readonly item: string | null;
  /** Rated by this rater, and in all. */
  readonly done: number;
  readonly total: number;
  /** Contexts of the interval that is rated. */
  readonly contexts: readonly RatedContext[];
  /** Contexts of all intervals, the highest first: for the interpretation, which is not rated by itself. */
  readonly overview: readonly { readonly interval: number; readonly contexts: readonly RatedContext[] }[];
  /** Which interval is rated, 0 the lowest, of how many. */
  readonly interval: number;
  readonly intervals: number;
  readonly logits: readonly ShownWeight[];
  /** What this rater wrote of the same unit before. */
  readonly interpretation: string;
}

export interface RatedContext {
  readonly tokens: readonly string[];
  /** In shares of the unit's maximum. */
  readonly activations: readonly number[];
  readonly position: number;
}

export interface RatingRequest extends Rubric {
  readonly rater: string;
  readonly item: string;
  readonly interpretation: string;
}

/** All ratings, and what they add up to. Which unit each was of is said here. */
export interface RatingResults {
  readonly ratings: readonly (Rubric & {
    readonly rater: string;
    readonly kind: "feature" | "neuron";
    readonly index: number;
    readonly interval: number;
    readonly total: number;
    readonly interpretation: string;
    readonly created: string;
    /** The unit's automated score, where it has one. */
    readonly score: number | null;
  })[];
  readonly raters: readonly string[];
  readonly medians: { readonly feature: number | null; readonly neuron: number | null };
  /** Krippendorff's alpha of the totals (interval differences) and of each criterion (ordinal); null with fewer than two raters of one item. */
  readonly agreement: Readonly<Record<"total" | keyof Rubric, number | null>> & { readonly items: number };
}
