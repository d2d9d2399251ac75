/** Going on with a study by the engine that it was started with, until it is complete or stopped: what `sweep`, `resume` and `retry` end in. */

import { rmSync } from "node:fs";
import { Failure } from "../errors.ts";
import { shellWord } from "../files/shell-word.ts";
import { readEngine } from "../study/engine-file.ts";
import type { SlurmOutcome } from "../study/slurm/engine.ts";
import type { StudyState } from "../study/state.ts";
import { statusLines } from "../study/status-text.ts";
import { StudyFolder } from "../study/study-folder.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { studyProgress } from "./study-progress.ts";

/**
 * @param quiet nothing is shown on the way
 * @throws Failure when something is left that cannot be done, or it was stopped
 */
export async function goOn(path: string, { signal, progress }: CommandContext): Promise<CommandResult> {
  const folder = StudyFolder.open(path);
  const { engine, jobs, retry } = readEngine(folder);
  if (engine === "slurm") {
    rmSync(folder.cancelled, { force: true });
    const { resumeSlurm } = await import("../study/slurm/engine.ts");
    return submittedResult(path, await resumeSlurm(folder, { signal, onNote: (line) => progress.say(line) }));
  }
  const { runLocally } = await import("../study/local/engine.ts");
  const shown = studyProgress(folder.plan, progress, process.stderr);
  let state: StudyState;
  try {
    state = await runLocally(path, { jobs, policy: retry }, { signal, ...shown });
  } finally {
    shown.end();
  }
  if (!state.complete) throw notComplete(path, state, signal);
  return { text: [statusLines(folder.plan, state)[0]!, path].join("\n"), json: { study: path, state } };
}

/** Looks after a study on Slurm: submits again what ended early. */
export async function tendStudy(path: string, { signal, progress }: CommandContext): Promise<CommandResult> {
  const { resumeSlurm } = await import("../study/slurm/engine.ts");
  const hooks = { signal, onNote: (line: string) => progress.say(line) };
  return submittedResult(path, await resumeSlurm(StudyFolder.open(path), hooks, { tend: true }));
}

export function submittedResult(
  path: string,
  { state, submitted, queued, sentence }: SlurmOutcome,
): CommandResult {
  const next = state.complete
    ? []
    : [`"monosemantic status ${shellWord(path)}" says how it stands; nothing has to stay open here`];
  return { text: [sentence, ...next].join("\n"), json: { study: path, submitted, queued, state } };
}

function notComplete(path: string, { parts, cancelled, done }: StudyState, signal: AbortSignal): Failure {
  const far = `${done} of ${parts.length} parts of the study in ${path} are done`;
  if (cancelled) return new Failure(`cancelled: ${far}; "monosemantic resume ${shellWord(path)}" goes on`);
  if (signal.aborted) return new Failure(`stopped: ${far}; "monosemantic resume ${shellWord(path)}" goes on`);
  const failed = parts.filter(({ status }) => status === "failed");
  if (failed.length === 0)
    return new Failure(
      `${far}, and the others cannot be started: "monosemantic status ${shellWord(path)}" says more`,
    );
  const [{ part, sentence }] = failed as [(typeof failed)[number]];
  const others = failed.length === 1 ? "" : `, and ${failed.length - 1} more failed`;
  return new Failure(
    `${far}; ${part.name} ${sentence}${others}: when the cause is removed, "monosemantic retry ${shellWord(path)}" tries again`,
  );
}
