/** The memories of one dictionary and the workers' view of them: writes a step's numbers, runs it, says how it went. */

import { serialise } from "../engine/onnx.ts";
import { sharedInts } from "../engine/tensor.ts";
import { denseForwardGraph, denseGradientGraph, encoderGraph, screenGraph } from "./graphs.ts";
import { loadKernels } from "./kernels.ts";
import {
  allocate,
  DENSE_FEATURES,
  DENSE_ROWS,
  layoutIn,
  layoutOf,
  type TrainingLayout,
  type TrainingShape,
  trainingBytes,
  trainingShape,
} from "./layout.ts";
import type { SaeOptions } from "./options.ts";
import { CHUNK, FLAG, writePlan, writeScratch } from "./plan.ts";
import type { Pool } from "./pool.ts";
import { CONTROL, CONTROL_WORDS } from "./training-control.ts";
import { TrainingParameters } from "./training-parameters.ts";
import type { TrainingGraphs, TrainingTask } from "./training-job.ts";

/** The kernels' flags for when decoder rows are brought back to norm 1. */
const RENORMALISE: Readonly<Record<SaeOptions["decoder_norm"], number>> = {
  "after-step": FLAG.renormaliseAfter,
  "before-step": FLAG.renormaliseBefore,
  never: 0,
};

/** The numbers of one step. */
export interface StepNumbers {
  readonly step: number;
  /** Features that last fired before this step are dead. */
  readonly deadBefore: number;
  /** There are dead features, and they get an auxiliary loss. */
  readonly revive: boolean;
  readonly project: boolean;
  readonly trainBiases: boolean;
  readonly scale: number;
  readonly Lambda: number;
  readonly stepSize: number;
  readonly rootCorrection: number;
  readonly epsilon: number;
}

export interface StepOutcome {
  /** A chunk had no room for its entries: the step was done densely, or not at all where it cannot be. */
  readonly full: boolean;
  /** Batch ranks: the cut was above the threshold, and nothing was done. */
  readonly tooHigh: boolean;
  /** Batch ranks: the smallest activation that was kept. */
  readonly threshold: number;
  readonly phases: { readonly rows: number; readonly features: number; readonly products: number };
}

export class StepMemory {
  readonly shape: TrainingShape;
  readonly layout: TrainingLayout;
  readonly memories: readonly WebAssembly.Memory[];
  readonly parameters: TrainingParameters;
  readonly #pool: Pool;
  readonly #control: Int32Array;
  readonly #id: number;

  private constructor(
    pool: Pool,
    shape: TrainingShape,
    layout: TrainingLayout,
    memories: readonly WebAssembly.Memory[],
    control: Int32Array,
    id: number,
  ) {
    this.shape = shape;
    this.layout = layout;
    this.memories = memories;
    this.parameters = new TrainingParameters(memories, shape, layout);
    this.#pool = pool;
    this.#control = control;
    this.#id = id;
  }

  /** @throws Failure when the dictionary does not fit in memory, naming the largest width that would */
  static async create(
    pool: Pool,
    d_in: number,
    options: SaeOptions,
    { shards = 1, available }: { shards?: number; available?: number } = {},
  ): Promise<StepMemory> {
    const shape = trainingShape(options, d_in, pool.workers);
    const layout = shards > 1 ? layoutIn(shape, shards) : layoutOf(shape);
    const memories = allocate(shape, layout, available);
    layout.shards.forEach(({ scratch, fields }, i) => {
      for (const worker of scratch) writeScratch(memories[i]!, worker.record, worker.fields);
      new Uint32Array(memories[i]!.buffer, fields.groupEnds, shape.kind.groups.length).set(shape.kind.groups);
    });
    const control = sharedInts(CONTROL_WORDS);
    const id = await pool.attach({
      type: "training",
      module: await loadKernels(),
      memories,
      shape,
      layout,
      control,
      graphs: graphsOf(shape, layout),
    });
    return new StepMemory(pool, shape, layout, memories, control, id);
  }

  /** Whether this machine's integer products are exact; the bound of screening holds for no others. */
  get exactInBytes(): boolean {
    return this.#control[CONTROL.inexact] === 0;
  }

  get bytes(): number {
    return trainingBytes(this.layout);
  }

  writeStep(options: SaeOptions, numbers: StepNumbers): void {
    const { kind, batch } = this.shape;
    const { beta1, beta2, decoder_norm, apply_b_dec_to_input, aux_coefficient, bandwidth } = options;
    const { project, trainBiases, revive, Lambda, step, deadBefore, ...scalars } = numbers;
    this.parameters.publishDecoderBias();
    this.layout.shards.forEach((shard, i) =>
      writePlan(this.memories[i]!, shard.plan, {
        ...shard.fields,
        features: shard.features,
        batch,
        rowBytes: 4 * this.layout.stride,
        capacity: shard.capacity,
        blocks: shard.blocks,
        slotBytes: shard.slotBytes,
        objective: kind.kernel,
        k: kind.k,
        kAux: kind.kAux,
        groups: kind.groups.length,
        step,
        deadBefore,
        flags:
          (apply_b_dec_to_input ? FLAG.centred : 0) |
          (project && kind.unitNorm ? FLAG.project : 0) |
          (trainBiases ? FLAG.trainBiases : 0) |
          (kind.unitNorm ? RENORMALISE[decoder_norm] : FLAG.normPenalty) |
          (options.encoder_product === "screened" ? FLAG.screen : 0) |
          (revive ? FLAG.revive : 0),
        errorScale: 2 / (batch * kind.groups.length),
        auxScale: (2 * aux_coefficient) / batch,
        sparsity: Lambda / batch,
        bandwidth,
        ...scalars,
        beta1,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
      }),
    );
  }

  async run(task: TrainingTask): Promise<StepOutcome> {
    this.#control.fill(0, 0, CONTROL.inexact);
    await this.#pool.run(this.#id, task);
    const word = (name: keyof typeof CONTROL) => this.#control[CONTROL[name]]!;
    return {
      full: word("overflow") === 1,
      tooHigh: word("retry") === 1,
      threshold: new Float32Array(Int32Array.of(word("threshold")).buffer)[0]!,
      phases: {
        rows: word("rowsTime") / 1000,
        features: word("featuresTime") / 1000,
        products: word("productTime") / 1000 / this.shape.workers,
      },
    };
  }

  close(): Promise<void> {
    return this.#pool.detach(this.#id);
  }
}

function graphsOf(
  { kind, batch }: TrainingShape,
  { stride, tile, perShard }: TrainingLayout,
): TrainingGraphs {
  return {
    encoder: serialise(encoderGraph(stride, tile, CHUNK)),
    screen: serialise(screenGraph(stride, tile, CHUNK)),
    ...(kind.ranked === undefined && {
      denseForward: serialise(denseForwardGraph(kind, stride, perShard, DENSE_ROWS)),
      denseGradient: serialise(denseGradientGraph(kind, stride, DENSE_FEATURES, batch)),
    }),
  };
}
