/**
 * What experiments are done with: the model, its halves around the hook point, the dictionary and the threads under them.
 * All of it is opened at the first experiment and kept for the next ones, so that looking at a run needs no model at all.
 */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Engine } from "../../engine/engine.ts";
import { Failure, outOfMemory, UsageError } from "../../errors.ts";
import { neuronUnits, saeUnits, type Units } from "../../features/units.ts";
import { findHook } from "../../model/hooks.ts";
import { type LiveModel, openLiveModel } from "../../model/live-model.ts";
import { openStepper, type Stepper } from "../../model/stepper.ts";
import { unscaledInRun } from "../../run/dictionaries.ts";
import { openSource, type Source, tokensFolder } from "../../run/source.ts";
import type { Sae } from "../../sae/dictionary.ts";
import { SaeForward } from "../../sae/forward.ts";
import { Pool } from "../../sae/pool.ts";
import { readSae } from "../../sae/saelens.ts";
import { openShards } from "../../text/shards.ts";
import type { RunSummary } from "../api.ts";
import { isCalledOff } from "./described.ts";
import { HttpFailure } from "./http-failure.ts";
import { Kept } from "./kept.ts";
import { type ModelPlace, modelPlace, otherModel } from "../../run/model-place.ts";
import { Queue } from "./queue.ts";
import { type RunView, type SaeFolder, WEIGHTS_FILE } from "./run-view.ts";
import { stampOf } from "./when-changed.ts";

/** Experiments on one run that may wait. */
const LARGEST_QUEUE = 16;
/** Models, and dictionaries, that stay open though nobody uses them. */
const KEPT_MODELS = 2;
const KEPT_DICTIONARIES = 3;

export interface WorkbenchOptions {
  /** Where the model of every run is, instead of where run.json says. */
  readonly model?: string | undefined;
  readonly threads?: number;
}

/** One dictionary on its model, or the neurons of one layer. */
export interface Bench {
  readonly source: Source;
  readonly hook: string;
  readonly live: LiveModel;
  readonly units: Units;
}

export interface SaeBench extends Bench {
  readonly forward: SaeForward;
  /** For generating `batch` texts at once, emptied. */
  stepper<T>(batch: number, work: (stepper: Stepper) => Promise<T>): Promise<T>;
}

export class Workbench {
  readonly #override: string | undefined;
  readonly #threads: number;
  readonly #queues = new Map<string, Queue>();
  readonly #sources = new Kept<Source>(KEPT_MODELS, async () => {});
  readonly #lives = new Kept<LiveModel>(KEPT_MODELS, (live) => live.close());
  readonly #steppers = new Kept<Stepper>(KEPT_MODELS, (stepper) => stepper.close());
  readonly #forwards = new Kept<SaeForward>(KEPT_DICTIONARIES, (forward) => forward.close());
  #engine: Promise<Engine> | undefined;
  #pool: Pool | undefined;
  /** Experiments under way. */
  #active = 0;
  /** The last failure may be that of a thread which died. */
  #isSuspect = false;
  #closed = false;

  constructor({ model, threads = availableParallelism() }: WorkbenchOptions = {}) {
    this.#override = model;
    this.#threads = threads;
  }

  /** Whether experiments on the run can be expected to run: looks, and opens nothing. */
  liveness(run: RunView, saes: readonly SaeFolder[]): RunSummary["live"] {
    const reason = this.#obstacle(run, saes);
    return { possible: reason === null, reason };
  }

