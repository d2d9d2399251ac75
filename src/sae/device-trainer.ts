/**
 * Training of one dictionary where dense mathematics is cheap: on a GPU, by the graph of device-graph.ts. The sparse step
 * (trainer.ts) is the faster one on a CPU; this one computes every entry, and several steps in one run of its graph.
 *
 * Between runs the state is in shared memory of this process, so it can be saved at any such point. Within a run of the
 * graph Λ follows its schedule, but not yet the L0 of the run's own steps.
 */

import type { Engine, Program } from "../engine/engine.ts";
import { sharedFloats, sizeOf } from "../engine/tensor.ts";
import { Diverged, Failure, UsageError } from "../errors.ts";
import { Random } from "../random.ts";
import { adamScalars } from "./adam.ts";
import { DEVICE_OBJECTIVES, type DeviceObjective, isDeviceObjective } from "./device-objectives.ts";
import {
  deviceGraph,
  type DeviceGraphOptions,
  deviceParameters,
  STATISTICS,
  STEP_NUMBERS,
  type StepNumbers,
} from "./device-graph.ts";
import type { Sae } from "./dictionary.ts";
import { finishedDictionary } from "./finished.ts";
import { startingPoint } from "./starting-point.ts";
import { encoderNormFor, initialise } from "./initialisation.ts";
import { L0Controller } from "./l0-controller.ts";
import type { SaeOptions } from "./options.ts";
import { stepsOf, widthOf } from "./presets.ts";
import { deadBefore, l0Penalty, learningRate, sparsityRise } from "./schedule.ts";
import { stepKind } from "./step-kind.ts";
import type { SavedTrainer, StepReport, TrainingEvent } from "./trainer.ts";
import type { NamedTensor } from "./training-parameters.ts";

/**
 * Rows in one run of the graph. A run moves three arrays for each of the two matrices to the device and back, 48·d·m bytes,
 * and computes about 10·d·m FLOP a row: at 16 GB/s and 20 TFLOP/s the transfer costs as much as 6,000 rows, whatever the
 * dictionary, so with 65,536 of them it is a tenth. (Assumed rates: no GPU was there to measure.)
 */
const ROWS_PER_RUN = 65_536;
/** Bytes of those rows, at most. */
const BATCH_BYTES = 2 ** 28;
/** Each step makes the graph longer by some hundred operations, which all have to be compiled. */
const MOST_STEPS = 32;
/** With an L0 to reach, Λ is adapted between runs of the graph: often enough that it hardly moves from one to the next. */
const ADAPTATIONS = 200;

const FORMAT = 1;

export interface DeviceTrainerSetup {
  readonly d_in: number;
  readonly options: SaeOptions;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Steps in one run of the graph, instead of as many as make the transfer small. */
  readonly stepsPerRun?: number;
}

export class DeviceTrainer {
  readonly options: SaeOptions;
  readonly d_in: number;
  readonly d_sae: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Steps that `run` takes best at once. */
  readonly stepsPerRun: number;
  readonly #engine: Engine;
  readonly #onEvent: ((event: TrainingEvent) => void) | undefined;
  readonly #graph: DeviceGraphOptions;
  readonly #programs = new Map<number, Promise<Program>>();
  readonly #controller: L0Controller;
  /** Parameters, moments and last_fired by the graph's names, and arrays of the same sizes for the next run's results. */
  #state: Record<string, Float32Array<SharedArrayBuffer>> = {};
  #next: Record<string, Float32Array<SharedArrayBuffer>> = {};
  readonly #fired: Int32Array;
  #step = 0;
  #scale = 1;

