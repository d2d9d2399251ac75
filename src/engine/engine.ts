/**
 * ONNX Runtime in worker threads. `session.run` blocks its thread, so no session ever lives on the main one: progress,
 * timers and Ctrl-C stay alive. Arrays on shared memory cross to the workers, and into ONNX Runtime, without a copy.
 */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Device } from "./devices.ts";
import type { Graph } from "./graph.ts";
import { serialise } from "./onnx.ts";
import type { Bound, Reply, Request } from "./session-worker.ts";
import { type Dims, sharedFloats, sharedInts, sizeOf } from "./tensor.ts";
import { onDeath } from "./worker-death.ts";

export type Feeds = Readonly<Record<string, Float32Array | Int32Array>>;
export type Fetches = Readonly<Record<string, Float32Array>>;

export interface EngineOptions {
  /** Threads that each hold a session; that many runs go on at once. */
  readonly workers?: number;
  /** Threads ONNX Runtime uses inside one run. */
  readonly threads?: number;
  /** Where the graphs run. A GPU is one place however many threads ask it: give it one worker. */
  readonly device?: Device;
}

interface Job {
  readonly request: Request;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** The worker is done with it, well or badly, or dead. The job itself may have been rejected before. */
  readonly answered: () => void;
  readonly whenAnswered: Promise<void>;
}

/** A worker, the job it runs, and the jobs that only it can do. */
interface Slot {
  readonly worker: Worker;
  readonly queue: Job[];
  running?: Job | undefined;
}

export class Engine {
  #slots: Slot[] = [];
  #queue: Job[] = [];
  #programs = 0;
  #failure?: Error;

  private constructor() {}

