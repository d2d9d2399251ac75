/**
 * Training of one dictionary (definitions in options.ts and presets.ts, the step in training-work.ts and assembly/).
 *
 * All state is in shared memory, where the pool's workers compute. The main thread sets a step's numbers, adds up what
 * the workers left for it in a fixed order, updates b_dec, and looks after dead features. The same options and the same
 * batches give the same bits, for any number of workers and across save and restore.
 */

import { Diverged, Failure } from "../errors.ts";
import { Random } from "../random.ts";
import { adamScalars, adamUpdate } from "./adam.ts";
import { cutBelow, CutSearch, firstCut } from "./batch-cut.ts";
import {
  type DeadFeatureEvent,
  type DeadFeaturePolicy,
  deadFeaturePolicy,
  type ResampleInputs,
} from "./dead-feature-policy.ts";
import type { Sae } from "./dictionary.ts";
import { finishedDictionary } from "./finished.ts";
import { startingPoint } from "./starting-point.ts";
import { encoderNormFor, initialise } from "./initialisation.ts";
import { L0Controller, type L0State } from "./l0-controller.ts";
import type { SaeOptions } from "./options.ts";
import type { Pool } from "./pool.ts";
import { stepsOf } from "./presets.ts";
import { deadBefore, l0Penalty, learningRate, sparsityRise } from "./schedule.ts";
import {
  type BatchStatistics,
  batchStatistics,
  brokenFeatures,
  decoderBiasGradient,
  rowLosses,
} from "./statistics.ts";
import { StepMemory } from "./step-memory.ts";
import { type PathState, StepPath } from "./step-path.ts";
import type { NamedTensors, TrainingParameters } from "./training-parameters.ts";

/** Keeps of batch-topk's inference threshold from step to step. */
const THRESHOLD_KEEP = 0.99;

export interface StepReport extends BatchStatistics {
  readonly step: number;
  readonly tokens: number;
  /**
   * What is minimised, with the Λ of this step: mse + Λ_t · l1, and the auxiliary losses of the objectives that have them.
   * For matryoshka the error of the full reconstruction only.
   */
  readonly loss: number;
  readonly explainedVariance: number;
  readonly Lambda: number;
  readonly lr: number;
  /** The step took the dense path. */
  readonly dense: boolean;
  /** Milliseconds of the two halves, and of the first in encoder products, as the first worker saw them. */
  readonly phases: { readonly rows: number; readonly features: number; readonly products: number };
}

export type TrainingEvent =
  | { readonly event: "dense-to-sparse" | "sparse-to-dense"; readonly step: number; readonly l0: number }
  | { readonly event: "target-l0"; readonly step: number; readonly l0: number; readonly Lambda: number }
  | DeadFeatureEvent;

export interface TrainerSetup {
  readonly d_in: number;
  readonly options: SaeOptions;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Where new inputs for dead features come from; without it the last batch is used. */
  readonly resampleInputs?: ResampleInputs;
  /** Tests break the method on purpose with this, to show that they would notice. */
  readonly ablate?: Ablation;
  /** At least this many memories, also where one would do: for tests of sharding. */
  readonly shards?: number;
  /** Bytes that the dictionary may take, instead of the machine's. */
  readonly availableBytes?: number;
}

export type Ablation = "projection" | "resampling" | "bias" | "adam";

/** All of a trainer's state: numbers by name, and a little JSON. */
export interface SavedTrainer {
  readonly tensors: NamedTensors;
  readonly state: TrainerState;
}

const FORMAT = 2;

export interface TrainerState {
  readonly format: number;
  readonly step: number;
  readonly path: PathState;
  /** Factor on raw activations. */
  readonly scale: number;
  readonly l0: L0State;
  /** Batch ranks: the last batch's threshold, and the running mean that inference uses. */
  readonly threshold: number;
  readonly inferenceThreshold: number;
  readonly options: SaeOptions;
}

export class SaeTrainer {
  readonly options: SaeOptions;
  readonly d_in: number;
  readonly d_sae: number;
  /** Steps of the whole run. */
  readonly steps: number;
  readonly #setup: TrainerSetup;
  readonly #memory: StepMemory;
  readonly #path: StepPath;
  readonly #controller: L0Controller;
  readonly #policy: DeadFeaturePolicy | undefined;
  #step = 0;
  #scale = 1;
  #threshold = 0;
  #inferenceThreshold = 0;
  /** Parameters were set from outside since the last step. */
  #stale = true;
  #busy = false;

