/** What every protocol offers: examples for whoever explains a unit, and tasks for whoever knows the explanation. */

import type { Excerpt, Side, UnitEvidence } from "../evidence/passage.ts";
import type { ProtocolName, Task } from "./task.ts";

/** A draw depends on these two, the protocol and the side, and on nothing else. */
export interface Draw {
  readonly seed: number;
  readonly unit: number;
}

/** What an explainer is shown, all of it from documents of the side "explain". */
export interface Explaining {
  readonly excerpts: readonly Excerpt[];
  /** f at each token of each excerpt, as integers from 0 to `scale`. */
  readonly quantised: readonly (readonly number[])[];
  readonly scale: 9 | 10;
  /** Tokens with the highest and with the lowest logit weights, where the protocol shows them and there are any. */
  readonly logits: { readonly top: readonly number[]; readonly bottom: readonly number[] } | null;
}

/** Sides on which questions are asked. */
export type AskingSide = Exclude<Side, "explain">;

export interface Protocol {
  readonly name: ProtocolName;
  /** No excerpts when the unit is never active on the side "explain". */
  explaining(evidence: UnitEvidence, draw: Draw): Explaining;
  /** None when the unit is too rare on the side "score", or never active on the side "choose". */
  tasks(evidence: UnitEvidence, side: AskingSide, draw: Draw): Task[];
}
