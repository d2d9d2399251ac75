/** What the commands that leave a run directory have in common: where it goes, and how their progress is shown. */

import type { RunHooks } from "../run/request.ts";
import type { CommandContext } from "./command.ts";
import type { Phase } from "./progress.ts";

/** `runs/NAME-20260131-142501`, NAME after the config file: a folder that no earlier run has. */
export function freshRunFolder({ configName }: Pick<CommandContext, "configName">, now = new Date()): string {
  return freshFolder("runs", configName ?? "run", now);
}

/** The same below another folder. */
export function freshFolder(below: string, name: string, now = new Date()): string {
  const [date, time] = now.toISOString().slice(0, 19).split("T");
  return `${below}/${name}-${date!.replaceAll("-", "")}-${time!.replaceAll(":", "")}`;
}

/** Shows each phase of a run as one phase of the progress; the last one ends with `endPhase`. */
export function runHooks({ progress, signal }: CommandContext): RunHooks & { endPhase(): void } {
  let phase: Phase | undefined;
  return {
    signal,
    onPhase(name, total, unit) {
      phase = progress.phase(name, total, unit);
    },
    onProgress: (done, note) => phase?.update(done, note),
    onNote: (line) => progress.say(line),
    endPhase: () => phase?.end(),
  };
}
