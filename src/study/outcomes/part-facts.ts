/**
 * How a part of a study stands, and what it took, from what its attempts left behind. Read leniently: an attempt that was killed while
 * it wrote says less, and nothing here may stop a report.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "../plan.ts";
import type { StudyFolder } from "../study-folder.ts";
import { numberOf } from "./found.ts";
import type { PartCondition, PartFacts } from "./outcome.ts";

interface Attempt {
  readonly number: number;
  readonly continues: number | null;
  readonly started: number | null;
  readonly ended: number | null;
  readonly ending: string | null;
  readonly sentence: string | null;
  readonly memoryBytes: number | null;
}

export function partFacts(folder: StudyFolder, part: Part): PartFacts {
  const attempts = attemptsOf(folder.attemptsFolder(part.name));
  const done = folder.isDone(part.name);
  const last = attempts.at(-1);
  const made = done
    ? chainOf(
        attempts,
        attempts.findLast(({ ending }) => ending === "done"),
      )
    : [];
  const seconds = made.flatMap(({ started, ended }) =>
    started === null || ended === null ? [] : Math.max(0, ended - started) / 1000,
  );
  const memory = made.flatMap(({ memoryBytes }) => memoryBytes ?? []);
  if (done && part.stage === "train") {
    const run = objectOf(join(folder.result(part.name), "run.json"));
    memory.push(...[numberOf(run["peak_memory_bytes"])].filter((bytes) => bytes !== null));
  }
  return {
    part: part.name,
    stage: part.stage,
    subject: part.subject,
    condition: done ? "done" : conditionOf(last, folder),
    sentence: done ? null : (last?.sentence ?? null),
    attempts: attempts.length,
    forecast: part.forecast,
    seconds: seconds.length === 0 ? null : seconds.reduce((sum, value) => sum + value, 0),
    memoryBytes: memory.length === 0 ? null : Math.max(...memory),
  };
}

function conditionOf(last: Attempt | undefined, folder: StudyFolder): PartCondition {
  if (last !== undefined && last.ending === null) return "running";
  if (last?.ending === "cancelled" || existsSync(folder.cancelled)) return "cancelled";
  if (last === undefined) return "waiting";
  const goesOn = ["interrupted", "superseded", "time-limit", "preempted", "node-failure", "done"];
  return goesOn.includes(last.ending!) ? "interrupted" : "failed";
}

/** The attempts whose work went into the result: the one that ended well, and those it went on from. */
function chainOf(attempts: readonly Attempt[], last: Attempt | undefined): Attempt[] {
  const chain: Attempt[] = [];
  for (let one = last; one !== undefined && !chain.includes(one);) {
    chain.push(one);
    const { continues } = one;
    one = continues === null ? undefined : attempts.find(({ number }) => number === continues);
  }
  return chain;
}

function attemptsOf(folder: string): Attempt[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
  return names
    .sort((a, b) => Number(a) - Number(b))
    .map((name) => {
      const [record, progress, outcome] = ["attempt.json", "progress.json", "outcome.json"].map((file) =>
        objectOf(join(folder, name, file)),
      );
      return {
        number: Number(name),
        continues: numberOf(record!["continues"]),
        started: timeOf(record!["started"]),
        ended: timeOf(outcome!["at"]) ?? timeOf(progress!["at"]),
        ending: textOf(outcome!["ending"]),
        sentence: textOf(outcome!["sentence"]),
        memoryBytes: numberOf(progress!["memoryBytes"]),
      };
    });
}

/** Empty when there is no such file, or it is not whole yet. */
function objectOf(path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function timeOf(value: unknown): number | null {
  const time = typeof value === "string" ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? null : time;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
