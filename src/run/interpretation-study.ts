/** One dictionary's interpretation after its text is read: who explains, what is stored of each unit, and what it adds up to. */

import { type Excerpt, type Passage, SIDES } from "../interpretation/evidence/passage.ts";
import { isTooRare } from "../interpretation/protocols/too-rare.ts";
import type { ProtocolName } from "../interpretation/protocols/task.ts";
import type { Interpretation, SubjectName } from "../interpretation/result.ts";
import type { RawAnswers, ScoredTask, ScoreKind } from "../interpretation/scores/score.ts";
import { CHOSEN } from "../interpretation/study/columns.ts";
import { conclude } from "../interpretation/study/conclusion.ts";
import { subjectScores } from "../interpretation/study/result-of.ts";
import { type StudiedUnit, study, type StudyUnit } from "../interpretation/study/study.ts";
import { summarise } from "../interpretation/study/summary.ts";
import type { ScoredExplanation } from "../store/store.ts";
import { versions } from "../version.ts";
import { type InterpreterWork, type OpenInterpreter, openInterpreter } from "./interpretation-interpreter.ts";
import type { RunHooks } from "./request.ts";

/** A set of units after its text was read. */
export interface ReadSubject {
  readonly subject: SubjectName;
  /** Units of the set, and those alive on the text. */
  readonly count: number;
  readonly alive: number;
  /** Those that were chosen, rare ones included. */
  readonly chosen: readonly StudyUnit[];
}

/** Takes what is said of each unit as soon as it is said. */
export interface ExplanationSink {
  put(subject: SubjectName, unit: number, explanations: readonly ScoredExplanation[]): void;
  /** @param complete whether all units are done: else what was said of the others before stays */
  finish(complete: boolean): void;
}

export interface StudyWork extends InterpreterWork {
  readonly subjects: readonly ReadSubject[];
  readonly text: Interpretation["text"];
  readonly sinkOf: (name: string) => ExplanationSink;
}

export type Found = Omit<Interpretation, "sae" | "weights" | "hook" | "seconds">;

/** The score that stands for the whole, by the first protocol. */
const PRIMARY = {
  "bricken-2023": "bricken-2023",
  "bills-2023": "bills-2023",
  detection: "detection",
  fuzzing: "fuzzing",
  intruder: "intruder",
} as const satisfies Readonly<Record<ProtocolName, ScoreKind>>;

/** @returns null when only the cost was asked for */
export async function interpretSubjects(work: StudyWork, hooks: RunHooks): Promise<Found | null> {
  const { request, label } = work;
  const started = new Date().toISOString();
  const subjects = work.subjects.map((subject) => {
    const isRare = subject.chosen.map(({ evidence }) => isTooRare(evidence, "score"));
    return {
      ...subject,
      units: subject.chosen.filter((_, i) => !isRare[i]),
      rare: subject.chosen.filter((_, i) => isRare[i]),
    };
  });
  const features = subjects.find(({ subject }) => subject === "features");
  const primary = PRIMARY[request.protocols[0]!];
  const opened = openInterpreter(work, subjects, hooks);
  if (opened === null) return null;
  const { interpreter, name, endpoint, answeredBy, notes } = opened;
  const explainers = interpreter.explainers.map((one) => one.name);
  const done = new Map<SubjectName, StudiedUnit[]>(subjects.map(({ subject }) => [subject, []]));
  const passageOf = new Map(
    subjects.map(({ subject, units }) => [
      subject,
      new Map(units.map(({ unit, evidence }) => [unit, evidence.passage])),
    ]),
  );
  const sink = work.sinkOf(name);
  let [asked, failed] = [0, 0];
  const units = subjects.reduce((sum, subject) => sum + subject.units.length, 0);
  hooks.onPhase?.(`${label}: explaining and scoring`, units, "units");
  const stopped = await study({
    subjects,
    interpreter,
    primary,
    choose: endpoint === null,
    seed: request.seed,
    onUnit(unit) {
      const explanations = storedExplanations(
        unit,
        passageOf.get(unit.subject)!.get(unit.unit)!,
        primary,
        answeredBy,
      );
      sink.put(unit.subject, unit.unit, explanations);
      // All scores of a task are of the same answers.
      for (const { tasks, elsewhere } of unit.explanations) {
        for (const task of [...tasks, ...(elsewhere?.tasks ?? [])]) {
          asked += task.scores[0]?.asked ?? 0;
          failed += task.scores[0]?.failed ?? 0;
        }
      }
      done.get(unit.subject)!.push(withoutAnswers(unit));
    },
    hooks: { signal: hooks.signal, onProgress: (count) => hooks.onProgress?.(count) },
  });
  // A language model is not paid for words that nothing can be held against.
  if (stopped === null && endpoint === null)
    await explainRare(work, features?.rare ?? [], opened, primary, sink, hooks);
  sink.finish(stopped === null);

  const scores = subjects.map(({ subject, count, alive, rare, units: chosen }) =>
    subjectScores({ subject, count, alive, tooRare: rare.length }, chosen, done.get(subject)!, explainers),
  );
  return {
    format: 1,
    version: versions.monosemantic,
    name,
    started,
    finished: new Date().toISOString(),
    stopped,
    protocols: request.protocols,
    primary,
    endpoint: endpoint?.() ?? null,
    explainers,
    text: work.text,
    sampling: {
      rule: request.features === undefined ? "all" : request.sampling,
      seed: request.seed,
      asked: request.features ?? null,
    },
    subjects: scores,
    asked,
    failed,
    summary: summarise(scores, request.seed),
    conclusion: conclude(scores, primary, explainers.length > 1 ? CHOSEN : explainers[0]!, request.seed),
    notes: [...noteOnDocuments(work.text), ...notes()],
  };
}

