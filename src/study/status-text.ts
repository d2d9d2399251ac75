/** How a study stands, in lines: for `status`, and on the terminal while it is going on. */

import { onOneLine } from "../report/format.ts";
import type { AttemptProgress, PartState, StudyState } from "./state.ts";
import { type Plan, type Stage, STAGES } from "./plan.ts";

/** Parts of a status that are shown one by one. */
const SHOWN = 12;

export interface StatusTextOptions {
  /** Of one line; longer ones are cut. */
  readonly columns?: number;
  readonly now?: number;
}

export function statusLines(
  plan: Plan,
  state: StudyState,
  { columns = Infinity, now = Date.now() }: StatusTextOptions = {},
): string[] {
  const lines = [headline(plan, state), ...STAGES.flatMap((stage) => stageLine(stage, state))];
  const running = state.parts.filter(({ status }) => status === "running");
  lines.push(...listed(running, (part) => runningLine(part, now)));
  for (const status of ["interrupted", "queued", "failed"] as const) {
    const those = state.parts.filter(
      (part) => part.status === status && (status !== "queued" || part.sentence),
    );
    lines.push(
      ...listed(those, ({ part, sentence }) => `  ${part.name}: ${status}${sentence ? `, ${sentence}` : ""}`),
    );
  }
  const partial = state.parts.filter(({ status, sentence }) => status === "done" && sentence !== null);
  lines.push(...listed(partial, ({ part, sentence }) => `  ${part.name}: ${sentence}`));
  return lines
    .map(onOneLine)
    .map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
}

function headline({ title }: Plan, { parts, done, failed, cancelled, complete }: StudyState): string {
  const running = parts.filter(({ status }) => status === "running").length;
  const words = [
    complete ? "complete" : `${done} of ${parts.length} parts done`,
    ...(running > 0 ? [`${running} running`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cancelled ? ["cancelled"] : []),
  ];
  return `${title}: ${words.join(", ")}`;
}

/** "  train      3 of 4 done, 1 running" */
function stageLine(stage: Stage, { parts }: StudyState): string[] {
  const those = parts.filter(({ part }) => part.stage === stage);
  if (those.length === 0) return [];
  const statuses = [...new Set(those.map(({ status }) => status))].filter((status) => status !== "done");
  const count = (status: PartState["status"]) => those.filter((part) => part.status === status).length;
  const rest = statuses.map((status) => `${count(status)} ${status}`);
  return [`  ${stage.padEnd(9)} ${[`${count("done")} of ${those.length} done`, ...rest].join(", ")}`];
}

function runningLine({ part, attempts, sentence }: PartState, now: number): string {
  const attempt = attempts.findLast(({ outcome }) => outcome === null);
  const host = attempt === undefined ? "" : ` on ${attempt.record.host}`;
  const progress = attempt?.progress ? progressWords(attempt.progress, now) : "starting";
  return `  ${part.name}${host}: ${progress}${sentence ? `; ${sentence}` : ""}`;
}

/** "training, 43 %" */
export function progressWords({ phase, done, total, unit, at }: AttemptProgress, now: number): string {
  const share = total ? `${Math.floor((100 * Math.min(done, total)) / total)} %` : "";
  const amount = done > 0 && total === null ? `${done} ${unit ?? ""}`.trim() : "";
  const silent = (now - Date.parse(at)) / 1000;
  const silence = silent > 60 ? `no word for ${Math.round(silent)} s` : "";
  return [phase, share, amount, silence].filter((word) => word !== "").join(", ");
}

function listed(parts: readonly PartState[], line: (part: PartState) => string): string[] {
  const more = parts.length - SHOWN;
  return [...parts.slice(0, SHOWN).map(line), ...(more > 0 ? [`  … and ${more} more`] : [])];
}
