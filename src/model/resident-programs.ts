/**
 * Programs that are compiled when they are first needed and kept while they are in use: of those that are idle, the least
 * recently used go when there are too many. Each has its arrays with it, used again from run to run: shared memory that
 * is dropped comes back late, and a new set for every run would pile up.
 */

import type { Engine, Program } from "../engine/engine.ts";
import { sharedFloats, sharedInts, sizeOf } from "../engine/tensor.ts";
import type { LiveGraph } from "./live-graphs.ts";

/** Inputs and outputs of one run, by name. Inputs hold what the run before left there. */
export interface RunArrays {
  readonly floats: Readonly<Record<string, Float32Array>>;
  readonly integers: Readonly<Record<string, Int32Array>>;
  readonly outputs: Readonly<Record<string, Float32Array>>;
}

interface Resident {
  readonly program: Promise<Program>;
  readonly inputs: { readonly name: string; readonly dtype: string; readonly size: number }[];
  readonly spare: RunArrays[];
  users: number;
}

export class ResidentPrograms {
  readonly #engine: Engine;
  readonly #limit: number;
  /** Least recently used first. */
  readonly #residents = new Map<string, Resident>();

  constructor(engine: Engine, limit: number) {
    this.#engine = engine;
    this.#limit = limit;
  }

  /**
   * One run of the program `key`, which is built by `build` if it is not there.
   * @param fill writes the inputs
   * @param take reads the outputs, which belong to the next run afterwards
   */
  async run<T>(
    key: string,
    build: () => LiveGraph,
    fill: (arrays: RunArrays) => void,
    take: (outputs: RunArrays["outputs"]) => T,
  ): Promise<T> {
    const resident = this.#hold(key, build);
    try {
      const program = await resident.program;
      const arrays = resident.spare.pop() ?? allocate(program, resident.inputs);
      fill(arrays);
      await program.run({ ...arrays.floats, ...arrays.integers }, arrays.outputs);
      const taken = take(arrays.outputs);
      resident.spare.push(arrays);
      return taken;
    } finally {
      resident.users--;
      this.#evict();
    }
  }

  /** Releases all of them. None may be in use. */
  async close(): Promise<void> {
    const residents = [...this.#residents.values()];
    this.#residents.clear();
    await Promise.all(residents.map(async ({ program }) => (await program).release()));
  }

  #hold(key: string, build: () => LiveGraph): Resident {
    const resident = this.#residents.get(key) ?? this.#load(key, build());
    this.#residents.delete(key);
    this.#residents.set(key, resident);
    resident.users++;
    this.#evict();
    return resident;
  }

  #evict(): void {
    for (const [other, { users, program }] of this.#residents) {
      if (this.#residents.size <= this.#limit) break;
      if (users > 0) continue;
      this.#residents.delete(other);
      // A program that cannot be released was never loaded, or its engine has failed: whoever used it has been told.
      program.then((loaded) => loaded.release()).catch(() => {});
    }
  }

  #load(key: string, { graph, constants }: LiveGraph): Resident {
    const inputs = graph.inputs
      .filter(({ name }) => !(name in constants))
      .map(({ name, dtype, dims }) => ({ name, dtype, size: sizeOf(dims) }));
    const program = this.#engine.load(graph, { constants });
    // One that could not be compiled, for want of memory, is tried again the next time.
    program.catch(() => this.#residents.delete(key));
    return { program, inputs, spare: [], users: 0 };
  }
}

function allocate(program: Program, inputs: Resident["inputs"]): RunArrays {
  const ofType = (float: boolean) => inputs.filter(({ dtype }) => (dtype === "float32") === float);
  return {
    floats: Object.fromEntries(ofType(true).map(({ name, size }) => [name, sharedFloats(size)])),
    integers: Object.fromEntries(ofType(false).map(({ name, size }) => [name, sharedInts(size)])),
    outputs: Object.fromEntries(
      [...program.graph.outputs].map(([name, { dims }]) => [name, sharedFloats(sizeOf(dims))]),
    ),
  };
}
