/**
 * What whoever knows an explanation is asked, and what may come back. A language model with the explanation in words and a rule
 * that needs no model answer the same questions, and the same code scores them.
 */

import type { Excerpt, Sequence } from "../evidence/passage.ts";

export const PROTOCOL_NAMES = ["bricken-2023", "bills-2023", "detection", "fuzzing", "intruder"] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

/** Say the activation of each token of each excerpt, in [0, scale]. */
export interface SimulationTask {
  readonly type: "simulation";
  readonly scale: 9 | 10;
  readonly excerpts: readonly Excerpt[];
  /** Of each excerpt in the importance-weighted score; null where the protocol has none. */
  readonly weights: readonly number[] | null;
}

/** Say of each excerpt whether the unit is active in it (detection), or whether the marked tokens are those on which it is (fuzzing). */
export interface ClassificationTask {
  readonly type: "detection" | "fuzzing";
  readonly items: readonly ClassificationItem[];
}

export interface ClassificationItem {
  readonly excerpt: Excerpt;
  /** Places of marked tokens in the excerpt; empty for detection. */
  readonly marked: readonly number[];
  readonly label: boolean;
}

/** Say which of the excerpts the unit is not active in. */
export interface IntruderTask {
  readonly type: "intruder";
  readonly trials: readonly IntruderTrial[];
}

export interface IntruderTrial {
  readonly excerpts: readonly Excerpt[];
  /** Places of marked tokens in each excerpt: the active ones, and random ones in the intruder. */
  readonly marked: readonly (readonly number[])[];
  /** Which of the excerpts it is. */
  readonly intruder: number;
}

/** Say of each token whether the unit makes it more likely as the next one. */
export interface LogitTask {
  readonly type: "logits";
  readonly tokens: readonly number[];
  readonly labels: readonly boolean[];
}

export type Task = SimulationTask | ClassificationTask | IntruderTask | LogitTask;
export type TaskType = Task["type"];

/** A yes or no, with the probability of yes where it is known (a rule's own measure in [0, 1] is as good for ranking). */
export interface Verdict {
  readonly yes: boolean;
  readonly probability: number | null;
}

/** A sequence with marks. */
export interface MarkedSequence extends Sequence {
  readonly marked: readonly number[];
}

/**
 * Answers on behalf of one explanation, from it and the text alone. Null: no usable answer (after one repair). An answer is never made
 * up for one that failed.
 * @throws BudgetSpent, and the signal's reason
 */
export interface Answerer {
  /** A value for each token of each sequence, on the task's scale; not necessarily an integer. */
  simulate(sequences: readonly Sequence[], scale: 9 | 10): Promise<readonly (readonly number[] | null)[]>;
  detect(sequences: readonly Sequence[]): Promise<readonly (Verdict | null)[]>;
  fuzz(sequences: readonly MarkedSequence[]): Promise<readonly (Verdict | null)[]>;
  /** The place of the intruder in each trial. */
  intrude(trials: readonly (readonly MarkedSequence[])[]): Promise<readonly (number | null)[]>;
  plausible(
    tokens: readonly { readonly id: number; readonly text: string }[],
  ): Promise<readonly (Verdict | null)[]>;
}
