/**
 * Explanations of several sets of units made and scored alike: a dictionary's features and the controls that they are compared with.
 *
 *     evidence ─► explainers ─► explanations ─┬─► answers to the unit's own tasks        "own"
 *                                             └─► answers to another unit's tasks        "other"
 *
 * Where there are several explainers, one is chosen for each unit by its score on documents of the side "choose": the best on the
 * documents that are reported on would be too good by as much as it was picked for. Units of all sets take turns, so that work which
 * ends early, its budget spent, leaves about as many of each.
 */

import { Random } from "../../random.ts";
import { BudgetSpent } from "../endpoint/endpoint.ts";
import type { UnitEvidence } from "../evidence/passage.ts";
import { chooseExplanation } from "../explainers/choose.ts";
import type { Explanation } from "../explainers/explainer.ts";
import { PROTOCOLS } from "../protocols/protocols.ts";
import type { ProtocolName, Task, TaskType } from "../protocols/task.ts";
import type { ScoredTask, ScoreKind } from "../scores/score.ts";
import { scoreTask } from "../scores/score-task.ts";
import type { SubjectName } from "../result.ts";
import { answerTask } from "./answer-task.ts";

export interface StudyUnit {
  readonly unit: number;
  readonly evidence: UnitEvidence;
}

export interface StudySubject {
  readonly subject: SubjectName;
  readonly units: readonly StudyUnit[];
}

/** Explainers by name, what each was made for, and what they say of units. */
export interface Interpreter {
  readonly explainers: readonly { readonly name: string; readonly protocols: readonly ProtocolName[] }[];
  /** Called once a subject: what explains its units, by place in `units`. */
  explain(subject: StudySubject, hooks: StudyHooks): Promise<ExplainUnit>;
  /** Tasks that it answers without the explanation: another unit's would give the same answers. */
  readonly withoutExplanation: readonly TaskType[];
  /** Units whose tasks are answered at once. */
  readonly concurrency: number;
}

/** An explanation by each explainer, in their order; null where there is nothing to say. */
export type ExplainUnit = (place: number) => Promise<readonly (Explanation | null)[]>;

export interface StudyHooks {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface StudiedExplanation {
  readonly explainer: string;
  readonly explanation: Explanation;
  readonly chosen: boolean;
  readonly tasks: readonly ScoredTask[];
  /** Its scores when it answers for another unit of the subject, and which one that is; null where there is no other. */
  readonly elsewhere: { readonly unit: number; readonly tasks: readonly ScoredTask[] } | null;
}

export interface StudiedUnit {
  readonly subject: SubjectName;
  readonly unit: number;
  readonly explanations: readonly StudiedExplanation[];
  /** What knowing the places alone would have scored. */
  readonly place: readonly ScoredTask[];
}

export interface StudyRequest {
  readonly subjects: readonly StudySubject[];
  readonly interpreter: Interpreter;
  /** The score that stands for an explanation. */
  readonly primary: ScoreKind;
  /** Whether one of several explainers is chosen for each unit by this score on the side "choose"; else the first that has it. */
  readonly choose: boolean;
  readonly seed: number;
  /** Called as soon as a unit is done, in no particular order where several are under way. */
  readonly onUnit: (unit: StudiedUnit) => void | Promise<void>;
  readonly hooks?: StudyHooks;
}

/** The task from which each score comes. */
const TASK_OF: Readonly<Record<ScoreKind, { readonly protocol: ProtocolName; readonly type: TaskType }>> = {
  "bricken-2023": { protocol: "bricken-2023", type: "simulation" },
  "bricken-2023-weighted": { protocol: "bricken-2023", type: "simulation" },
  logits: { protocol: "bricken-2023", type: "logits" },
  "bills-2023": { protocol: "bills-2023", type: "simulation" },
  detection: { protocol: "detection", type: "detection" },
  fuzzing: { protocol: "fuzzing", type: "fuzzing" },
  intruder: { protocol: "intruder", type: "intruder" },
};

/** @returns why it ended early, null when everything was done */
export async function study(request: StudyRequest): Promise<string | null> {
  const { subjects, interpreter, hooks = {} } = request;
  try {
    const jobs: Job[][] = [];
    for (const subject of subjects) {
      jobs.push(jobsOf(subject, await interpreter.explain(subject, hooks), request.seed));
    }
    await inTurn(
      takingTurns(jobs),
      interpreter.concurrency,
      async (job) => request.onUnit(await scored(job, request)),
      hooks,
    );
    return null;
  } catch (error) {
    if (error instanceof BudgetSpent) return error.message;
    throw error;
  }
}

interface Job {
  readonly subject: StudySubject;
  readonly unit: StudyUnit;
  readonly explain: () => Promise<readonly (Explanation | null)[]>;
  /** The unit on whose tasks this one's explanations are the control. */
  readonly other: StudyUnit | null;
}

function jobsOf(subject: StudySubject, explain: ExplainUnit, seed: number): Job[] {
  const others = otherUnits(subject.units.length, seed, subject.subject);
  return subject.units.map((unit, place) => ({
    subject,
    unit,
    explain: () => explain(place),
    other: others === null ? null : subject.units[others[place]!]!,
  }));
}

/** For each of `count` units another one, each once: the next in a random circle. Null for fewer than two. */
export function otherUnits(count: number, seed: number, purpose: string): Int32Array | null {
  if (count < 2) return null;
  const random = Random.of(seed, `other units' explanations: ${purpose}`);
  const circle = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [circle[i], circle[j]] = [circle[j]!, circle[i]!];
  }
  const other = new Int32Array(count);
  for (let i = 0; i < count; i++) other[circle[i]!] = circle[(i + 1) % count]!;
  return other;
}

