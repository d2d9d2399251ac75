/**
 * The WebAssembly kernels of a training step: compiled from `assembly/` at first use, kept in the checkout's `build/`
 * under a name that changes with their source, and loaded from there afterwards. A published package has no sources and
 * brings the compiled `kernels.wasm` beside this module.
 *
 * Nothing is compiled at installation and no binary is in the repository, so what runs is what can be read.
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Failure, messageOf } from "../errors.ts";
import { writeAtomic } from "../files/atomic.ts";

const SOURCES = fileURLToPath(new URL("./assembly/", import.meta.url));
const SHIPPED = fileURLToPath(new URL("./kernels.wasm", import.meta.url));
const BUILD = fileURLToPath(new URL("../../build/", import.meta.url));

/** The memory belongs to the host and is shared by all workers; nothing in it is ever collected. */
const FLAGS = [
  "--importMemory",
  "--sharedMemory",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "65536",
  "--enable",
  "simd,threads,bulk-memory",
  "--runtime",
  "stub",
  "--optimizeLevel",
  "3",
  "--noAssert",
  "--use",
  "abort=",
];

/** What a worker calls; addresses and sizes are unsigned 32-bit, `assembly/` says what each does. */
export interface Kernels {
  planBytes(): number;
  scratchBytes(): number;
  prepare(plan: number, chunk: number, rows: number): void;
  worstError(plan: number): number;
  quantiseRows(plan: number, chunk: number, rows: number, scratch: number, worst: number): void;
  screenCuts(scratch: number): void;
  setCuts(scratch: number, rows: number, cut: number): void;
  guessCuts(plan: number, scratch: number, rows: number, size: number, rank: number, screened: number): void;
  collectTile(plan: number, scratch: number, rows: number, first: number, size: number): void;
  screenTile(plan: number, scratch: number, chunk: number, rows: number, first: number, size: number): number;
  select(plan: number, scratch: number, chunk: number, rows: number): number;
  batchThreshold(plan: number, chunks: number, wanted: number, counts: number): number;
  dropBelow(plan: number, chunk: number, least: number): number;
  beginRows(plan: number, scratch: number, chunk: number, rows: number, count: number, bias: number): void;
  decode(plan: number, scratch: number, chunk: number, rows: number): void;
  pullBack(plan: number, scratch: number, chunk: number, rows: number, products: number): void;
  reconstruct(plan: number, scratch: number, chunk: number, rows: number, products: number): void;
  addBias(plan: number, chunk: number, rows: number): void;
  finishDense(plan: number, chunk: number, rows: number, l1: number, l0: number): void;
  updateSparse(plan: number, block: number, chunks: number, scratch: number): void;
  updateDense(
    plan: number,
    block: number,
    dW_enc: number,
    dW_dec: number,
    pulls: number,
    db_enc: number,
    dgain: number,
    db_mag: number,
    counts: number,
    scratch: number,
  ): void;
  refresh(plan: number, block: number): void;
  encodeRows(
    z: number,
    features: number,
    rows: number,
    gate: number,
    gain: number,
    offset: number,
    keep: number,
    starts: number,
    indices: number,
    values: number,
    scratch: number,
  ): number;
  decodeRows(
    rows: number,
    starts: number,
    indices: number,
    values: number,
    W_dec: number,
    b_dec: number,
    out: number,
    bytes: number,
  ): void;
}

let loading: Promise<WebAssembly.Module> | undefined;

/**
 * The compiled kernels. The first call in a fresh checkout takes one or two seconds.
 * @throws Failure when there are neither sources nor a compiled file
 */
export function loadKernels(): Promise<WebAssembly.Module> {
  loading ??= kernelBytes().then((bytes) => WebAssembly.compile(bytes));
  return loading;
}

/** Makes the kernels callable on one memory, in the calling thread. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
}

async function kernelBytes(): Promise<Uint8Array<ArrayBuffer>> {
  if (!existsSync(SOURCES)) {
    if (!existsSync(SHIPPED)) {
      throw new Failure(
        `the package is incomplete: neither ${SOURCES} nor ${SHIPPED} exists; install it again`,
      );
    }
    return readFileSync(SHIPPED);
  }
  const sources = readSources();
  const hash = createHash("sha256")
    .update(JSON.stringify([FLAGS, sources]))
    .digest("hex")
    .slice(0, 16);
  const path = `${BUILD}kernels-${hash}.wasm`;
  if (existsSync(path)) return readFileSync(path);
  const bytes = await compileKernels(sources);
  try {
    writeAtomic(path, bytes);
  } catch {
    // A checkout that cannot be written compiles anew each time.
  }
  return bytes;
}

function readSources(): Record<string, string> {
  const names = readdirSync(SOURCES)
    .filter((name) => name.endsWith(".ts"))
    .sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(SOURCES + name, "utf8")]));
}

/** Compiles the kernels' sources, by file name, to a WebAssembly module. */
export async function compileKernels(sources = readSources()): Promise<Uint8Array<ArrayBuffer>> {
  const { default: asc } = await import("assemblyscript/asc");
  let output: Uint8Array | undefined;
  const complaints: string[] = [];
  const { error } = await asc.main(["index.ts", "--outFile", "kernels.wasm", ...FLAGS], {
    readFile: (name: string) => sources[name] ?? null,
    writeFile: (_name: string, contents: Uint8Array | string) => {
      if (typeof contents !== "string") output = contents;
    },
    listFiles: () => [],
    stderr: { write: (text: string | Uint8Array) => complaints.push(String(text)) },
  } as Parameters<typeof asc.main>[1]);
  if (error || !output) {
    throw new Error(
      `the kernels do not compile: ${error ? messageOf(error) : "no output"}\n${complaints.join("")}`,
    );
  }
  return new Uint8Array(output);
}
