/**
 * What an analysis says of one unit: plain data, as it is stored, shown and exported.
 *
 * Names follow Bricken et al. 2023 and the field's dashboards. Shares and means are over the tokens that were analysed; how many
 * these were is part of every result, since a density below 1/tokens cannot be seen.
 */

import type { UnitKind } from "./units.ts";

export type SplitName = "train" | "heldout";

/** A context of the analysed text. */
export interface ContextPlace {
  readonly split: SplitName;
  /** Number of the context in its split. */
  readonly context: number;
}

/** Equal widths from `start`; zeros are never counted. */
export interface Histogram {
  readonly start: number;
  readonly width: number;
  readonly counts: readonly number[];
}

export interface UnitStatistics {
  /** Tokens analysed. */
  readonly tokens: number;
  /** Tokens with f > 0. */
  readonly active: number;
  /** active / tokens. */
  readonly density: number;
  /** Mean of f over active tokens; 0 for a unit that never fired. */
  readonly mean: number;
  readonly max: number;
  /** Of f over active tokens, from 0. */
  readonly histogram: Histogram;
}

/** Why a context is shown: among the highest, sampled from one of INTERVALS equal intervals of (0, max], or from all tokens. */
export type ExampleGroup = "top" | "interval" | "random";

/** Bricken et al. 2023, fn. 22: eleven evenly spaced intervals. */
export const INTERVALS = 11;

export interface Example extends ContextPlace {
  readonly group: ExampleGroup;
  /** 0 (lowest) … INTERVALS − 1; null outside "interval". */
  readonly interval: number | null;
  /** Of the token that it was chosen for. */
  readonly position: number;
  /**
   * Counts the separators before that token from the start of the split. Two examples with different numbers are from
   * different documents; neighbouring documents share a number where a separator fell on a context's start.
   */
  readonly document: number;
  /** f at `position`. */
  readonly value: number;
  /** Every position of the context at which the unit was active, ascending, and f there. */
  readonly positions: readonly number[];
  readonly values: readonly number[];
}

/** The context whose tokens examples refer to. */
export interface StoredContext extends ContextPlace {
  readonly tokens: Int32Array;
}

export interface TokenWeight {
  readonly token: number;
  readonly value: number;
}

/** A token that the unit fires on, in the sample that correlations were taken on. */
export interface TokenShare {
  readonly token: number;
  /** Times that it was active on it, and times that the token occurred. */
  readonly active: number;
  readonly occurred: number;
  /** Mean of f over the active ones. */
  readonly mean: number;
}

export interface LogitWeights {
  /** Highest first, and lowest first. The median over the vocabulary is 0. */
  readonly top: readonly TokenWeight[];
  readonly bottom: readonly TokenWeight[];
  readonly histogram: Histogram;
  /** "direct" when later layers lie between the hook point and the unembedding and are passed over. */
  readonly path: "exact" | "direct";
}

export interface Neighbour {
  readonly index: number;
  readonly value: number;
}

export interface ProxyResult {
  readonly name: string;
  /** Pearson correlation of f and the proxy over all tokens. */
  readonly sensitivity: number;
  /** Of the active tokens in each equal interval of (0, max] the share that the proxy accepts; null for an empty interval. */
  readonly specificity: readonly (number | null)[];
  /** Of all active tokens, and weighted by f. */
  readonly precision: number;
  readonly weightedPrecision: number;
  /** Of all tokens that the proxy accepts, the share on which the unit is active. */
  readonly recall: number;
}

export interface TokenAnalysis {
  /** The tokens that it fires on most: largest total activation first. */
  readonly tokens: readonly TokenShare[];
  /** Entropy of the distribution of active tokens, bits. Null when the unit never fired in the sample. */
  readonly entropy: number | null;
}

export interface UnitRecord {
  readonly kind: UnitKind;
  readonly index: number;
  readonly statistics: UnitStatistics;
  /** Bricken et al. 2023: the maximum falls on the same token in each of the 20 highest contexts. Null with fewer contexts. */
  readonly singleToken: boolean | null;
  readonly tokenAnalysis: TokenAnalysis | null;
  /** Tokens on which its highest contexts have their maximum, each once, the most frequent first: what it is about at its strongest. */
  readonly peaks: readonly number[];
  readonly logits: LogitWeights | null;
  /** Neurons with the largest |coefficient| in d_i, when the hook point's basis is neurons. */
  readonly alignment: readonly Neighbour[] | null;
  /** Units of the same kind: by cosine of d_i, by Pearson correlation of f; neurons by correlation with f. */
  readonly nearest: {
    readonly decoder: readonly Neighbour[];
    readonly activation: readonly Neighbour[];
    readonly neurons: readonly Neighbour[];
  };
  readonly proxies: readonly ProxyResult[];
  /** Place on the map of decoder directions. */
  readonly map: readonly [x: number, y: number] | null;
  readonly examples: readonly Example[];
}

/** What is known of a whole analysis, beside its units. */
export interface AnalysisRecord {
  readonly kind: UnitKind;
  readonly count: number;
  readonly hook: string;
  /** Tokens analysed: of each split, and those of the sample that correlations and token tables were taken on. */
  readonly tokens: { readonly train: number; readonly heldout: number; readonly sample: number };
  readonly context: number;
  readonly alive: number;
  readonly proxies: readonly string[];
  readonly seconds: number;
  readonly finished: string;
  readonly version: string;
}
