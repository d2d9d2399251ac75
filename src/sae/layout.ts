/**
 * Where everything of one dictionary under training lies in memory.
 *
 * WebAssembly addresses 4 GiB. A dictionary that needs more is sharded: each memory holds the parameters and Adam moments of
 * its own features (25 bytes for each of d_in·features), its own entries, and a copy of the batch and its residuals.
 */

import { Failure } from "../errors.ts";
import { Arena, GIB, machineBytes, MEMORY_BYTES, roundUp, sharedMemory } from "./memory.ts";
import { BLOCK, CHUNK, PLAN_BYTES, type PlanWord, SCRATCH_BYTES, STATS, type ScratchWord } from "./plan.ts";
import type { SaeOptions } from "./options.ts";
import { widthOf } from "./presets.ts";
import { type StepKind, stepKind } from "./step-kind.ts";

/** Rows and features that one run of a dense graph handles: multiples of CHUNK and BLOCK. */
export const DENSE_ROWS = 256;
export const DENSE_FEATURES = 256;

/** Features whose products with a chunk are computed at a time: the products then stay in the second-level cache. */
const TILE = 2048;

/**
 * Share of all (row, feature) pairs that may be active in a chunk on the sparse path. Beyond it the step is dense.
 */
export const SPARSE_CAPACITY = 0.2;

/** Batch ranks: shares of a batch's largest entries that one chunk has room for. */
const LARGEST_SHARE = 16;

/** Memories that one dictionary may lie in: 256 GiB, and beyond that a mistake in the request is likelier. */
const MOST_SHARDS = 64;

export interface TrainingShape {
  readonly d_in: number;
  readonly d_sae: number;
  readonly batch: number;
  readonly workers: number;
  readonly kind: StepKind;
}

export interface TrainingLayout {
  /** Floats from one row of a matrix to the next: d_in rounded up to 16. The rest of a row is zero. */
  readonly stride: number;
  readonly chunks: number;
  /** Features of a tile; memory has room for whole tiles. */
  readonly tile: number;
  /** Features that each memory is laid out for, so that one set of graphs serves them all. */
  readonly perShard: number;
  /** One memory each, alike in layout but for the last one's number of features. */
  readonly shards: readonly Shard[];
}

export interface Shard {
  /** Features first … first + features − 1 of the dictionary. */
  readonly first: number;
  readonly features: number;
  readonly tiles: number;
  readonly blocks: number;
  /** Entries a chunk has room for. */
  readonly capacity: number;
  /** Bytes from one residual of a row to the next. */
  readonly slotBytes: number;
  readonly plan: number;
  /** Addresses that the plan names. */
  readonly fields: Readonly<Record<PlanAddress, number>>;
  readonly scratch: readonly WorkerScratch[];
  readonly bytes: number;
}

type PlanAddress = Exclude<
  PlanWord,
  | "features"
  | "batch"
  | "rowBytes"
  | "capacity"
  | "blocks"
  | "flags"
  | "step"
  | "objective"
  | "k"
  | "kAux"
  | "deadBefore"
  | "groups"
  | "slotBytes"
>;

/** Memory that one worker alone writes. */
export interface WorkerScratch {
  /** The record of what follows, for the kernels. */
  readonly record: number;
  readonly fields: Readonly<Record<ScratchWord, number>>;
  /** Dense path: gradients of DENSE_FEATURES features, and L1 term and L0 of DENSE_ROWS rows. */
  readonly dW_enc: number;
  readonly dW_dec: number;
  readonly scalars: Readonly<Record<DenseScalar, number>>;
  readonly l1: number;
  readonly l0: number;
}

/** Sums over rows of one feature that the dense graph gives. */
export const DENSE_SCALARS = ["pulls", "db_enc", "dgain", "db_mag", "counts"] as const;
export type DenseScalar = (typeof DENSE_SCALARS)[number];

/** Candidates that TopK takes from the first tile to guess a row's cut: its share of k, and room for chance. */
export function guessRank(k: number, tile: number, features: number): number {
  const expected = (k * Math.min(tile, features)) / features;
  return Math.ceil(expected + 4 * Math.sqrt(expected) + 4);
}

/**
 * @throws Failure when the dictionary cannot be sharded and does not fit one memory, naming the largest width that does
 */
export function layoutOf(shape: TrainingShape): TrainingLayout {
  const whole = layoutIn(shape, 1);
  if (whole.shards[0]!.bytes <= MEMORY_BYTES) return whole;
  if (!shardable(shape.kind)) {
    const width = largestWidth(shape);
    throw new Failure(
      `a dictionary of ${shape.d_sae} features on ${shape.d_in} dimensions with batch ${shape.batch} needs ` +
        `${gigabytes(whole.shards[0]!.bytes)} GiB, and with ${shape.kind.objective} one can have 4: train at most ` +
        `${width} features (expansion ${expansionOf(width, shape.d_in)}), or lower the batch`,
    );
  }
  const most = whole.shards[0]!.bytes / MEMORY_BYTES;
  if (!(most < MOST_SHARDS)) throw tooWide(shape, whole.shards[0]!.bytes, machineBytes());
  for (let count = 2; ; count++) {
    const layout = layoutIn(shape, count);
    if (layout.shards.every(({ bytes }) => bytes <= MEMORY_BYTES)) return layout;
    if (count > shape.d_sae / BLOCK || count > MOST_SHARDS) {
      throw new Failure(
        `a batch of ${shape.batch} rows of ${shape.d_in} dimensions leaves no room for features: lower the batch`,
      );
    }
  }
}