/** One of each list after the other, spread so that all lists end together. */
function takingTurns(lists: readonly (readonly Job[])[]): Job[] {
  return lists
    .flatMap((jobs, list) => jobs.map((job, i) => ({ job, list, at: (i + 0.5) / jobs.length })))
    .sort((a, b) => a.at - b.at || a.list - b.list)
    .map(({ job }) => job);
}

/** Works on all jobs in order, so many at a time; after a failure no further one is begun. */
async function inTurn<T>(
  jobs: readonly T[],
  concurrency: number,
  work: (job: T) => Promise<void>,
  { onProgress, signal }: StudyHooks,
): Promise<void> {
  let next = 0;
  let done = 0;
  let failed: { readonly error: unknown } | undefined;
  const worker = async () => {
    while (next < jobs.length && failed === undefined) {
      const job = jobs[next++]!;
      try {
        signal?.throwIfAborted();
        await work(job);
        onProgress?.(++done, jobs.length);
      } catch (error) {
        failed ??= { error };
      }
      // Rules answer at once: timers, progress and Ctrl-C have their turn here.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, jobs.length) }, worker));
  if (failed !== undefined) throw failed.error;
}

async function scored({ subject, unit, explain, other }: Job, request: StudyRequest): Promise<StudiedUnit> {
  const { interpreter, seed } = request;
  const explanations = await explain();
  const present = interpreter.explainers.flatMap(({ name, protocols }, i) =>
    explanations[i] ? [{ name, protocols, explanation: explanations[i] }] : [],
  );
  const tasksOf = taskCache(unit, seed);
  const otherTasksOf = other && taskCache(other, seed);
  const chosen = await choice(unit, present, request);
  const studied: StudiedExplanation[] = [];
  for (const { name, protocols, explanation } of present) {
    studied.push({
      explainer: name,
      explanation,
      chosen: name === chosen,
      tasks: await answered(unit, tasksOf(protocols), explanation, seed),
      elsewhere: other &&
        otherTasksOf && {
          unit: other.unit,
          tasks: await answered(
            other,
            otherTasksOf(protocols).filter(({ type }) => !interpreter.withoutExplanation.includes(type)),
            explanation,
            seed,
          ),
        },
    });
  }
  return {
    subject: subject.subject,
    unit: unit.unit,
    explanations: studied,
    place: isAsked(present) ? byPlace(unit, tasksOf, seed) : [],
  };
}

function isAsked(present: readonly Present[]): boolean {
  return present.some(({ protocols }) => protocols.includes("bricken-2023"));
}

/**
 * Excerpts of bricken-2023 have the token that they were chosen for in the middle, and most were chosen because the unit is active there.
 * So the highest value in the middle and 0 elsewhere is a prediction that knows nothing of the unit and scores far above 0.
 */
function byPlace(
  { unit, evidence }: StudyUnit,
  tasksOf: ReturnType<typeof taskCache>,
  seed: number,
): ScoredTask[] {
  return tasksOf(["bricken-2023"]).flatMap((task) => {
    if (task.type !== "simulation") return [];
    const middle = task.excerpts.map(({ length }) =>
      Array.from({ length }, (_, place) => (place === length >> 1 ? task.scale : 0)),
    );
    return [scoreTask(task, middle, evidence, { seed, unit })];
  });
}

/** The tasks of each protocol, drawn once for all explainers. */
function taskCache({ unit, evidence }: StudyUnit, seed: number) {
  const drawn = new Map<ProtocolName, readonly Task[]>();
  return (protocols: readonly ProtocolName[]): Task[] =>
    protocols.flatMap((name) => {
      const known = drawn.get(name) ?? PROTOCOLS[name].tasks(evidence, "score", { seed, unit });
      drawn.set(name, known);
      return known;
    });
}

async function answered(
  { unit, evidence }: StudyUnit,
  tasks: readonly Task[],
  explanation: Explanation,
  seed: number,
): Promise<ScoredTask[]> {
  return Promise.all(
    tasks.map(async (task) =>
      scoreTask(task, await answerTask(task, explanation.answerer, evidence.passage), evidence, {
        seed,
        unit,
      }),
    ),
  );
}

type Present = {
  readonly name: string;
  readonly protocols: readonly ProtocolName[];
  readonly explanation: Explanation;
};

/** Name of the explainer that is chosen for a unit; null for a unit without explanation. */
async function choice(
  { unit, evidence }: StudyUnit,
  present: readonly Present[],
  { primary, choose, seed }: StudyRequest,
): Promise<string | null> {
  const { protocol, type } = TASK_OF[primary];
  const able = present.filter(({ protocols }) => protocols.includes(protocol));
  if (!choose || able.length < 2) return (able[0] ?? present[0])?.name ?? null;
  const tasks = PROTOCOLS[protocol]
    .tasks(evidence, "choose", { seed, unit })
    .filter((task) => task.type === type);
  const scores: { explainer: string; score: number | null }[] = [];
  for (const { name, explanation } of able) {
    const [scored] = await answered({ unit, evidence }, tasks, explanation, seed);
    const score = scored?.scores.find(({ kind }) => kind === primary);
    scores.push({ explainer: name, score: score?.value ?? null });
  }
  return chooseExplanation(scores);
}
