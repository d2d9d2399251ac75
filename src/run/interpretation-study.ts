/** One dictionary's interpretation after its text is read: who explains, what is stored of each unit, and what it adds up to. */

import type { Engine } from "../engine/engine.ts";
import { modelProbe } from "../interpretation/explainers/model-probe.ts";
import type { Probe } from "../interpretation/explainers/explainer.ts";
import { type Excerpt, type Passage, SIDES } from "../interpretation/evidence/passage.ts";
import { isTooRare } from "../interpretation/protocols/too-rare.ts";
import { PROTOCOLS } from "../interpretation/protocols/protocols.ts";
import type { Interpretation, SubjectName } from "../interpretation/result.ts";
import type { RawAnswers, ScoredTask, ScoreKind } from "../interpretation/scores/score.ts";
import { CHOSEN } from "../interpretation/study/columns.ts";
import { conclude } from "../interpretation/study/conclusion.ts";
import { offlineInterpreter } from "../interpretation/study/offline-interpreter.ts";
import { subjectScores } from "../interpretation/study/result-of.ts";
import { type Interpreter, type StudiedUnit, study } from "../interpretation/study/study.ts";
import { summarise } from "../interpretation/study/summary.ts";
import type { Store, ScoredExplanation } from "../store/store.ts";
import { versions } from "../version.ts";
import type { SubjectEvidence } from "./interpretation-evidence.ts";
import type { InterpretationRequest } from "./interpretation-request.ts";
import type { RunHooks } from "./request.ts";

export interface StudyWork {
  readonly request: InterpretationRequest;
  readonly store: Store;
  readonly engine: Engine;
  readonly sae: string;
  readonly subjects: readonly SubjectEvidence[];
}

type Found = Omit<Interpretation, "sae" | "weights" | "hook" | "seconds"> & {
  /** What is said of controls, which the store has no units for: one value a unit. */
  readonly controls: readonly unknown[];
};

/** The score that stands for the whole, by the first protocol. */
const PRIMARY = {
  "bricken-2023": "bricken-2023",
  "bills-2023": "bills-2023",
  detection: "detection",
  fuzzing: "fuzzing",
  intruder: "intruder",
} as const satisfies Readonly<Record<keyof typeof PROTOCOLS, ScoreKind>>;

export async function interpretSubjects(work: StudyWork, hooks: RunHooks): Promise<Found> {
  const { request, store, sae } = work;
  const started = new Date().toISOString();
  const subjects = work.subjects.map((subject) => {
    const units = subject.chosen.filter(({ evidence }) => !isTooRare(evidence, "score"));
    return { ...subject, units, tooRare: subject.chosen.length - units.length };
  });
  const primary = PRIMARY[request.protocols[0]!];
  const { interpreter, name, endpoint, answeredBy } = await interpreterOf(work, hooks);
  const explainers = interpreter.explainers.map((one) => one.name);
  const done = new Map<SubjectName, StudiedUnit[]>(subjects.map(({ subject }) => [subject, []]));
  const passageOf = new Map(subjects.map(({ subject, passage }) => [subject, passage]));
  const tokenText = (id: number) => work.subjects[0]!.passage.tokenText(id);
  const writers = new Map(
    (["features", "neurons"] as const)
      .filter((subject) => passageOf.has(subject))
      .map((subject) => [
        subject as SubjectName,
        store.beginInterpretation(sae, subject === "features" ? "feature" : "neuron", name, {
          replace: true,
          tokenText,
        }),
      ]),
  );
  const controls: unknown[] = [];
  let [asked, failed] = [0, 0];
  hooks.onPhase?.(
    `${sae}: explaining and scoring`,
    subjects.reduce((sum, { units }) => sum + units.length, 0),
    "units",
  );
  const stopped = await study({
    subjects,
    interpreter,
    primary,
    choose: endpoint === null,
    seed: request.seed,
    onUnit(unit) {
      const passage = passageOf.get(unit.subject)!;
      const explanations = storedExplanations(unit, passage, primary, answeredBy);
      const writer = writers.get(unit.subject);
      if (writer !== undefined) writer.put(explanations);
      else controls.push({ subject: unit.subject, unit: unit.unit, explanations });
      for (const { scores } of explanations) {
        for (const score of scores) {
          asked += score.asked;
          failed += score.failed;
        }
      }
      done.get(unit.subject)!.push(withoutAnswers(unit));
    },
    hooks: { ...hooks, onProgress: (units) => hooks.onProgress?.(units) },
  });
  for (const writer of writers.values()) writer.finish();

  const scores = subjects.map((facts) =>
    subjectScores(
      { subject: facts.subject, count: facts.count, alive: facts.alive, tooRare: facts.tooRare },
      facts.units,
      done.get(facts.subject)!,
      explainers,
    ),
  );
  const [shown] = explainers.length > 1 ? [CHOSEN] : explainers;
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
    text: textOf(work.subjects[0]!.passage),
    sampling: {
      rule: request.features === undefined ? "all" : request.sampling,
      seed: request.seed,
      asked: request.features ?? null,
    },
    subjects: scores,
    asked,
    failed,
    summary: summarise(scores, request.seed),
    conclusion: conclude(scores, primary, shown!, request.seed),
    notes: [],
    controls,
  };
}

interface OpenInterpreter {
  readonly interpreter: Interpreter;
  readonly name: string;
  /** What became of the endpoint so far; null where there is none. */
  readonly endpoint: (() => NonNullable<Interpretation["endpoint"]>) | null;
  readonly answeredBy: string;
}

async function interpreterOf(
  { request, engine, subjects }: StudyWork,
  hooks: RunHooks,
): Promise<OpenInterpreter> {
  const probes = new Map<SubjectName, Probe | null>(
    subjects.map(({ subject, units, source, hook }) => [subject, modelProbe(engine, source, hook, units)]),
  );
  return {
    interpreter: offlineInterpreter(request.protocols, (subject) => probes.get(subject) ?? null),
    name: request.name ?? "offline",
    endpoint: null,
    answeredBy: "rule",
  };
}

/** Scores stay, answers are stored: those of thousands of units do not fit in memory together. */
function withoutAnswers({ explanations, ...unit }: StudiedUnit): StudiedUnit {
  const bare = (tasks: readonly ScoredTask[]) => tasks.map(({ scores }) => ({ scores, answers: NO_ANSWERS }));
  return {
    ...unit,
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

function textOf({ tokens, sides }: Passage): Interpretation["text"] {
  const documents = { explain: 0, choose: 0, score: 0 };
  for (const side of sides) documents[SIDES[side]!]++;
  return { tokens: tokens.length, documents };
}