  /**
   * Lends the dictionary and its model to `work`, when it is its turn.
   * @throws HttpFailure 409 when the dictionary is not finished, 503 when something cannot be opened
   */
  withSae<T>(
    run: RunView,
    sae: SaeFolder,
    work: (bench: SaeBench) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { folder } = sae;
    if (folder === null || !sae.finished) {
      throw new HttpFailure(
        409,
        `experiments need the finished dictionary, and ${sae.name} has no weights yet`,
      );
    }
    return this.#inTurn(run, signal, (source, place) => {
      const hook = findHook(source.model.config, sae.hook ?? run.record().hook ?? source.hook).name;
      const lend = (live: LiveModel, forward: SaeForward) =>
        work({
          source,
          hook,
          live,
          forward,
          units: saeUnits(forward),
          stepper: (batch, task) => this.#stepper(run, source, place, hook, batch, task),
        });
      return this.#lives.use(
        `${key(place)} ${hook}`,
        () => this.#openLive(source, hook),
        (live) =>
          this.#forwards.use(
            `${folder} ${stampOf(join(folder, WEIGHTS_FILE))}`,
            () => this.#openForward(run, source, hook, folder),
            (forward) => lend(live, forward),
          ),
      );
    });
  }

  /** Lends the neurons at `hook` to `work`, when it is its turn. */
  withNeurons<T>(
    run: RunView,
    hook: string,
    work: (bench: Bench) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#inTurn(run, signal, (source, place) => {
      const units = neuronUnits(findHook(source.model.config, hook).dIn);
      return this.#lives.use(
        `${key(place)} ${hook}`,
        () => this.#openLive(source, hook),
        (live) => work({ source, hook, live, units }),
      );
    });
  }

  /** Waits for what is under way and closes everything. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
    await this.#discard();
    await this.#sources.close();
  }

  /** Closes all that runs on threads; it is opened anew when it is needed. Who comes meanwhile gets new ones. */
  async #discard(): Promise<void> {
    const [engine, pool] = [this.#engine, this.#pool];
    this.#engine = this.#pool = undefined;
    // What was on a thread that died cannot be closed any more.
    await Promise.allSettled([this.#lives, this.#steppers, this.#forwards].map((kept) => kept.close()));
    await Promise.allSettled([engine?.then((started) => started.close()), pool?.close()]);
  }

  #obstacle(run: RunView, saes: readonly SaeFolder[]): string | null {
    if (!saes.some(({ finished }) => finished)) {
      return run.status().status === "running"
        ? "the run is still training, and experiments need its finished dictionaries"
        : "the run has no finished dictionary";
    }
    try {
      const place = modelPlace(run.record(), this.#override);
      return typeof place === "string" ? place : null;
    } catch (error) {
      if (error instanceof Failure) return error.message;
      throw error;
    }
  }

  #inTurn<T>(
    run: RunView,
    signal: AbortSignal | undefined,
    work: (source: Source, place: ModelPlace) => Promise<T>,
  ): Promise<T> {
    let queue = this.#queues.get(run.id);
    if (queue === undefined) this.#queues.set(run.id, (queue = new Queue(LARGEST_QUEUE)));
    return queue.run(async () => {
      if (this.#closed) throw new HttpFailure(503, "the explorer is being stopped");
      if (this.#isSuspect && this.#active === 0) {
        this.#isSuspect = false;
        await this.#discard();
      }
      this.#active++;
      try {
        const place = modelPlace(run.record(), this.#override);
        if (typeof place === "string") throw new HttpFailure(503, place);
        return await this.#sources.use(
          key(place),
          () => openModel(place),
          (source) => {
            refuseOther(run, source, place);
            return work(source, place);
          },
        );
      } catch (error) {
        const expected = outOfMemory(error) ?? error;
        if (expected instanceof HttpFailure || isCalledOff(expected)) throw expected;
        if (expected instanceof UsageError) throw new HttpFailure(400, expected.message, { cause: error });
        this.#isSuspect = true;
        if (!(expected instanceof Failure)) throw expected;
        throw new HttpFailure(503, expected.message, { cause: error });
      } finally {
        this.#active--;
      }
    }, signal);
  }

  async #openLive(source: Source, hook: string): Promise<LiveModel> {
    return openLiveModel(await this.#startedEngine(), source.model, hook, {
      maxTokens: source.model.config.context,
    });
  }

  async #openForward(run: RunView, source: Source, hook: string, folder: string): Promise<SaeForward> {
    this.#pool ??= new Pool(this.#threads);
    return SaeForward.create(this.#pool, await this.#onRawActivations(run, source, hook, readSae(folder)));
  }

  async #onRawActivations(run: RunView, source: Source, hook: string, sae: Sae): Promise<Sae> {
    // Only these need the run's text, which may be gone.
    if (sae.normalize_activations !== "expected_average_only_in") return sae;
    const shards = openShards(tokensFolder(run.path));
    return unscaledInRun(await this.#startedEngine(), { ...source, hook }, shards, sae);
  }

  /** Each run has its own: only experiments on one run wait for each other, and a stepper holds one text. */
  #stepper<T>(
    run: RunView,
    source: Source,
    place: ModelPlace,
    hook: string,
    batch: number,
    work: (stepper: Stepper) => Promise<T>,
  ): Promise<T> {
    const open = async () =>
      openStepper(await this.#startedEngine(), source.model, hook, {
        batch,
        capacity: source.model.config.context,
      });
    return this.#steppers.use(`${run.id} ${key(place)} ${hook} ${batch}`, open, (stepper) => {
      stepper.reset();
      return work(stepper);
    });
  }

  /** One worker with all threads: an experiment is one text after another, and each should be done soon. */
  #startedEngine(): Promise<Engine> {
    return (this.#engine ??= Engine.start({ workers: 1, threads: this.#threads }));
  }
}

function key({ where, hub, shuffleWeights }: ModelPlace): string {
  return JSON.stringify([where, hub, shuffleWeights]);
}

function openModel({ where, hub, shuffleWeights }: ModelPlace): Promise<Source> {
  return openSource({ model: where, hub, shuffleWeights });
}

function refuseOther(run: RunView, { model }: Source, { where }: ModelPlace): void {
  const other = otherModel(run.record(), model.weightsSha256, where);
  if (other !== undefined) throw new HttpFailure(503, other);
}
