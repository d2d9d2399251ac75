/**
 * Training of one dictionary (definitions in options.ts and presets.ts, the step in training-work.ts and assembly/).
 *
 * All state is in one shared memory, where the pool's workers compute. The main thread sets a step's numbers, adds up what
 * the workers left for it in a fixed order, updates b_dec, and looks after dead features. The same options and the same
 * batches give the same bits, for any number of workers and across save and restore.
 */

import { Failure } from "../errors.ts";
import { serialise } from "../engine/onnx.ts";
import { sharedInts } from "../engine/tensor.ts";
import { Random } from "../random.ts";
import { adamScalars, adamUpdate } from "./adam.ts";
import {
  type DeadFeatureEvent,
  type DeadFeaturePolicy,
  deadFeaturePolicy,
  type ResampleInputs,
} from "./dead-feature-policy.ts";
import type { Sae } from "./dictionary.ts";
import { expectedNormScale, geometricMedian, meanRow } from "./geometric-median.ts";
import { denseForwardGraph, denseGradientGraph, encoderGraph } from "./graphs.ts";
import { initialise } from "./initialisation.ts";
import { loadKernels } from "./kernels.ts";
import {
  allocate,
  DENSE_FEATURES,
  DENSE_ROWS,
  layoutOf,
  type TrainingLayout,
  type TrainingShape,
} from "./layout.ts";
import type { SaeOptions } from "./options.ts";
import { CHUNK, FLAG, writePlan } from "./plan.ts";
import type { Pool } from "./pool.ts";
import { stepsOf, widthOf } from "./presets.ts";
import { learningRate, sparsityCoefficient } from "./schedule.ts";
import { type BatchStatistics, batchStatistics, brokenFeatures, decoderBiasGradient } from "./statistics.ts";
import { type NamedTensors, TrainingParameters } from "./training-parameters.ts";
import { CONTROL, CONTROL_WORDS } from "./training-work.ts";

/** Share of features that fire on a token below which the sparse path is the faster one (docs/results.md). */
export const SPARSE_BELOW = 0.12;

/** Rows of the sample from which centre and scale of the activations are estimated. */
const SAMPLE_ROWS = 16_384;

export interface StepReport extends BatchStatistics {
  readonly step: number;
  readonly tokens: number;
  /** mse + Λ_t · l1, with the Λ of this step. */
  readonly loss: number;
  readonly explainedVariance: number;
  readonly Lambda: number;
  readonly lr: number;
  /** The step took the dense path. */
  readonly dense: boolean;
}

export type TrainingEvent =
  | { readonly event: "dense-to-sparse" | "sparse-to-dense"; readonly step: number; readonly l0: number }
  | DeadFeatureEvent;

export interface TrainerSetup {
  readonly d_in: number;
  readonly options: SaeOptions;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Where new inputs for dead features come from; without it the last batch is used. */
  readonly resampleInputs?: ResampleInputs;
  /** Tests break the method on purpose with this, to show that they would notice. */
  readonly ablate?: Ablation;
}

export type Ablation = "projection" | "resampling" | "bias" | "adam";

/** All of a trainer's state: numbers by name, and a little JSON. */
export interface SavedTrainer {
  readonly tensors: NamedTensors;
  readonly state: TrainerState;
}

export interface TrainerState {
  readonly format: 1;
  readonly step: number;
  readonly dense: boolean;
  /** Factor on raw activations. */
  readonly scale: number;
  readonly options: SaeOptions;
}

export class SaeTrainer {
  readonly options: SaeOptions;
  readonly d_in: number;
  readonly d_sae: number;
  /** Steps of the whole run. */
  readonly steps: number;
  readonly parameters: TrainingParameters;
  readonly #setup: TrainerSetup;
  readonly #pool: Pool;
  readonly #memory: WebAssembly.Memory;
  readonly #layout: TrainingLayout;
  readonly #control: Int32Array;
  readonly #id: number;
  readonly #policy: DeadFeaturePolicy | undefined;
  #step = 0;
  #dense = true;
  #scale = 1;
  #busy = false;