/** Whether features can lie in several memories: active ones are known without a look at the others. */
function shardable({ ranked, slots }: StepKind): boolean {
  return ranked === undefined && slots === 1;
}

/** The layout over `count` memories, whether it fits or not. Tests use it to shard what would fit. */
export function layoutIn(shape: TrainingShape, count: number): TrainingLayout {
  const { d_in, d_sae, batch } = shape;
  const stride = roundUp(d_in, 16);
  const chunks = Math.ceil(batch / CHUNK);
  const perShard = roundUp(Math.ceil(d_sae / count), BLOCK);
  const tile = roundUp(Math.ceil(perShard / Math.ceil(perShard / TILE)), BLOCK);
  const shards: Shard[] = [];
  for (let first = 0; first < d_sae; first += perShard) {
    shards.push(
      shardOf(shape, { stride, chunks, tile, first, features: Math.min(perShard, d_sae - first), perShard }),
    );
  }
  return { stride, chunks, tile, perShard, shards };
}

interface ShardPlace {
  readonly stride: number;
  readonly chunks: number;
  readonly tile: number;
  readonly first: number;
  readonly features: number;
  readonly perShard: number;
}

function shardOf({ batch, workers, kind }: TrainingShape, place: ShardPlace): Shard {
  const { stride, chunks, tile, first, features, perShard } = place;
  const blocks = Math.ceil(features / BLOCK);
  const tiles = Math.ceil(perShard / tile);
  const rows = roundUp(batch, DENSE_ROWS);
  const room = roundUp(Math.max(tiles * tile, perShard), DENSE_FEATURES);
  const capacity = capacityOf(kind, features, chunks);
  const slotBytes = 4 * rows * stride;
  const arena = new Arena();
  const floats = (count: number) => arena.take(4 * count);
  const plan = arena.take(PLAN_BYTES);
  const optional = (present: boolean, count: number) => (present ? floats(count) : 0);
  const gain = kind.gain !== undefined;
  const fields: Record<PlanAddress, number> = {
    groupEnds: floats(kind.groups.length),
    W_enc: floats(room * stride),
    W_dec: floats(room * stride),
    b_enc: floats(room),
    b_dec: floats(stride),
    W_enc_m: floats(features * stride),
    W_enc_v: floats(features * stride),
    W_dec_m: floats(features * stride),
    W_dec_v: floats(features * stride),
    b_enc_m: floats(features),
    b_enc_v: floats(features),
    gain: optional(gain, room),
    gain_m: optional(gain, features),
    gain_v: optional(gain, features),
    b_mag: optional(kind.b_mag, room),
    b_mag_m: optional(kind.b_mag, features),
    b_mag_v: optional(kind.b_mag, features),
    decoderNorm: optional(!kind.unitNorm, features),
    fired: floats(features),
    last_fired: floats(features),
    W_q: arena.take(room * stride),
    W_qScale: floats(features),
    W_qNorm: floats(features),
    W_qError: floats(features),
    input: floats(rows * stride),
    residual: arena.take(kind.slots * slotBytes),
    rowLoss: floats(rows),
    rowL1: floats(rows),
    entryFeature: floats(chunks * capacity),
    entryKey: floats(chunks * capacity),
    entryValue: floats(chunks * capacity),
    entryPull: floats(chunks * capacity),
    entryOther: optional(gain, chunks * capacity),
    blockStart: floats(chunks * (blocks + 1)),
    chunkStats: arena.take(8 * STATS * chunks),
    chunkResidual: floats(chunks * stride),
    chunkInput: floats(chunks * stride),
    blockPull: floats(blocks * stride),
    blockBroken: floats(blocks),
  };
  const scratch = Array.from({ length: workers }, () =>
    scratchOf(arena, kind, place, batch, chunks * capacity),
  );
  return { first, features, tiles, blocks, capacity, slotBytes, plan, fields, scratch, bytes: arena.bytes };
}

