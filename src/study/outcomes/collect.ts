/**
 * The outcomes of a study, from the results that are there by now: of each trial the newest of its group (explained before measured
 * before trained), with what comparisons say of it. A file that cannot be read becomes a sentence, and the rest goes on.
 */

import { existsSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { Failure } from "../../errors.ts";
import { readEvaluation } from "../../evaluation/files.ts";
import { readEffects } from "../../experiments/effects/result.ts";
import { readLines } from "../../files/lines.ts";
import { readJson } from "../../files/read.ts";
import { readInterpretations } from "../../interpretation/read-results.ts";
import type { Interpretation } from "../../interpretation/result.ts";
import { openStore, type Store, STORE_FILE } from "../../store/store.ts";
import { versions } from "../../version.ts";
import type { Stage, Trial } from "../plan.ts";
import { type LeftOut, readLeftOut } from "../left-out.ts";
import type { StudyFolder } from "../study-folder.ts";
import { inOrder, PRIMARY } from "./catalogue.ts";
import { scoreName } from "./score-catalogue.ts";
import { found, type Found, numberOf } from "./found.ts";
import {
  comparisonOutcomes,
  type ComparedBothWays,
  meanOfComparisons,
  readComparison,
} from "./from-comparison.ts";
import { effectsOutcomes } from "./from-effects.ts";
import { evaluationOutcomes } from "./from-evaluation.ts";
import { interpretationOutcomes } from "./from-interpretation.ts";
import { trainingFacts } from "./from-metrics.ts";
import { storeOutcomes } from "./from-store.ts";
import type {
  ComparisonOutcomes,
  OutcomeDefinition,
  PartFacts,
  StudyOutcomes,
  TrialOutcomes,
} from "./outcome.ts";
import { partFacts } from "./part-facts.ts";

/** In which a trial's results lie, the furthest first. */
const STAGES: readonly Stage[] = ["explain", "measure", "train"];

/** What the trials of a group share, read once. */
interface GroupResult {
  readonly stage: Stage | null;
  readonly path: string | null;
  readonly lines: readonly Record<string, unknown>[];
  readonly store: Store | null;
  readonly train: PartFacts | undefined;
  readonly trials: number;
  readonly leftOut: LeftOut;
  readonly missing: readonly string[];
  readonly problems: readonly string[];
}

interface ReadComparison {
  readonly name: string;
  readonly a: string;
  readonly b: string;
  readonly result: ComparedBothWays;
}

/** Collects what is there. Never throws for what a result holds. */
export function collectOutcomes(folder: StudyFolder): StudyOutcomes {
  const { plan } = folder;
  const parts = plan.parts.map((part) => partFacts(folder, part));
  const definitions = new Map<string, OutcomeDefinition>();
  const note = (all: readonly Found[]) => {
    for (const { definition } of all) definitions.set(definition.name, definition);
    return all.map(({ outcome }) => outcome);
  };
  const { comparisons, problems } = readComparisons(folder);
  const kinds: Interpretation["primary"][] = [];
  const trials = new Map<string, TrialOutcomes>();
  for (const group of plan.groups) {
    const result = openGroup(folder, group.name, group.trials.length, parts);
    try {
      for (const trial of plan.trials.filter((one) => one.group === group.name)) {
        const views = comparisons.flatMap(({ a, b, result: compared }) =>
          a === trial.name
            ? [comparisonOutcomes(compared, "a_in_b")]
            : b === trial.name
              ? [comparisonOutcomes(compared, "b_in_a")]
              : [],
        );
        const own = trialOutcomes(folder, trial, result, (kind) => kinds.push(kind));
        const { all, ...rest } = own;
        trials.set(trial.name, {
          ...rest,
          shuffled: group.stream.shuffleWeights !== undefined,
          outcomes: note([...all, ...meanOfComparisons(views)]),
          problems: [...rest.problems, ...(problems.get(trial.name) ?? [])],
        });
      }
    } finally {
      result.store?.close();
    }
  }
  const compared = comparisons.map(({ name, a, b, result }): ComparisonOutcomes => ({
    name,
    a,
    b,
    outcomes: note(comparisonOutcomes(result, "both")),
  }));
  const primary = [...PRIMARY, ...[...new Set(kinds)].map((kind) => scoreName(kind, "features"))];
  return {
    format: 1,
    version: versions.monosemantic,
    title: plan.title,
    question: plan.question,
    factors: plan.factors,
    definitions: inOrder(definitions.values()),
    primary: primary.filter((name) => definitions.has(name)),
    trials: plan.trials.flatMap(({ name }) => trials.get(name) ?? []),
    comparisons: compared,
    parts,
    streams: new Set(plan.groups.map(({ stream, name }) => streamOf(stream.streamSeed, name))).size,
    complete: parts.every(({ stage, condition }) => stage === "report" || condition === "done"),
  };
}

/** Without a seed of its own a stream has that of its group's first dictionary. */
function streamOf(seed: number | undefined, group: string): string {
  return seed === undefined ? group : `seed ${seed}`;
}

function openGroup(
  folder: StudyFolder,
  group: string,
  trials: number,
  parts: readonly PartFacts[],
): GroupResult {
  const own = parts.filter(({ stage, subject }) => STAGES.includes(stage) && subject === group);
  const stage =
    STAGES.find((one) => own.some((part) => part.stage === one && part.condition === "done")) ?? null;
  const part = own.find((one) => one.stage === stage);
  const path = part === undefined ? null : folder.result(part.part);
  const problems: string[] = [];
  return {
    stage,
    path,
    lines: path === null ? [] : (attempt(problems, () => readLines(join(path, "metrics.jsonl"))) ?? []),
    store: path === null ? null : openFeatures(join(path, STORE_FILE), problems),
    leftOut: path === null ? {} : readLeftOut(path),
    train: own.find((one) => one.stage === "train"),
    trials,
    missing: own.filter(({ condition }) => condition !== "done").map((one) => one.part),
    problems,
  };
}

function openFeatures(path: string, problems: string[]): Store | null {
  return existsSync(path) ? (attempt(problems, () => openStore(path, { readonly: true })) ?? null) : null;
}

type Own = Omit<TrialOutcomes, "outcomes" | "shuffled"> & { readonly all: readonly Found[] };

function trialOutcomes(
  folder: StudyFolder,
  { name, factors, group }: Trial,
  result: GroupResult,
  onPrimary: (kind: Interpretation["primary"]) => void,
): Own {
  const { path, stage, store, train } = result;
  const problems = [...result.problems];
  const all: Found[] = [];
  const add = (work: () => readonly Found[]) => all.push(...(attempt(problems, work) ?? []));
  // A name becomes part of a path, and plan.json may come from anywhere.
  const safe = name !== "" && name !== "." && name !== ".." && basename(name) === name;
  const sae = path === null || !safe ? null : join(path, "saes", name);
  const evaluated = sae !== null && existsSync(join(sae, "evaluation.json"));
  const evaluation = evaluated ? attempt(problems, () => readEvaluation(sae)) : undefined;
  const configured = sae === null ? {} : (attempt(problems, () => configurationOf(sae)) ?? {});
  const d_sae = evaluation?.d_sae ?? numberOf(configured["d_sae"]);
  const trained = trainingFacts(
    result.lines.filter((line) => line["sae"] === name),
    d_sae,
  );
  if (evaluation !== undefined) add(() => evaluationOutcomes(evaluation));
  if (store !== null) add(() => storeOutcomes(store, name));
  if (path !== null && safe) {
    const { interpretations, problems: unreadable } = readInterpretations(path, name);
    problems.push(...unreadable);
    if (interpretations[0] !== undefined) onPrimary(interpretations[0].primary);
    add(() => interpretationOutcomes(interpretations));
    add(() => {
      const effects = readEffects(path, name);
      return effects === null ? [] : effectsOutcomes(effects);
    });
  }
  all.push(...trained.found);
  if (train !== undefined && train.condition === "done") {
    all.push(...found("training_seconds", train.seconds === null ? null : train.seconds / result.trials));
    all.push(...found("training_memory", train.memoryBytes));
  }
  return {
    name,
    factors,
    group,
    stage,
    result: path === null ? null : relative(folder.path, path),
    leftOut: typeof result.leftOut[name] === "string" ? result.leftOut[name] : null,
    size: {
      d_in: evaluation?.d_in ?? numberOf(configured["d_in"]),
      d_sae,
      tokens: trained.tokens,
      Lambda: trained.Lambda,
    },
    all,
    curve: trained.curve,
    missing: result.missing,
    problems,
  };
}

function configurationOf(sae: string): Record<string, unknown> {
  const path = join(sae, "cfg.json");
  if (!existsSync(path)) return {};
  return (readJson(path, "an SAE's configuration") as Record<string, unknown> | null) ?? {};
}

function readComparisons(folder: StudyFolder): {
  comparisons: ReadComparison[];
  problems: Map<string, string[]>;
} {
  const problems = new Map<string, string[]>();
  const comparisons = folder.plan.comparisons.flatMap(({ name, a, b }) => {
    const part = folder.plan.parts.find((one) => one.stage === "compare" && one.subject === name);
    const path = part && join(folder.result(part.name), "compare.json");
    if (path === undefined || !existsSync(path)) return [];
    const wrong: string[] = [];
    const result = attempt(wrong, () => readComparison(path));
    if (wrong.length > 0) problems.set(a, [...(problems.get(a) ?? []), ...wrong]);
    return result === undefined ? [] : [{ name, a, b, result }];
  });
  return { comparisons, problems };
}

/** What `work` gives; undefined, and a sentence more, when a file is not what it should be. */
function attempt<T>(problems: string[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
