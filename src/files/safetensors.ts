/**
 * Tensors in safetensors files, read one by one as they are asked for.
 *
 * Floats of every width arrive as float32 on shared memory, where workers and ONNX Runtime read them without a copy.
 * Only the header is read on opening; a file of several gigabytes costs no more than the tensors taken from it.
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Failure } from "../errors.ts";
import { decodeBfloat16, decodeFloat16 } from "./half.ts";
import { readFailure } from "./read.ts";
import {
  damaged,
  ELEMENT_BYTES,
  headerLength,
  parseHeader,
  PREFIX_BYTES,
  quoted,
  type Dtype,
  type SafetensorsHeader,
  type TensorEntry,
} from "./safetensors-header.ts";

/** Elements converted at a time, so that a conversion holds little beside its result. */
const CHUNK = 1 << 20;

/** One read call's share, below the 2 GiB that the system call takes. */
const READ_BYTES = 1 << 30;

export class SafetensorsFile {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Names of the tensors in the order of their bytes. */
  readonly names: readonly string[];
  readonly #tensors: ReadonlyMap<string, TensorEntry>;
  readonly #dataStart: number;
  #file: number | undefined;

  constructor(path: string, file: number, header: SafetensorsHeader, dataStart: number) {
    this.path = path;
    this.metadata = header.metadata;
    this.names = [...header.tensors.keys()];
    this.#tensors = header.tensors;
    this.#dataStart = dataStart;
    this.#file = file;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /**
   * Type and shape of a tensor, without reading it.
   * @throws Failure when the file has no tensor of that name
   */
  info(name: string): TensorEntry {
    const entry = this.#tensors.get(name);
    if (entry === undefined) throw new Failure(`${this.path} has no tensor ${quoted(name)}`);
    return entry;
  }

  /**
   * The values of an F64, F32, F16 or BF16 tensor as float32, row-major, in `into` when it is given.
   * @throws Failure when the tensor is missing, holds another type, or the file ends before it
   */
  readFloats(name: string, into?: Float32Array): Float32Array {
    const { dtype, size } = this.#expect(name, ["F64", "F32", "F16", "BF16"], "floating-point numbers");
    const floats = into ?? new Float32Array(new SharedArrayBuffer(size * 4));
    if (floats.length !== size)
      throw new Error(`${name} has ${size} values, the array given ${floats.length}`);
    if (dtype === "F32") {
      this.#read(name, 0, new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
    } else if (dtype === "F64") {
      for (const [first, part] of this.#chunks(name, Float64Array)) floats.set(part, first);
    } else {
      const decode = dtype === "F16" ? decodeFloat16 : decodeBfloat16;
      for (const [first, part] of this.#chunks(name, Uint16Array)) {
        decode(part, floats.subarray(first, first + part.length));
      }
    }
    return floats;
  }

  /**
   * The values of an integer or boolean tensor as int32, row-major.
   * @throws Failure when the tensor is missing, holds another type or a value outside int32, or the file ends before it
   */
  readInts(name: string): Int32Array {
    const { dtype, size } = this.#expect(name, Object.keys(INTEGER_ARRAYS) as Dtype[], "whole numbers");
    const ints = new Int32Array(new SharedArrayBuffer(size * 4));
    for (const [first, part] of this.#chunks<ElementArray>(name, INTEGER_ARRAYS[dtype as IntegerDtype])) {
      for (let i = 0; i < part.length; i++) {
        const value = Number(part[i]);
        if (value !== (value | 0)) {
          throw new Failure(
            `tensor ${quoted(name)} of ${this.path} holds ${value}, which does not fit a 32-bit integer`,
          );
        }
        ints[first + i] = value;
      }
    }
    return ints;
  }

  /** Releases the file. Tensors already read stay valid. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #expect(name: string, dtypes: readonly Dtype[], what: string): TensorEntry {
    const entry = this.info(name);
    if (!dtypes.includes(entry.dtype)) {
      throw new Failure(
        `tensor ${quoted(name)} of ${this.path} has type ${entry.dtype}, expected ${what} (${dtypes.join(", ")})`,
      );
    }
    return entry;
  }

  /** The elements in runs of at most CHUNK, each with the index of its first; the array is reused between runs. */
  *#chunks<A extends ElementArray>(name: string, array: new (length: number) => A): Generator<[number, A]> {
    const { dtype, size } = this.info(name);
    const chunk = new array(Math.min(size, CHUNK));
    for (let first = 0; first < size; first += CHUNK) {
      const part = chunk.subarray(0, Math.min(CHUNK, size - first)) as A;
      this.#read(
        name,
        first * ELEMENT_BYTES[dtype],
        new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
      );
      yield [first, part];
    }
  }

  #read(name: string, offset: number, bytes: Uint8Array): void {
    if (this.#file === undefined) throw new Error(`${this.path} was closed before ${name} was read`);
    const position = this.#dataStart + this.info(name).begin + offset;
    if (!readFully(this.#file, bytes, position)) {
      throw damaged(this.path, `it became shorter while tensor ${quoted(name)} was read`);
    }
  }
}

type ElementArray =
  | Float64Array
  | Uint16Array
  | Int16Array
  | Uint8Array
  | Int8Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

const INTEGER_ARRAYS = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  U32: Uint32Array,
  I32: Int32Array,
  U64: BigUint64Array,
  I64: BigInt64Array,
} satisfies Partial<Record<Dtype, new (length: number) => ElementArray>>;

type IntegerDtype = keyof typeof INTEGER_ARRAYS;

/**
 * Opens `path` and checks its header; close() it when done.
 * @throws Failure naming the file and what is wrong with it
 */
export function openSafetensors(path: string): SafetensorsFile {
  const file = openForReading(path);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Failure(`${path} is not a file, expected a safetensors file`);
    const prefix = new Uint8Array(Math.min(PREFIX_BYTES, stats.size));
    readFully(file, prefix, 0);
    const length = headerLength(path, prefix, stats.size);
    const json = new Uint8Array(length);
    if (!readFully(file, json, PREFIX_BYTES))
      throw damaged(path, "it became shorter while its header was read");
    const dataStart = PREFIX_BYTES + length;
    return new SafetensorsFile(path, file, parseHeader(path, json, stats.size - dataStart), dataStart);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw readFailure(path, "a safetensors file", error);
  }
}

/** Fills `bytes` from `position`; false when the file ends before. */
function readFully(file: number, bytes: Uint8Array, position: number): boolean {
  for (let offset = 0; offset < bytes.byteLength;) {
    const wanted = Math.min(bytes.byteLength - offset, READ_BYTES);
    const got = readSync(file, bytes, offset, wanted, position + offset);
    if (got === 0) return false;
    offset += got;
  }
  return true;
}