  /**
   * With first values drawn from the seed, those that `SaeTrainer` draws; `initialise` or `restore` comes next.
   * @param engine on the device, with one worker
   * @throws UsageError when the objective or the policy for dead features has no dense form
   */
  constructor(engine: Engine, { d_in, options, onEvent, stepsPerRun }: DeviceTrainerSetup) {
    const objective = denseObjective(options);
    this.options = options;
    this.d_in = d_in;
    this.d_sae = widthOf(options, d_in);
    this.steps = stepsOf(options);
    this.stepsPerRun = stepsPerRun ?? stepsWorthATransfer(options, d_in, this.steps);
    this.#engine = engine;
    this.#onEvent = onEvent;
    this.#controller = new L0Controller(options.target_l0, this.steps);
    const { beta1, beta2, epsilon, bandwidth, target_l0, apply_b_dec_to_input, decoder_norm } = options;
    const { k, kAux } = stepKind(options, this.d_sae);
    this.#graph = {
      objective,
      d_in,
      d_sae: this.d_sae,
      batch: options.batch,
      steps: this.stepsPerRun,
      centred: apply_b_dec_to_input,
      k,
      kAux,
      auxCoefficient: options.aux_coefficient,
      bandwidth,
      targetL0: target_l0,
      beta1,
      beta2,
      epsilon,
      renormalise: decoder_norm,
    };
    this.#fired = new Int32Array(this.d_sae);
    for (const [name, dims] of Object.entries(deviceParameters(this.#graph))) {
      for (const key of [name, `${name}_m`, `${name}_v`]) this.#allocate(key, sizeOf(dims));
    }
    this.#allocate("last_fired", this.d_sae);
    this.#draw();
  }

  /** Bytes of memory of this process that the dictionary takes while it is trained. */
  get bytes(): number {
    const floats = Object.values(this.#state).reduce((sum, { length }) => sum + length, 0);
    return 4 * (2 * floats + this.d_sae);
  }

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
    if (b_dec) this.#state["b_dec"]!.set(b_dec);
  }

  /**
   * One training step on each batch [batch, d_in] of raw activations, in turn, in one run of a graph. Every other number of
   * batches is another graph to compile.
   * @throws Failure when the run has diverged; the parameters are then those before
   */
  async run(batches: readonly Float32Array[]): Promise<StepReport[]> {
    const program = await this.#program(batches.length);
    const feeds: Record<string, Float32Array> = { ...this.#state };
    batches.forEach((batch, j) => {
      feeds[`x_${j}`] = this.#scaled(batch);
      const numbers = this.#numbers(this.#step + j + 1);
      for (const name of STEP_NUMBERS) feeds[`${name}_${j}`] = Float32Array.of(numbers[name]);
    });
    const into = Object.fromEntries(Object.entries(this.#next).map(([name, data]) => [`next_${name}`, data]));
    const results = await program.run(feeds, into);
    const reports = batches.map((_, j) => this.#report(this.#step + j + 1, results[`statistics_${j}`]!));
    this.#checkFinite(reports, results["size"]![0]!);
    [this.#state, this.#next] = [this.#next, this.#state];
    results["fired"]!.forEach((count, i) => (this.#fired[i]! += count));
    this.#step += batches.length;
    this.#adapt(reports);
    return reports;
  }

  /** Share of features that fired in a step after step `since`. */
  aliveSince(since: number): number {
    return this.#state["last_fired"]!.filter((last) => last > since).length / this.d_sae;
  }

  /** The dictionary as it stands, on raw activations: the scale is folded in and decoder rows have norm 1. */
  dictionary(): Sae {
    const { objective, k, apply_b_dec_to_input } = this.options;
    const names = Object.keys(deviceParameters(this.#graph));
    return finishedDictionary({
      objective,
      d_in: this.d_in,
      d_sae: this.d_sae,
      parameters: Object.fromEntries(names.map((name) => [name, this.#state[name]!])),
      k,
      scale: this.#scale,
      apply_b_dec_to_input,
    });
  }

  /** The complete state. Arrays are those of the trainer: write them out before the next run. */
  save(): SavedTrainer {
    const tensors: Record<string, NamedTensor> = {
      ...Object.fromEntries(
        Object.entries(this.#state).map(([name, data]) => [name, { dims: this.#dims(name), data }]),
      ),
      fired: { dims: [this.d_sae], data: this.#fired },
    };
    return {
      tensors,
      state: {
        format: FORMAT,
        step: this.#step,
        path: { dense: true, screen: false },
        scale: this.#scale,
        l0: this.#controller.save(),
        threshold: 0,
        inferenceThreshold: 0,
        options: this.options,
      },
    };
  }

  /**
   * Continues from a saved state.
   * @throws Failure when it is not of this kind of trainer, or of other dimensions
   */
  restore({ tensors, state }: SavedTrainer): void {
    if (state.format !== FORMAT) {
      throw new Failure(
        `the checkpoint has format ${String(state.format)}, expected ${FORMAT}; start a new run`,
      );
    }
    for (const [name, own] of [...Object.entries(this.#state), ["fired", this.#fired] as const]) {
      const saved = tensors[name];
      if (!saved || saved.data.length !== own.length) {
        throw new Failure(
          `the checkpoint does not fit: ${name} is ${saved ? `[${saved.dims.join(", ")}]` : "missing"}, expected ` +
            `[${this.#dims(name).join(", ")}]; resume with the options the run was started with, or start a new run`,
        );
      }
      own.set(saved.data);
    }
    this.#step = state.step;
    this.#scale = state.scale;
    this.#controller.restore(state.l0);
  }

  /** Releases the compiled graphs. */
  async close(): Promise<void> {
    for (const program of this.#programs.values()) await (await program).release();
    this.#programs.clear();
  }

  #allocate(name: string, length: number): void {
    this.#state[name] = sharedFloats(length);
    this.#next[name] = sharedFloats(length);
  }

  #dims(name: string): readonly number[] {
    return deviceParameters(this.#graph)[name.replace(/_[mv]$/, "")] ?? [this.d_sae];
  }

  #draw(): void {
    const { initialisation, initial_length, seed, threshold_init } = this.options;
    const { d_in, d_sae } = this;
    const state = this.#state;
    const norm = this.#graph.k > 0 ? 1 : encoderNormFor(initial_length, d_in, d_sae);
    const row = (name: string, i: number) => state[name]!.subarray(i * d_in, (i + 1) * d_in);
    const bias = state["b_gate"] ?? state["b_enc"]!;
    initialise(initialisation, norm, Random.of(seed, "initialisation"), {
      d_in,
      d_sae,
      encoderRow: (i) => row("W_enc", i),
      decoderRow: (i) => row("W_dec", i),
      setBias: (i, value) => (bias[i] = value),
    });
    state["threshold"]?.fill(threshold_init);
  }

  #program(steps: number): Promise<Program> {
    let program = this.#programs.get(steps);
    if (!program) {
      program = this.#engine.load(deviceGraph({ ...this.#graph, steps }));
      this.#programs.set(steps, program);
    }
    return program;
  }

  #scaled(batch: Float32Array): Float32Array {
    return this.#scale === 1 ? batch : batch.map((value) => value * this.#scale);
  }

  #numbers(step: number): StepNumbers {
    const { options } = this;
    const schedule = { ...options, steps: this.steps };
    return {
      sparsity: this.#sparsity(step),
      ...adamScalars(options, learningRate(schedule, step), step),
      number: step,
      deadBefore: deadBefore(options.dead_after, this.steps, step),
    };
  }

  /** Λ of a step; of jumprelu λ_s in the units of the loss. */
  #sparsity(step: number): number {
    const rise = sparsityRise({ ...this.options, steps: this.steps }, step);
    if (this.options.objective === "jumprelu") return l0Penalty(this.options, this.d_in, rise);
    return rise * this.Lambda;
  }

  #report(step: number, statistics: Float32Array): StepReport {
    const [loss, mse, l1, l0, variance, extra] = STATISTICS.map((_, i) => statistics[i]!) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const { options } = this;
    return {
      loss,
      mse,
      l1,
      l0,
      variance,
      extra,
      products: 0,
      step,
      tokens: step * options.batch,
      explainedVariance: 1 - mse / variance,
      Lambda: stepKind(options, this.d_sae).l1 ? this.#sparsity(step) : 0,
      lr: learningRate({ ...options, steps: this.steps }, step),
      dense: true,
      phases: { rows: 0, features: 0, products: 0 },
    };
  }

  #checkFinite(reports: readonly StepReport[], size: number): void {
    const broken = reports.find(({ loss, variance }) => !Number.isFinite(loss + variance));
    if (!broken && Number.isFinite(size)) return;
    const what = broken ? `the loss is ${broken.loss}` : "some parameters are no longer finite numbers";
    throw new Diverged(
      `training diverged at step ${broken?.step ?? reports.at(-1)!.step}: ${what}; lower the learning rate (lr is ` +
        `${this.options.lr}) or raise its warm-up, and check that Λ ${this.options.Lambda} fits the scale of the activations`,
    );
  }

  /** Moves Λ towards the wanted L0. */
  #adapt(reports: readonly StepReport[]): void {
    const { target_l0 } = this.options;
    if (target_l0 === 0 || !stepKind(this.options, this.d_sae).l1) return;
    for (const { step, l0 } of reports) {
      const rise = sparsityRise({ ...this.options, steps: this.steps }, step);
      this.#controller.observe(l0, rise === 1);
    }
    const last = reports.at(-1)!;
    if (last.step === this.steps) {
      this.#onEvent?.({ event: "target-l0", step: last.step, l0: last.l0, Lambda: this.Lambda });
    }
  }
}

/**
 * The objective of a dictionary that can be trained here.
 * @throws UsageError when it, or the policy for dead features, has no dense form
 */
export function denseObjective({ objective, dead }: SaeOptions): DeviceObjective {
  if (!isDeviceObjective(objective)) {
    throw new UsageError(
      `--device: objective ${objective} trains on the CPU only, a GPU has ${DEVICE_OBJECTIVES.join(", ")}; ` +
        `use --device cpu`,
    );
  }
  if (dead !== "none") {
    throw new UsageError(
      `--device: dead features are restarted (${dead}) on the CPU only; use --dead none or --device cpu`,
    );
  }
  return objective;
}

/** How many steps one run of the graph takes (see the constants above). */
function stepsWorthATransfer(options: SaeOptions, d_in: number, steps: number): number {
  const { batch, target_l0 } = options;
  const rows = Math.min(ROWS_PER_RUN, BATCH_BYTES / (4 * d_in));
  const worth = Math.min(MOST_STEPS, Math.floor(rows / batch), steps);
  return Math.max(1, target_l0 > 0 ? Math.min(worth, Math.floor(steps / ADAPTATIONS)) : worth);
}
