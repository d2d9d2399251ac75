/** What a worker is given: once the dictionary, then a task for each step. */

import type { OnnxModel } from "../engine/onnx.ts";
import type { TrainingLayout, TrainingShape } from "./layout.ts";

export interface TrainingJob {
  readonly module: WebAssembly.Module;
  /** One for each shard. */
  readonly memories: readonly WebAssembly.Memory[];
  readonly shape: TrainingShape;
  readonly layout: TrainingLayout;
  readonly graphs: TrainingGraphs;
  /** Shared words, indexed by CONTROL, zeroed by the host before each task. */
  readonly control: Int32Array;
}

export interface TrainingGraphs {
  readonly encoder: OnnxModel;
  readonly screen: OnnxModel;
  /** Absent where rank decides: such a step is never dense. */
  readonly denseForward?: OnnxModel;
  readonly denseGradient?: OnnxModel;
}

export interface TrainingTask {
  /** The batch [batch, d_in] on shared memory. */
  readonly x: Float32Array;
  readonly dense: boolean;
  /** The encoder product is screened in eight bits. */
  readonly screen: boolean;
  /** False: stop after the losses of the rows. */
  readonly update: boolean;
  /** Parameters were set from outside: compute anew what is derived from them. */
  readonly refresh: boolean;
  /** Batch ranks: candidates are entries above this. */
  readonly cut: number;
  /** JumpReLU: λ_s and L0*, from which each step's ∂L/∂L0 follows once its rows are done. */
  readonly sparsityPenalty: number;
  readonly targetL0: number;
}