  /** Starts the workers. @param options `workers` 1, `threads` 1 and the CPU unless given. */
  static async start({ workers = 1, threads = 1, device = "cpu" }: EngineOptions = {}): Promise<Engine> {
    const engine = new Engine();
    for (let i = 0; i < workers; i++) {
      const worker = new Worker(new URL(`./session-worker${extname(import.meta.url)}`, import.meta.url), {
        workerData: { threads, device },
      });
      const slot: Slot = { worker, queue: [] };
      worker.on("message", (reply: Reply) => engine.#settle(slot, reply));
      onDeath(worker, "an engine", (failure) => {
        engine.#fail(failure);
        slot.running?.answered();
        slot.running = undefined;
      });
      // An idle engine must not keep the process alive; `#advance` takes the reference back for each job.
      worker.unref();
      engine.#slots.push(slot);
    }
    return engine;
  }

  get workers(): number {
    return this.#slots.length;
  }

  /**
   * Compiles a graph in every worker.
   * @param constants values for some of the graph's inputs, fixed for the life of the program: ONNX Runtime lays matrices
   *   out for its kernels once (prepacking), which makes products with them up to a third faster. They must not change.
   */
  async load(
    graph: Graph,
    { constants = {} }: { constants?: Readonly<Record<string, Float32Array>> } = {},
  ): Promise<Program> {
    const id = this.#programs++;
    for (const [name, data] of Object.entries(constants)) {
      const dims = graph.inputs.find((input) => input.name === name)?.dims;
      if (dims) expectLength(graph, name, data, dims);
    }
    const model = serialise(graph, constants);
    await Promise.all(this.#slots.map((slot) => this.#submit({ kind: "load", id, ...model }, slot)));
    const inputs = graph.inputs.filter(({ name }) => !(name in constants));
    return new Program(graph, inputs, {
      run: (feeds, fetches) => this.#submit({ kind: "run", id, feeds, fetches }),
      release: () =>
        Promise.all(this.#slots.map((slot) => this.#submit({ kind: "release", id }, slot))).then(() => {}),
    });
  }

  /**
   * Ends the workers. Runs that wait are rejected; those under way are waited for, since a thread that is stopped inside
   * ONNX Runtime takes the whole process with it.
   */
  async close(): Promise<void> {
    const closed = new Error("the engine was closed");
    this.#failure ??= closed;
    for (const queue of [this.#queue, ...this.#slots.map((slot) => slot.queue)]) {
      for (const job of queue.splice(0)) job.reject(closed);
    }
    await Promise.all(this.#slots.map(({ running }) => running?.whenAnswered));
    await Promise.all(this.#slots.map(({ worker }) => worker.terminate()));
  }

  /** Queues a request: for one particular worker, or for whichever is free first. */
  #submit(request: Request, slot?: Slot): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { promise: whenAnswered, resolve: answered } = Promise.withResolvers<void>();
    (slot?.queue ?? this.#queue).push({ request, resolve, reject, answered, whenAnswered });
    for (const candidate of slot ? [slot] : this.#slots) this.#advance(candidate);
    return promise;
  }

  #advance(slot: Slot): void {
    if (slot.running) return;
    slot.running = slot.queue.shift() ?? this.#queue.shift();
    if (!slot.running) return slot.worker.unref();
    slot.worker.ref();
    slot.worker.postMessage(slot.running.request);
  }

  #settle(slot: Slot, reply: Reply): void {
    const job = slot.running;
    // A worker that is being stopped may still deliver its last answer.
    if (!job) return;
    slot.running = undefined;
    job.answered();
    if (reply.error === undefined) job.resolve();
    else job.reject(new Error(reply.error));
    this.#advance(slot);
  }

  /** Rejects everything. What other workers run stays theirs: `close` waits for it. */
  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { running, queue } of this.#slots) {
      for (const job of [running, ...queue.splice(0)]) job?.reject(error);
    }
    for (const job of this.#queue.splice(0)) job.reject(error);
  }
}

interface Runner {
  run(feeds: Record<string, Bound>, fetches: Record<string, Bound>): Promise<void>;
  release(): Promise<void>;
}

/** A compiled graph. */
export class Program {
  readonly graph: Graph;
  readonly #inputs: readonly { name: string; dtype: string; dims: Dims }[];
  readonly #runner: Runner;

  /** Made by `Engine.load`. */
  constructor(graph: Graph, inputs: readonly { name: string; dtype: string; dims: Dims }[], runner: Runner) {
    this.graph = graph;
    this.#inputs = inputs;
    this.#runner = runner;
  }

  /**
   * One run, on whichever worker is free first.
   * @param feeds every input by name; arrays on shared memory are read in place, others are copied to the worker
   * @param into arrays on shared memory to write outputs into; the others are allocated
   * @returns every output by name
   */
  async run(feeds: Feeds, into: Fetches = {}): Promise<Record<string, Float32Array>> {
    const bound: Record<string, Bound> = {};
    for (const { name, dtype, dims } of this.#inputs) {
      const data = feeds[name];
      if (!data) throw new Error(`graph ${this.graph.name}: input "${name}" is missing`);
      expectLength(this.graph, name, data, dims);
      if ((dtype === "float32") !== data instanceof Float32Array) {
        throw new Error(`graph ${this.graph.name}: input "${name}" must be ${dtype}`);
      }
      bound[name] = { data, dims };
    }
    const fetches: Record<string, { data: Float32Array; dims: Dims }> = {};
    for (const [name, { dims }] of this.graph.outputs) {
      const data = into[name] ?? sharedFloats(sizeOf(dims));
      expectLength(this.graph, name, data, dims);
      if (!(data.buffer instanceof SharedArrayBuffer)) {
        throw new Error(
          `graph ${this.graph.name}: output "${name}" must be on shared memory to be written in place`,
        );
      }
      fetches[name] = { data, dims };
    }
    await this.#runner.run(bound, fetches);
    return Object.fromEntries(Object.entries(fetches).map(([name, { data }]) => [name, data]));
  }

  /** Frees the session in every worker. */
  release(): Promise<void> {
    return this.#runner.release();
  }
}

function expectLength(graph: Graph, name: string, data: { length: number }, dims: Dims): void {
  if (data.length !== sizeOf(dims)) {
    throw new Error(
      `graph ${graph.name}: "${name}" has ${data.length} values, expected [${dims.join(", ")}]`,
    );
  }
}

/** A copy of `data` on shared memory; `data` itself when it is there already. */
export function shared<D extends Float32Array | Int32Array>(data: D): D {
  if (data.buffer instanceof SharedArrayBuffer) return data;
  const copy = data instanceof Float32Array ? sharedFloats(data.length) : sharedInts(data.length);
  copy.set(data as never);
  return copy as unknown as D;
}
