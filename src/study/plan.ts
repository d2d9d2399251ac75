/**
 * A study as data: its trials, what they share, and the parts of work it falls into. Written once, as STUDY/plan.json, before anything
 * starts; every engine, `status` and the report read it. It holds no time and no address of a process: the same study file on the same
 * machine gives the same plan.
 *
 *     text ─► tokenise (slices) ─► join ─► train a group ─► measure it ─► explain it ─┐
 *                                          └ trials on one stream         compare ◄───┴─► report
 *
 * A part makes one folder, its result, from the results of the parts that it needs. Results never change once they are there.
 */

import type { EffectsOptions } from "../experiments/effects/options.ts";
import type { AnalysisOptions } from "../features/options.ts";
import type { InterpretationOptions } from "../interpretation/options.ts";
import type { ProtocolName } from "../interpretation/protocols/task.ts";
import type { SamplingRule } from "../interpretation/study/sample-units.ts";
import type { RunRequest } from "../run/request.ts";
import type { SaeRequest } from "../sae/options.ts";

/** In the order of the work. */
export const STAGES = ["tokenise", "join", "train", "measure", "explain", "compare", "report"] as const;
export type Stage = (typeof STAGES)[number];

export type FactorValue = string | number | boolean | null;

/** One dictionary of the study. */
export interface Trial {
  /** Also the dictionary's name in its run directory: what it differs in, such as "x8-lambda2-seed1". */
  readonly name: string;
  /** The options that differ between trials, seed included, with this trial's values. */
  readonly factors: Readonly<Record<string, FactorValue>>;
  readonly dictionary: SaeRequest;
  /** Every option of `run`, flat, as a config file would give it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly group: string;
}

/** What a run is asked for, less what belongs to a place and a moment. */
export type StreamRequest = Omit<
  RunRequest,
  | "dictionaries"
  | "names"
  | "tokensFrom"
  | "out"
  | "resume"
  | "threads"
  | "config"
  | "command"
  | "checkpointMinutes"
>;

/** Trials that are trained together on one harvest. */
export interface Group {
  readonly name: string;
  readonly trials: readonly string[];
  readonly stream: StreamRequest;
  /** The text it is trained on. */
  readonly text: string;
}

/** One tokenised text, for every group with the same data, tokenizer and context. */
export interface Text {
  readonly name: string;
  /** A request to tokenise for: of the group that needs the most. */
  readonly stream: StreamRequest;
  readonly trainTokens: number;
  readonly heldoutTokens: number;
  /** Parts of the text that are tokenised on their own and joined afterwards; 1: in one go. */
  readonly slices: number;
}

/** Dictionaries that differ in their seed alone: how much of what they find is the same. */
export interface Comparison {
  readonly name: string;
  readonly a: string;
  readonly b: string;
}

/** What is done with trained dictionaries; null: not done. */
export interface Measures {
  readonly features: AnalysisOptions | null;
  readonly explain: {
    readonly protocols: readonly ProtocolName[];
    readonly features: number | null;
    readonly sampling: SamplingRule;
    readonly seed: number;
    readonly options: InterpretationOptions;
  } | null;
  readonly compare: { readonly tokens: number; readonly minActive: number } | null;
  /** What features do to the model: src/experiments/effects/. */
  readonly effects: EffectsOptions | null;
}

export interface Forecast {
  readonly seconds: number;
  readonly memoryBytes: number;
  /** Of its result, and of its largest checkpoint while it works. */
  readonly diskBytes: number;
}

export interface Part {
  /** "train-g2": also its folder, STUDY/parts/NAME. */
  readonly name: string;
  readonly stage: Stage;
  /** Its number in a job array. Parts of different stages that work on the same group have the same number. */
  readonly index: number;
  /** Names of the parts whose results it reads. */
  readonly needs: readonly string[];
  /** The text, group or comparison it works on; "" for the report. */
  readonly subject: string;
  /** tokenise: which slice. */
  readonly slice?: number;
  readonly forecast: Forecast;
}

export interface Plan {
  readonly format: 1;
  readonly version: string;
  readonly title: string;
  /** What the study is to find out, in the author's words. */
  readonly question: string | null;
  /** CPU threads of every part: other numbers add up in another order and give other last bits. */
  readonly threads: number;
  readonly checkpointMinutes: number;
  /** Bytes that one part may take: groups are cut to fit. */
  readonly memoryBytes: number;
  /** Names of the factors, in the order of the study file, and their values in ascending order. */
  readonly factors: Readonly<Record<string, readonly FactorValue[]>>;
  readonly trials: readonly Trial[];
  readonly texts: readonly Text[];
  readonly groups: readonly Group[];
  readonly comparisons: readonly Comparison[];
  readonly measures: Measures;
  readonly parts: readonly Part[];
}
