/**
 * What the explorer's server and page say to each other about studies. All of it is read with GET:
 *
 *     /api/studies                                  StudySummary[]
 *     /api/studies/:study/standing                  StudyStanding: how far it is, asked again and again while it runs
 *     /api/studies/:study/outcomes                  StudyResults: trials and their outcomes, as trials.json has them
 *     /api/studies/:study/effects?outcome=NAME      OutcomeEffectsAnswer
 *     /api/studies/:study/variation                 VariationAnswer
 *     /api/runs/:run                                RunSummary, of a group too: its newest result, opened when it is asked for
 */

import type { FactorValue, Stage } from "../study/plan.ts";
import type { StudyOutcomes } from "../study/outcomes/outcome.ts";
import type { PartStatus } from "../study/state.ts";

export interface StudySummary {
  /** Its place in addresses: the folder's name, made unique. */
  readonly id: string;
  readonly title: string;
  /** Why its plan cannot be read. */
  readonly error: string | null;
  /** Its groups of trials, each with the id of the run that its newest result is. */
  readonly groups: readonly { readonly name: string; readonly run: string }[];
}

export interface StandingPart {
  readonly name: string;
  readonly stage: Stage;
  readonly status: PartStatus;
  readonly sentence: string | null;
  readonly attempts: number;
  /** Of a part that is running. */
  readonly progress: {
    readonly words: string;
    /** 0 to 1; null where nobody knows how much there is. */
    readonly share: number | null;
    readonly host: string;
  } | null;
}

export interface StudyStanding {
  readonly parts: readonly StandingPart[];
  readonly done: number;
  readonly failed: number;
  readonly cancelled: boolean;
  readonly complete: boolean;
  /** Another text when results have come, and the outcomes are worth asking for again. */
  readonly results: string;
}

export interface StudyResults {
  readonly outcomes: StudyOutcomes;
  /** As in the standing that they belong to. */
  readonly results: string;
}

/** With the ends of its 95 % interval, on the scale that outcomes are compared on: of their logarithm where `log` says so. */
export interface ShownEffect {
  readonly factor: string;
  /** "expansion, per doubling" */
  readonly words: string;
  /** "+4.02 pts"; null where the trials cannot tell. */
  readonly effect: string | null;
  /** "[+3.8, +4.2]" */
  readonly interval: string;
  /** Whether the interval leaves out no effect at all. */
  readonly sure: boolean;
}

export interface ShownLevel {
  readonly level: FactorValue;
  readonly trials: number;
  /** Averaged over the levels of all other factors, in the outcome's own units; null where the trials cannot tell. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface ShownFactor {
  readonly name: string;
  /** ω², and p of no effect. */
  readonly share: number | null;
  readonly p: number | null;
  readonly levels: readonly ShownLevel[];
  /** Which level each trial with a value counts for. */
  readonly trials: readonly { readonly name: string; readonly level: FactorValue; readonly value: number }[];
}

/** What factors do to one outcome. */
export interface OutcomeEffectsAnswer {
  readonly outcome: string;
  /** Trials on models as they are, then controls on shuffled weights, as far as there are any. */
  readonly populations: readonly {
    readonly shuffled: boolean;
    readonly trials: number;
    readonly seeds: number;
    readonly log: boolean;
    /** Empty with fewer trials than it takes. */
    readonly effects: readonly ShownEffect[];
    readonly factors: readonly ShownFactor[];
    /** What the trials cannot tell apart. */
    readonly aliased: readonly string[];
  }[];
}

/** Standard deviations as they are written, with their intervals. */
export interface ShownVariation {
  readonly outcome: string;
  readonly configurations: string;
  readonly seeds: string;
  readonly measurement: string;
  readonly measuredOver: string;
}

/** Where primary outcomes vary from: settings, seeds, and what they were measured on. */
export interface VariationAnswer {
  readonly populations: readonly { readonly shuffled: boolean; readonly rows: readonly ShownVariation[] }[];
}
