/** Experiments with one unit in place: text generated with it changed beside text without. */

import type { RunSummary, SaeSummary } from "../../api.ts";
import type { UnitKind } from "../../../features/units.ts";

export interface SteerProps {
  readonly run: RunSummary;
  readonly sae: SaeSummary;
  readonly kind: UnitKind;
  readonly index: number;
  /** Its largest activation: where a clamp starts. */
  readonly max: number;
}

export function Steer({ run: { live } }: SteerProps) {
  return <p class="quiet">{live.reason}</p>;
}
