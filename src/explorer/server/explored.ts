/** What the server has open: the runs, the store of each, and the models behind them. Requests find everything through here. */

import { Failure } from "../../errors.ts";
import type { UnitKind } from "../../features/units.ts";
import type { Store } from "../../store/store.ts";
import type { RunSummary } from "../api.ts";
import { HttpFailure } from "./http-failure.ts";
import type { RunCatalogue } from "./run-catalogue.ts";
import { notAnalysed, RunStore } from "./run-store.ts";
import type { RunView, SaeFolder } from "./run-view.ts";
import type { StudyCatalogue } from "./study-catalogue.ts";

/** Whether experiments on a run can run, and if not, why. */
export type Liveness = (run: RunView, saes: readonly SaeFolder[]) => RunSummary["live"];

export class Explored {
  readonly #catalogue: RunCatalogue;
  readonly #liveness: Liveness;
  /** By path: a group of a study has another one when it was measured. */
  readonly #stores = new Map<string, RunStore>();

  constructor(catalogue: RunCatalogue, liveness: Liveness) {
    this.#catalogue = catalogue;
    this.#liveness = liveness;
  }

  get studies(): StudyCatalogue | undefined {
    return this.#catalogue.studies;
  }

  summaries(): RunSummary[] {
    return this.#catalogue.runs().map((run) => this.#summary(run));
  }

  /** Of one run, those of studies included. @throws HttpFailure (404, 409) */
  summary(id: string): RunSummary {
    return this.#summary(this.run(id));
  }

  /** @throws HttpFailure (404, 409) */
  run(id: string): RunView {
    return this.#catalogue.run(id);
  }

  /** @throws HttpFailure (404) */
  sae(runId: string, name: string): { run: RunView; sae: SaeFolder } {
    const run = this.run(runId);
    const sae = run.saes().find((candidate) => candidate.name === name);
    if (sae === undefined) throw new HttpFailure(404, `the run "${runId}" has no dictionary "${name}"`);
    return { run, sae };
  }

  store(run: RunView): RunStore {
    let store = this.#stores.get(run.path);
    if (store === undefined) this.#stores.set(run.path, (store = new RunStore(run)));
    return store;
  }

  /** @throws HttpFailure 404 for a run or dictionary that is not there, 409 for one that was not analysed */
  analysed(runId: string, name: string): { run: RunView; sae: string; store: Store } {
    const run = this.run(runId);
    const store = this.store(run).readIfThere();
    if (store?.analyses().some(({ sae }) => sae === name) === true) return { run, sae: name, store };
    this.sae(runId, name);
    throw notAnalysed(run, `the features of ${name}`);
  }

  /** @throws HttpFailure (409) when units of this kind were not analysed */
  requireKind(runId: string, sae: string, kind: UnitKind): void {
    const run = this.run(runId);
    if (this.store(run).readIfThere()?.analysis(sae, kind) === undefined) {
      throw notAnalysed(run, `the ${kind}s of ${sae}`);
    }
  }

  close(): void {
    for (const store of this.#stores.values()) store.close();
  }

  #summary(run: RunView): RunSummary {
    const { status, error } = run.status();
    const saes = run.saes();
    const { analyses, problem } = this.#analyses(run);
    const record = orUndefined(() => run.record());
    const model = record?.model?.["name"];
    return {
      id: run.id,
      name: run.name,
      status,
      error: error ?? problem,
      hook: record?.hook ?? null,
      model: typeof model === "string" ? model : null,
      started: record?.started ?? null,
      saes: saes.map(({ name, dIn, dSae, evaluation }) => ({
        name,
        dIn,
        dSae,
        evaluation,
        analyses: analyses.filter(({ sae }) => sae === name).map((analysis) => analysis.record),
      })),
      live: this.#liveness(run, saes),
    };
  }

  /** A damaged store leaves the rest of the run to be seen. */
  #analyses(run: RunView) {
    try {
      return { analyses: this.store(run).readIfThere()?.analyses() ?? [], problem: null };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { analyses: [], problem: error.message };
    }
  }
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