function scratchOf(
  arena: Arena,
  kind: StepKind,
  { stride, tile, features }: ShardPlace,
  batch: number,
  entries: number,
): WorkerScratch {
  const floats = (count: number) => arena.take(4 * count);
  const kinds = kind.revive ? 2 : 1;
  const candidates = kinds * CHUNK * features;
  const rank = kind.ranked === "row" ? guessRank(kind.k, tile, features) : 0;
  const blockEntries = Math.min(kinds * BLOCK * batch, entries);
  return {
    record: arena.take(SCRATCH_BYTES),
    fields: {
      z: floats(tile * CHUNK),
      feature: floats(candidates),
      key: floats(candidates),
      value: floats(candidates),
      order: floats(candidates),
      starts: floats(2 * CHUNK + 1),
      // Also 4096 counters of `batchThreshold`, and as many guesses as the last retry makes.
      heap: floats(Math.max(4096, kind.k, kind.kAux, CHUNK * Math.min(tile, 8 * rank))),
      tops: floats(kind.ranked === "row" ? CHUNK * kind.k : 0),
      cut: floats(CHUNK),
      none: floats(CHUNK),
      list: floats(CHUNK),
      least: floats(2 * CHUNK),
      ties: floats(2 * CHUNK),
      xq: arena.take(stride * CHUNK),
      rowScale: floats(CHUNK),
      rowInverse: floats(CHUNK),
      rowCut: floats(CHUNK),
      rowShift: floats(CHUNK),
      rowOffset: floats(CHUNK),
      features: arena.take(64 + 64 + 4 * BLOCK + 8 * stride + 12 * blockEntries),
    },
    dW_enc: floats(DENSE_FEATURES * stride),
    dW_dec: floats(DENSE_FEATURES * stride),
    scalars: Object.fromEntries(DENSE_SCALARS.map((name) => [name, floats(DENSE_FEATURES)])) as Record<
      DenseScalar,
      number
    >,
    l1: floats(DENSE_ROWS),
    l0: floats(DENSE_ROWS),
  };
}

function capacityOf({ ranked, k, kAux }: StepKind, features: number, chunks: number): number {
  const all = CHUNK * features * (kAux > 0 ? 2 : 1);
  if (ranked === "row") return Math.min(all, CHUNK * (k + kAux));
  // Of a batch's largest, one chunk may have more than its share, and candidates below the threshold come on top. A few
  // inputs much larger than the others may have nearly all of them.
  if (ranked === "batch") {
    return Math.min(all, CHUNK * (Math.max(6, Math.min(chunks + 1, LARGEST_SHARE)) * k + kAux));
  }
  return Math.ceil(SPARSE_CAPACITY * CHUNK * features) + CHUNK;
}

/** Bytes that training a dictionary of these options reserves, with `workers` threads. @throws Failure as `layoutOf` does */
export function trainingBytesOf(options: SaeOptions, d_in: number, workers: number): number {
  return trainingBytes(layoutOf(trainingShape(options, d_in, workers)));
}

export function trainingShape(options: SaeOptions, d_in: number, workers: number): TrainingShape {
  const d_sae = widthOf(options, d_in);
  return { d_in, d_sae, batch: options.batch, workers, kind: stepKind(options, d_sae) };
}

/**
 * The shared memories for a layout.
 * @param available bytes that there are @throws Failure when they do not do, naming the largest width for which they would
 */
export function allocate(
  shape: TrainingShape,
  layout: TrainingLayout,
  available = machineBytes(),
): WebAssembly.Memory[] {
  const bytes = trainingBytes(layout);
  if (bytes > available) throw tooWide(shape, bytes, available);
  return layout.shards.map((shard) => sharedMemory(shard.bytes));
}

/** Bytes of all memories of a dictionary under training, as they are reserved; pages never written to are not resident. */
export function trainingBytes({ shards }: TrainingLayout): number {
  return shards.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The widest dictionary of this kind, batch and d_in whose memories take at most `bytes`; 0 when none does. */
export function largestWidth(shape: TrainingShape, bytes = MEMORY_BYTES): number {
  let [fits, fails] = [0, shape.d_sae];
  while (fails - fits > 1) {
    const d_sae = Math.floor((fits + fails) / 2);
    if (widthFits({ ...shape, d_sae }, bytes)) fits = d_sae;
    else fails = d_sae;
  }
  return fits;
}

function widthFits(shape: TrainingShape, bytes: number): boolean {
  const whole = layoutIn(shape, 1);
  if (whole.shards[0]!.bytes > MEMORY_BYTES && !shardable(shape.kind)) return false;
  return trainingBytes(whole) <= bytes;
}

function tooWide(shape: TrainingShape, bytes: number, available: number): Failure {
  const width = largestWidth(shape, available);
  return new Failure(
    `training ${shape.d_sae} features on ${shape.d_in} dimensions with batch ${shape.batch} takes ` +
      `${gigabytes(bytes)} GiB and there are ${gigabytes(available)}: train at most ${width} features ` +
      `(expansion ${expansionOf(width, shape.d_in)}), or lower the batch`,
  );
}

/** The expansion to ask for that gives at most `width` features, in tenths. */
export function expansionOf(width: number, d_in: number): string {
  return (Math.floor((10 * width) / d_in) / 10).toString();
}

function gigabytes(bytes: number): string {
  return (bytes / GIB).toFixed(1);
}
