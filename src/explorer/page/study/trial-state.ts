/** What a person has to know of a trial that is not all there: what it waits for, and why. */

import type { TrialOutcomes } from "../../../study/outcomes/outcome.ts";
import type { StudyStanding } from "../../study-api.ts";

const REACHED: Readonly<Record<string, string>> = {
  train: "trained, not measured",
  measure: "measured, not explained",
};

/** Null when nothing is missing. */
export function trialState(
  { stage, leftOut, missing }: Pick<TrialOutcomes, "stage" | "leftOut" | "missing">,
  { parts }: Pick<StudyStanding, "parts">,
): string | null {
  if (leftOut !== null) return `no dictionary: ${leftOut}`;
  const next = parts.find(({ name, status }) => missing.includes(name) && status !== "done");
  if (next === undefined) return stage === null ? "not trained" : null;
  const reached = stage === null ? "not trained" : (REACHED[stage] ?? stage);
  if (next.status === "running") return `${reached}: ${next.name} is running`;
  return next.status === "failed" || next.status === "cancelled" || next.status === "interrupted"
    ? `${reached}: ${next.name} ${next.status}`
    : reached;
}