  private constructor(
    setup: TrainerSetup,
    pool: Pool,
    memory: WebAssembly.Memory,
    shape: TrainingShape,
    layout: TrainingLayout,
    control: Int32Array,
    id: number,
  ) {
    this.options = setup.options;
    this.d_in = shape.d_in;
    this.d_sae = shape.d_sae;
    this.steps = stepsOf(setup.options);
    this.parameters = new TrainingParameters(memory, shape, layout);
    this.#setup = setup;
    this.#pool = pool;
    this.#memory = memory;
    this.#layout = layout;
    this.#control = control;
    this.#id = id;
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
    const shape = { d_in, d_sae: widthOf(options, d_in), batch: options.batch, workers: pool.workers };
    const layout = layoutOf(shape);
    const memory = allocate(shape, layout);
    const control = sharedInts(CONTROL_WORDS);
    const { stride } = layout;
    const id = await pool.attach({
      type: "training",
      module: await loadKernels(),
      memory,
      shape,
      layout,
      control,
      graphs: {
        encoder: serialise(encoderGraph(stride, shape.d_sae, CHUNK)),
        denseForward: serialise(denseForwardGraph(stride, shape.d_sae, DENSE_ROWS)),
        denseGradient: serialise(denseGradientGraph(stride, DENSE_FEATURES, shape.batch)),
      },
    });
    const trainer = new SaeTrainer(setup, pool, memory, shape, layout, control, id);
    const { initialisation, initial_length, seed } = options;
    initialise(
      initialisation,
      initial_length,
      d_in,
      stride,
      Random.of(seed, "initialisation"),
      trainer.parameters,
    );
    return trainer;
  }

  /** Steps taken. */
  get stepsTaken(): number {
    return this.#step;
  }

  /** Factor on raw activations: trained on x·scale. Λ and the reported losses are in those units. */
  get scale(): number {
    return this.#scale;
  }

