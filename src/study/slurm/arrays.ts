/**
 * Which parts go into which job array, and what each array waits for. Slurm's own dependencies carry the order of the work, so that
 * nobody has to be there while it runs:
 *
 *     tokenise[0-7] ─afterok─► join ─afterok─► train[0-3] ─aftercorr─► measure[0-3] ─aftercorr─► explain[0-3] ─┐
 *                                                              └─afterok─► compare[0-5] ──────afterok──► report
 *
 * `aftercorr` lets one element begin when that of the same number has ended well. What is done already is waited for by nobody. Parts of a stage that wait for the same and ask for the same
 * memory are one array.
 */

import { STAGES, type Part, type Plan, type Stage } from "../plan.ts";
import { blockOf, jobName, taskOf, type Naming, type QueuedJob } from "./queue.ts";

/** An array to be submitted. */
export interface JobArray {
  readonly stage: Stage;
  readonly block: number;
  readonly name: string;
  readonly parts: readonly Part[];
  readonly memoryBytes: number | null;
  readonly waits: readonly Wait[];
}

/** `afterok:12_3:12_4`, with a number that is known or that an array of this submission will get. */
export interface Wait {
  readonly kind: "afterok" | "aftercorr";
  readonly on: { readonly job: string } | { readonly array: number };
  /** Null: all elements, or for aftercorr the one of the same number. */
  readonly tasks: readonly number[] | null;
}

export interface ToSubmit {
  readonly part: Part;
  readonly memoryBytes: number | null;
}

/** Where the parts of a stage wait for more different things, all of them wait for all of it: comparisons of many groups. */
const MOST_ARRAYS = 4;

/** Stages whose parts work on the result of the part of the same number before them. */
const FOLLOWS: Partial<Record<Stage, Stage>> = { measure: "train", explain: "measure" };

/**
 * @param wanted parts that are neither done nor in the queue
 * @param living parts in the queue
 * @param isDone whether the result of a part is there
 * @returns arrays in the order in which they can be submitted; parts that need something that nobody works on are left out
 */
export function jobArrays(
  plan: Plan,
  naming: Naming,
  wanted: readonly ToSubmit[],
  living: ReadonlyMap<string, QueuedJob>,
  isDone: (part: string) => boolean,
): JobArray[] {
  const arrays: JobArray[] = [];
  const partOf = new Map(plan.parts.map((part) => [part.name, part]));
  const placed = new Map<string, number>();
  for (const stage of STAGES) {
    const ready = wanted.flatMap(({ part, memoryBytes }) => {
      const needs = part.needs.filter((need) => !isDone(need));
      const is = part.stage === stage && needs.every((need) => placed.has(need) || living.has(need));
      return is ? [{ part, memoryBytes, needs }] : [];
    });
    const all = [...new Set(ready.flatMap(({ needs }) => needs))];
    const several = new Set(ready.map(({ needs }) => needs.join())).size > MOST_ARRAYS;
    const groups = new Map<string, { array: Omit<JobArray, "parts">; parts: Part[] }>();
    for (const { part, memoryBytes, needs } of ready) {
      const waits = waitsOf(part, several && FOLLOWS[stage] === undefined ? all : needs);
      const block = blockOf(part, naming);
      const signature = JSON.stringify([block, memoryBytes, waits]);
      const name = jobName(stage, block, naming);
      const group = groups.get(signature) ?? { array: { stage, block, name, memoryBytes, waits }, parts: [] };
      group.parts.push(part);
      groups.set(signature, group);
    }
    for (const { array, parts } of groups.values()) {
      for (const part of parts) placed.set(part.name, arrays.length);
      arrays.push({ ...array, parts: parts.toSorted((a, b) => a.index - b.index) });
    }
  }
  return arrays;

  function waitsOf(part: Part, needs: readonly string[]): Wait[] {
    const [first, ...others] = needs.map((need) => partOf.get(need)!);
    const corresponds =
      others.length === 0 && first?.stage === FOLLOWS[part.stage] && first?.index === part.index;
    const byJob = new Map<string, { on: Wait["on"]; tasks: number[] }>();
    for (const need of needs) {
      const job = living.get(need);
      const on = job === undefined ? { array: placed.get(need)! } : { job: job.arrayJob };
      const task = taskOf(partOf.get(need)!, naming);
      const same = byJob.get(JSON.stringify(on));
      if (same === undefined) byJob.set(JSON.stringify(on), { on, tasks: [task] });
      else same.tasks.push(task);
    }
    return [...byJob.values()].map(({ on, tasks }) => {
      if (corresponds) return { kind: "aftercorr", on, tasks: null };
      const whole = "array" in on && arrays[on.array]!.parts.length === tasks.length;
      return { kind: "afterok", on, tasks: whole ? null : tasks.toSorted((a, b) => a - b) };
    });
  }
}

/** The value of `--dependency`; `jobs` are the numbers that arrays of this submission were given. */
export function dependencyOf(waits: readonly Wait[], jobs: readonly string[]): string | undefined {
  if (waits.length === 0) return undefined;
  return waits
    .map(({ kind, on, tasks }) => {
      const job = "job" in on ? on.job : jobs[on.array]!;
      return `${kind}:${tasks === null ? job : tasks.map((task) => `${job}_${task}`).join(":")}`;
    })
    .join(",");
}

/** "0-3,5": the value of `--array`. */
export function taskRanges(tasks: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const task of tasks) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === task - 1) last[1] = task;
    else ranges.push([task, task]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}