  private constructor(setup: TrainerSetup, memory: StepMemory) {
    this.options = setup.options;
    this.d_in = memory.shape.d_in;
    this.d_sae = memory.shape.d_sae;
    this.steps = stepsOf(setup.options);
    this.#setup = setup;
    this.#memory = memory;
    const { ranked } = memory.shape.kind;
    const screened = setup.options.encoder_product === "screened" && memory.exactInBytes;
    this.#path = new StepPath(this.d_sae, ranked === undefined, screened);
    this.#controller = new L0Controller(setup.options.target_l0, this.steps);
    if (setup.ablate === "resampling") return;
    this.#policy = deadFeaturePolicy(this.options, this.steps, this.parameters, {
      inputs: setup.resampleInputs,
      losses: (rows) => this.#rowLosses(rows),
      scale: () => this.#scale,
    });
  }

  /**
   * A trainer with first values drawn from the seed; `initialise` or `restore` comes next.
   * @throws Failure when the dictionary does not fit in memory, naming the largest width that would
   */
  static async create(pool: Pool, setup: TrainerSetup): Promise<SaeTrainer> {
    const { d_in, options } = setup;
    const memory = await StepMemory.create(pool, d_in, options, {
      ...(setup.shards !== undefined && { shards: setup.shards }),
      ...(setup.availableBytes !== undefined && { available: setup.availableBytes }),
    });
    const trainer = new SaeTrainer(setup, memory);
    const { initialisation, initial_length, seed, threshold_init } = options;
    const { kind, d_sae } = memory.shape;
    // A fixed number of features has to make up the whole length: they read at full strength.
    const encoderNorm = kind.ranked ? 1 : encoderNormFor(initial_length, d_in, d_sae);
    initialise(initialisation, encoderNorm, Random.of(seed, "initialisation"), trainer.parameters);
    if (kind.gain === "threshold")
      for (let i = 0; i < d_sae; i++) trainer.parameters.setGain(i, threshold_init);
    return trainer;
  }

  get parameters(): TrainingParameters {
    return this.#memory.parameters;
  }

  /** Bytes of shared memory that the dictionary reserves while it is trained. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  /** Steps taken. */
  get stepsTaken(): number {
    return this.#step;
  }

  /** Factor on raw activations: trained on x·scale. Λ and the reported losses are in those units. */
  get scale(): number {
    return this.#scale;
  }

  /** Λ at the end of its schedule; with `target_l0` what it has become to reach that. */
  get Lambda(): number {
    return this.options.Lambda * this.#controller.factor;
  }

  /**
   * Sets the activations' scale and the decoder bias from a sample.
   * @param sample rows [n, d_in]; the first 16,384 are used
   */
  initialise(sample: Float32Array): void {
    const { scale, b_dec } = startingPoint(this.options, sample, this.d_in);
    this.#scale = scale;
    if (b_dec) this.parameters.b_dec.set(b_dec);
  }

  /**
   * One training step on a batch [batch, d_in] of raw activations on shared memory.
   * @throws Failure when the run has diverged; the parameters are then lost, and the last checkpoint is the way back
   */
  async step(x: Float32Array): Promise<StepReport> {
    this.#enter(x);
    try {
      const { options } = this;
      const schedule = { ...options, steps: this.steps };
      const step = this.#step + 1;
      const lr = learningRate(schedule, step);
      const rise = sparsityRise(schedule, step);
      const Lambda = this.#memory.shape.kind.l1 ? rise * this.Lambda : 0;
      this.#policy?.beforeStep(step);
      const scalars = this.#writePlan(step, lr, Lambda);
      const screen = this.#path.screens(step);
      const { dense, phases } = await this.#run(x, { update: true, screen, rise });
      this.#updateDecoderBias(scalars);
      const statistics = batchStatistics(this.#memory.memories, this.#memory.layout, options.batch);
      const loss = this.#loss(statistics, Lambda, rise);
      this.#checkFinite(loss + statistics.variance, step);
      this.#step = step;
      this.#learn(statistics, { dense, screen }, rise === 1);
      const event = await this.#policy?.afterStep(step, x);
      if (event) {
        this.#stale = true;
        this.#setup.onEvent?.(event);
      }
      return {
        ...statistics,
        step,
        tokens: step * options.batch,
        loss,
        explainedVariance: 1 - statistics.mse / statistics.variance,
        Lambda,
        lr,
        dense,
        phases,
      };
    } finally {
      this.#busy = false;
    }
  }

  /** Share of features that fired in a step after step `since`. */
  aliveSince(since: number): number {
    return 1 - this.parameters.silentSince(since + 1) / this.d_sae;
  }

  /** The dictionary as it stands, on raw activations: the scale is folded in and decoder rows have norm 1. */
  dictionary(): Sae {
    const { objective, k, apply_b_dec_to_input } = this.options;
    return finishedDictionary({
      objective,
      d_in: this.d_in,
      d_sae: this.d_sae,
      parameters: this.parameters.trained(),
      k,
      inferenceThreshold: this.#inferenceThreshold,
      scale: this.#scale,
      apply_b_dec_to_input,
    });
  }

  /** The complete state, for an exact continuation. Arrays may be views: write them out before the next step. */
  save(): SavedTrainer {
    return {
      tensors: this.parameters.tensors(),
      state: {
        format: FORMAT,
        step: this.#step,
        path: this.#path.save(),
        scale: this.#scale,
        l0: this.#controller.save(),
        threshold: this.#threshold,
        inferenceThreshold: this.#inferenceThreshold,
        options: this.options,
      },
    };
  }

  /**
   * Continues from a saved state.
   * @throws Failure when it belongs to other options
   */
  restore({ tensors, state }: SavedTrainer): void {
    if (state.format !== FORMAT) {
      throw new Failure(
        `the checkpoint has format ${String(state.format)}, expected ${FORMAT}; start a new run`,
      );
    }
    const changed = Object.entries(this.options).find(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(state.options[name as keyof SaeOptions]),
    );
    if (changed) {
      const [name, value] = changed;
      throw new Failure(
        `the checkpoint was made with ${name} ${JSON.stringify(state.options[name as keyof SaeOptions])}, not ` +
          `${JSON.stringify(value)}; resume with the options the run was started with, or start a new run`,
      );
    }
    this.parameters.load(tensors);
    this.#step = state.step;
    this.#path.restore(state.path);
    this.#scale = state.scale;
    this.#controller.restore(state.l0);
    this.#threshold = state.threshold;
    this.#inferenceThreshold = state.inferenceThreshold;
    this.#stale = true;
  }

  /** Releases the workers' sessions and, with the last reference to the trainer, its memory. */
  close(): Promise<void> {
    return this.#memory.close();
  }

  #enter(x: Float32Array): void {
    if (this.#busy) throw new Error("a step of this trainer is under way");
    if (x.length !== this.options.batch * this.d_in || !(x.buffer instanceof SharedArrayBuffer)) {
      throw new Error(
        `a batch must be [${this.options.batch}, ${this.d_in}] on shared memory, not ${x.length} values` +
          (x.buffer instanceof SharedArrayBuffer ? "" : " on a memory of this thread alone"),
      );
    }
    this.#busy = true;
  }

  #writePlan(step: number, lr: number, Lambda: number): { stepSize: number; rootCorrection: number } {
    const { options } = this;
    const { ablate } = this.#setup;
    const scalars = adamScalars(options, lr, step);
    const since = deadBefore(options.dead_after, this.steps, step);
    this.#memory.writeStep(options, {
      step,
      deadBefore: since,
      revive: this.#memory.shape.kind.revive && this.parameters.silentSince(since) > 0,
      project: ablate !== "projection",
      trainBiases: ablate !== "bias",
      scale: this.#scale,
      Lambda,
      ...scalars,
      // An ε of 1 drowns the second moment: what is left is gradient descent with momentum.
      epsilon: ablate === "adam" ? 1 : options.epsilon,
    });
    return scalars;
  }

  /** Runs a batch, again with another cut where the first did not do. */
  async #run(
    x: Float32Array,
    { update, screen, rise }: { update: boolean; screen: boolean; rise: number },
  ): Promise<{ dense: boolean; phases: StepReport["phases"] }> {
    const { target_l0 } = this.options;
    const refresh = this.#stale;
    const search = new CutSearch(this.#cut(x));
    for (;;) {
      const outcome = await this.#memory.run({
        x,
        dense: this.#path.dense,
        screen,
        update,
        refresh,
        cut: search.cut,
        sparsityPenalty: this.#penalty(rise),
        targetL0: target_l0,
      });
      if (outcome.tooHigh) search.lower();
      else if (outcome.full && this.#memory.shape.kind.ranked) search.raise();
      else {
        this.#stale = false;
        if (update) this.#threshold = outcome.threshold;
        return { dense: this.#path.dense || outcome.full, phases: outcome.phases };
      }
    }
  }

  /** The cut to collect entries above, where rank in the batch decides. */
  #cut(x: Float32Array): number {
    const { kind } = this.#memory.shape;
    if (kind.ranked !== "batch") return 0;
    if (this.#threshold > 0) return cutBelow(this.#threshold);
    const { apply_b_dec_to_input: centred } = this.options;
    return firstCut(x, this.parameters, { k: kind.k, scale: this.#scale, centred });
  }

  /** λ_s of jumprelu in the units of the loss. */
  #penalty(rise: number): number {
    return l0Penalty(this.options, this.d_in, rise);
  }

  #loss({ mse, l1, l0, extra }: BatchStatistics, Lambda: number, rise: number): number {
    const { objective, target_l0, aux_coefficient } = this.options;
    if (objective === "jumprelu") return mse + this.#penalty(rise) * (l0 / target_l0 - 1) ** 2;
    if (objective === "gated") return mse + Lambda * l1 + extra;
    return this.#memory.shape.kind.l1 ? mse + Lambda * l1 : mse + aux_coefficient * extra;
  }

  #updateDecoderBias(scalars: { stepSize: number; rootCorrection: number }): void {
    if (this.#setup.ablate === "bias") return;
    const { b_dec, b_dec_m, b_dec_v } = this.parameters;
    const { memories, layout } = this.#memory;
    const gradient = decoderBiasGradient(memories, layout, this.options.apply_b_dec_to_input);
    adamUpdate(this.options, scalars, gradient, b_dec, b_dec_m, b_dec_v);
  }

  #checkFinite(loss: number, step: number): void {
    const broken = brokenFeatures(this.#memory.memories, this.#memory.layout);
    if (Number.isFinite(loss) && broken === 0) return;
    const what = broken > 0 ? `${broken} features are no longer finite numbers` : `the loss is ${loss}`;
    throw new Diverged(
      `training diverged at step ${step}: ${what}; lower the learning rate (lr is ${this.options.lr}) or raise its ` +
        `warm-up, and check that Λ ${this.options.Lambda} fits the scale of the activations`,
    );
  }

  /** What the next steps take from this one. */
  #learn(seen: BatchStatistics, took: { dense: boolean; screen: boolean }, risen: boolean): void {
    const { target_l0 } = this.options;
    const { kind } = this.#memory.shape;
    // No threshold: every positive entry of the batch was kept.
    if (kind.ranked === "batch" && this.#threshold > 0) {
      this.#inferenceThreshold =
        this.#inferenceThreshold === 0
          ? this.#threshold
          : THRESHOLD_KEEP * this.#inferenceThreshold + (1 - THRESHOLD_KEEP) * this.#threshold;
    }
    if (kind.l1 && target_l0 > 0) {
      this.#controller.observe(seen.l0, risen);
      if (this.#step === this.steps) {
        this.#setup.onEvent?.({ event: "target-l0", step: this.#step, l0: seen.l0, Lambda: this.Lambda });
      }
    }
    const event = this.#path.observe(seen, took);
    if (event) this.#setup.onEvent?.({ event, step: this.#step, l0: seen.l0 });
  }

  /** Losses of the rows of one more batch under the parameters as they are. */
  async #rowLosses(rows: Float32Array): Promise<Float32Array> {
    const rise = sparsityRise({ ...this.options, steps: this.steps }, this.#step);
    this.parameters.publishDecoderBias();
    await this.#run(rows, { update: false, screen: this.#path.screens(this.#step), rise });
    const { memories, layout, shape } = this.#memory;
    return rowLosses(memories, layout, this.options.batch, shape.kind.l1 ? rise * this.Lambda : 0);
  }
}