  /**
   * Sets the activations' scale and the decoder bias from a sample.
   * @param sample rows [n, d_in]; the first 16,384 are used
   */
  initialise(sample: Float32Array): void {
    const { normalize_activations, b_dec_init } = this.options;
    const rows = Float32Array.from(sample.subarray(0, SAMPLE_ROWS * this.d_in));
    if (normalize_activations === "expected_average_only_in")
      this.#scale = expectedNormScale(rows, this.d_in);
    if (b_dec_init === "zero") return;
    const centre = b_dec_init === "mean" ? meanRow(rows, this.d_in) : geometricMedian(rows, this.d_in);
    this.parameters.b_dec.set(centre.map((value) => value * this.#scale));
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
      const Lambda = sparsityCoefficient(schedule, step);
      this.#policy?.beforeStep(step);
      const scalars = this.#writePlan(step, lr, Lambda);
      const dense = await this.#run(x, { update: true, Lambda });
      this.#updateDecoderBias(scalars);
      const statistics = batchStatistics(this.#memory, this.#layout, options.batch);
      const loss = statistics.mse + Lambda * statistics.l1;
      this.#checkFinite(loss + statistics.variance, step);
      this.#step = step;
      this.#choosePath(statistics.l0, dense);
      const event = await this.#policy?.afterStep(step, x);
      if (event) this.#setup.onEvent?.(event);
      return {
        ...statistics,
        step,
        tokens: step * options.batch,
        loss,
        explainedVariance: 1 - statistics.mse / statistics.variance,
        Lambda,
        lr,
        dense,
      };
    } finally {
      this.#busy = false;
    }
  }

  /** Share of features that fired in a step after step `since`. */
  aliveSince(since: number): number {
    let alive = 0;
    for (const last of this.parameters.last_fired) if (last > since) alive++;
    return alive / this.d_sae;
  }

  /** The dictionary as it stands, on raw activations: the scale is folded in and decoder rows keep norm 1. */
  dictionary(): Sae {
    const { tensors } = this.save();
    const floats = (name: string) => Float32Array.from(tensors[name]!.data as Float32Array);
    // s·x − b_dec = s(x − b_dec/s): dividing both biases by s divides every f by s and leaves the matrices as they are.
    const unscale = (value: number) => value / this.#scale;
    return {
      architecture: "standard",
      d_in: this.d_in,
      d_sae: this.d_sae,
      W_enc: floats("W_enc"),
      W_dec: floats("W_dec"),
      b_enc: floats("b_enc").map(unscale),
      b_dec: floats("b_dec").map(unscale),
      apply_b_dec_to_input: this.options.apply_b_dec_to_input,
      normalize_activations: "none",
      metadata: {},
    };
  }

  /** The complete state, for an exact continuation. Arrays may be views: write them out before the next step. */
  save(): SavedTrainer {
    return {
      tensors: this.parameters.tensors(),
      state: { format: 1, step: this.#step, dense: this.#dense, scale: this.#scale, options: this.options },
    };
  }

  /**
   * Continues from a saved state.
   * @throws Failure when it belongs to other options
   */
  restore({ tensors, state }: SavedTrainer): void {
    if (state.format !== 1) {
      throw new Failure(`the checkpoint has format ${String(state.format)}, expected 1; start a new run`);
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
    this.#dense = state.dense;
    this.#scale = state.scale;
  }

  /** Releases the workers' sessions and, with the last reference to the trainer, its memory. */
  close(): Promise<void> {
    return this.#pool.detach(this.#id);
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
    const { batch, beta1, beta2, as_published } = options;
    const scalars = adamScalars(options, lr, step);
    writePlan(this.#memory, this.#layout.plan, {
      ...this.#layout.fields,
      features: this.d_sae,
      batch,
      rowBytes: 4 * this.#layout.stride,
      capacity: this.#layout.capacity,
      blocks: this.#layout.blocks,
      step,
      flags:
        (options.apply_b_dec_to_input ? FLAG.centred : 0) |
        (ablate === "projection" ? 0 : FLAG.project) |
        (ablate === "bias" ? 0 : FLAG.trainBiases) |
        (as_published ? FLAG.renormaliseBefore : FLAG.renormaliseAfter),
      scale: this.#scale,
      errorScale: 2 / batch,
      sparsity: Lambda / batch,
      lambda: Lambda,
      ...scalars,
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      // An ε of 1 drowns the second moment: what is left is gradient descent with momentum.
      epsilon: ablate === "adam" ? 1 : options.epsilon,
    });
    return scalars;
  }

  /** @returns whether the dense path was taken */
  async #run(x: Float32Array, { update, Lambda }: { update: boolean; Lambda: number }): Promise<boolean> {
    this.#control.fill(0);
    await this.#pool.run(this.#id, { x, dense: this.#dense, update, sparsity: Lambda / this.options.batch });
    return this.#dense || this.#control[CONTROL.overflow] === 1;
  }

  #updateDecoderBias(scalars: { stepSize: number; rootCorrection: number }): void {
    if (this.#setup.ablate === "bias") return;
    const { b_dec, b_dec_m, b_dec_v } = this.parameters;
    const gradient = decoderBiasGradient(this.#memory, this.#layout, this.options.apply_b_dec_to_input);
    adamUpdate(this.options, scalars, gradient, b_dec, b_dec_m, b_dec_v);
  }

  #checkFinite(loss: number, step: number): void {
    const broken = brokenFeatures(this.#memory, this.#layout);
    if (Number.isFinite(loss) && broken === 0) return;
    const what = broken > 0 ? `${broken} features are no longer finite numbers` : `the loss is ${loss}`;
    throw new Failure(
      `training diverged at step ${step}: ${what}; lower the learning rate (lr is ${this.options.lr}) or raise its ` +
        `warm-up, and check that Λ ${this.options.Lambda} fits the scale of the activations`,
    );
  }

  #choosePath(l0: number, dense: boolean): void {
    const before = this.#dense;
    // An overflow sends the run back to the dense path until it is sparse enough again.
    this.#dense = dense && l0 > SPARSE_BELOW * this.d_sae;
    if (before === this.#dense) return;
    this.#setup.onEvent?.({
      event: this.#dense ? "sparse-to-dense" : "dense-to-sparse",
      step: this.#step,
      l0,
    });
  }

  /** Losses of the rows of one more batch under the parameters as they are. */
  async #rowLosses(rows: Float32Array): Promise<Float32Array> {
    const Lambda = sparsityCoefficient({ ...this.options, steps: this.steps }, this.#step);
    await this.#run(rows, { update: false, Lambda });
    return new Float32Array(this.#memory.buffer, this.#layout.fields.rowLoss, this.options.batch);
  }
}
