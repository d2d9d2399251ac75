/**
 * One study as the explorer sees it, at any moment of its life. Nothing is written. Outcomes are collected when they are first asked
 * for, and again when a result has come: results never change, so their folders say all. A group's newest result is a run, which is
 * opened when somebody looks at it.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure } from "../../errors.ts";
import { collectOutcomes } from "../../study/outcomes/collect.ts";
import { type Stage, STAGES } from "../../study/plan.ts";
import { type Population, populationsOf } from "../../study/report/population.ts";
import { planFile, StudyFolder } from "../../study/study-folder.ts";
import type {
  OutcomeEffectsAnswer,
  StudyResults,
  StudyStanding,
  StudySummary,
  VariationAnswer,
} from "../study-api.ts";
import { HttpFailure } from "./http-failure.ts";
import { RunView } from "./run-view.ts";
import { shownEffects, shownVariation } from "./study-effects.ts";
import { StandingReader } from "./study-standing.ts";
import { stampOf, WhenChanged } from "./when-changed.ts";

/** Whose results hold dictionaries, the furthest first. */
const RUN_STAGES: readonly Stage[] = ["explain", "measure", "train"];

interface Collected extends StudyResults {
  readonly populations: readonly Population[];
  readonly effects: Map<string, OutcomeEffectsAnswer>;
  variation: VariationAnswer | null;
}

export class StudyView {
  readonly id: string;
  readonly path: string;
  readonly #folder: WhenChanged<StudyFolder>;
  readonly #standing: StandingReader;
  /** By path. */
  readonly #runs = new Map<string, RunView>();
  #collected: Collected | undefined;

  /** @param path resolved folder that holds plan.json */
  constructor(id: string, path: string) {
    this.id = id;
    this.path = path;
    this.#folder = new WhenChanged(planFile(path), () => StudyFolder.open(path));
    this.#standing = new StandingReader();
  }

  summary(): StudySummary {
    try {
      const { plan } = this.#folder.get();
      return {
        id: this.id,
        title: String(plan.title),
        error: null,
        groups: plan.groups.map(({ name }) => ({ name, run: this.#runId(name) })),
      };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { id: this.id, title: basename(this.path), error: error.message, groups: [] };
    }
  }

  /** @throws Failure when the plan is damaged */
  async standing(): Promise<StudyStanding> {
    const folder = this.#folder.get();
    return { ...(await this.#standing.read(folder)), results: resultsStamp(folder) };
  }

  /** @throws Failure when the plan is damaged */
  results(): StudyResults {
    const { outcomes, results } = this.#collect();
    return { outcomes, results };
  }

  /** @throws HttpFailure (404) for an outcome that no trial has */
  effects(outcome: string): OutcomeEffectsAnswer {
    const { outcomes, populations, effects } = this.#collect();
    const definition = outcomes.definitions.find(({ name }) => name === outcome);
    if (definition === undefined) {
      throw new HttpFailure(404, `no trial of the study has an outcome "${outcome}" yet`);
    }
    let answer = effects.get(outcome);
    if (answer === undefined) effects.set(outcome, (answer = shownEffects(populations, definition)));
    return answer;
  }

  variation(): VariationAnswer {
    const collected = this.#collect();
    const { outcomes, populations } = collected;
    const primary = outcomes.definitions.filter(({ name }) => outcomes.primary.includes(name));
    return (collected.variation ??= shownVariation(populations, primary));
  }

  /**
   * The newest result of the group whose run has this id; undefined when the id is none of this study's.
   * @throws HttpFailure (409) while the group has no result
   */
  run(id: string): RunView | undefined {
    const prefix = this.#runId("");
    if (!id.startsWith(prefix)) return undefined;
    const name = id.slice(prefix.length);
    const folder = this.#folder.get();
    if (!folder.plan.groups.some((group) => group.name === name)) return undefined;
    for (const stage of RUN_STAGES) {
      const part = folder.plan.parts.find((one) => one.stage === stage && one.subject === name);
      if (part === undefined || !isPlain(part.name)) continue;
      const path = folder.result(part.name);
      if (existsSync(join(path, "run.json"))) return this.#view(id, name, stage, path);
    }
    throw new HttpFailure(409, `${name} of the study "${folder.plan.title}" is not trained yet`);
  }

  #view(id: string, group: string, stage: Stage, path: string): RunView {
    let view = this.#runs.get(path);
    if (view === undefined) {
      const name = `${basename(this.path)} · ${group}`;
      view = new RunView(id, path, { name, passing: () => this.#successor(group, stage) });
      this.#runs.set(path, view);
    }
    return view;
  }

  /** Why nothing is to be kept in a group's result of a stage: that of a later one takes its place. */
  #successor(group: string, stage: Stage): string | null {
    const later = this.#folder
      .get()
      .plan.parts.find(
        (part) =>
          part.subject === group &&
          RUN_STAGES.includes(part.stage) &&
          STAGES.indexOf(part.stage) > STAGES.indexOf(stage),
      );
    return later === undefined
      ? null
      : `the study is not done with these dictionaries: the result of ${later.name} will take the place of this one, and nothing can be kept here before`;
  }

  /** "study~g2" */
  #runId(group: string): string {
    return `${this.id}~${group}`;
  }

  #collect(): Collected {
    const folder = this.#folder.get();
    const results = resultsStamp(folder);
    if (this.#collected?.results !== results) {
      const outcomes = collectOutcomes(folder);
      this.#collected = {
        outcomes,
        results,
        populations: populationsOf(outcomes),
        effects: new Map(),
        variation: null,
      };
    }
    return this.#collected;
  }
}

/** Whether a name of a plan, which may come from anywhere, stays where it belongs. */
function isPlain(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && basename(name) === name;
}

/** Changes when a result comes. */
function resultsStamp(folder: StudyFolder): string {
  const hash = createHash("sha256").update(stampOf(planFile(folder.path)));
  for (const { name } of folder.plan.parts)
    hash.update(`\n${isPlain(name) ? stampOf(folder.result(name)) : ""}`);
  return hash.digest("hex").slice(0, 16);
}