/** Features that are active on too little text to be scored, explained as well as that text allows. */
async function explainRare(
  { request, label }: StudyWork,
  rare: readonly StudyUnit[],
  { interpreter, answeredBy }: OpenInterpreter,
  primary: ScoreKind,
  sink: ExplanationSink,
  hooks: RunHooks,
): Promise<void> {
  if (rare.length === 0) return;
  hooks.onPhase?.(`${label}: explaining features too rare to be scored`, rare.length, "features");
  const passageOf = new Map(rare.map(({ unit, evidence }) => [unit, evidence.passage]));
  await study({
    subjects: [{ subject: "features", units: rare }],
    interpreter,
    primary,
    choose: true,
    seed: request.seed,
    onUnit: (unit) =>
      sink.put(
        "features",
        unit.unit,
        storedExplanations(unit, passageOf.get(unit.unit)!, primary, answeredBy),
      ),
    hooks: { signal: hooks.signal, onProgress: (count) => hooks.onProgress?.(count) },
  });
}

/** Scores stay, answers are stored: those of thousands of units do not fit in memory together. */
function withoutAnswers({ explanations, place, ...unit }: StudiedUnit): StudiedUnit {
  const bare = (tasks: readonly ScoredTask[]) => tasks.map(({ scores }) => ({ scores, answers: NO_ANSWERS }));
  return {
    ...unit,
    place: bare(place),
    explanations: explanations.map(({ tasks, elsewhere, ...one }) => ({
      ...one,
      tasks: bare(tasks),
      elsewhere: elsewhere && { unit: elsewhere.unit, tasks: bare(elsewhere.tasks) },
    })),
  };
}

const NO_ANSWERS: RawAnswers = { type: "logits", tokens: [], labels: [], verdicts: [] };

function storedExplanations(
  { unit, explanations }: StudiedUnit,
  passage: Passage,
  primary: ScoreKind,
  answeredBy: string,
): ScoredExplanation[] {
  return explanations.map(({ explanation, chosen, tasks }) => ({
    index: unit,
    text: explanation.text,
    author: explanation.author,
    chosen,
    primary,
    details: explanation.details,
    scores: tasks.flatMap(({ scores, answers }) => {
      const stored = {
        raw: answers,
        tokens: excerptsOf(answers).map((excerpt) => tokensOf(passage, excerpt)),
      };
      return scores.map((score) => ({ ...score, answeredBy, answers: stored }));
    }),
  }));
}

function excerptsOf(answers: RawAnswers): readonly Excerpt[] {
  if (answers.type === "logits") return [];
  return answers.type === "intruder" ? answers.trials.flatMap(({ excerpts }) => excerpts) : answers.excerpts;
}

function tokensOf({ tokens }: Passage, { start, length }: Excerpt): number[] {
  return Array.from(tokens.subarray(start, start + length));
}

/** Intervals are over excerpts and units: of a text of few documents they are too narrow. */
export function noteOnDocuments({ documents: { explain, score } }: Interpretation["text"]): string[] {
  if (Math.min(explain, score) >= FEW_DOCUMENTS) return [];
  const count = (n: number) => `${n} document${n === 1 ? "" : "s"}`;
  return [
    `explained from ${count(explain)} and scored on ${count(score)}: so few say little about other text, whatever the intervals`,
  ];
}

const FEW_DOCUMENTS = 10;

/** What result files say of a passage. */
export function textOf({ tokens, sides }: Passage): Interpretation["text"] {
  const documents = { explain: 0, choose: 0, score: 0 };
  for (const side of sides) documents[SIDES[side]!]++;
  return { tokens: tokens.length, documents };
}
