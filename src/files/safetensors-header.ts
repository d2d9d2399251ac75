/**
 * The header of a safetensors file: which tensors it holds, of what type and shape, at which bytes.
 *
 *     u64 little-endian N │ N bytes of JSON {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__"} │ data
 *
 * Model files come from strangers. Every length and offset is checked here against the size of the file, and the
 * tensors must cover the data exactly, without gaps or overlaps, so that nothing after this point can read outside
 * the file or allocate more than the file holds.
 * Format: https://github.com/huggingface/safetensors#format
 */

import { Failure } from "../errors.ts";

/** Bytes of one element, by the name of its type in the file. */
export const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

export type Dtype = keyof typeof ELEMENT_BYTES;

/** The length field before the JSON, in bytes. */
export const PREFIX_BYTES = 8;

/** The format's own limit on the JSON, in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;

export interface TensorEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly size: number;
  /** First byte, counted from the end of the header. */
  readonly begin: number;
  /** One past the last byte. */
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The length of the JSON header that the first eight bytes announce.
 * @throws Failure when the file cannot hold a header of that length
 */
export function headerLength(path: string, prefix: Uint8Array, fileBytes: number): number {
  if (fileBytes === 0) throw damaged(path, "it is empty");
  if (fileBytes < PREFIX_BYTES || prefix.length < PREFIX_BYTES) {
    throw damaged(path, `it has ${fileBytes} bytes, expected at least ${PREFIX_BYTES}`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
  if (length > BigInt(fileBytes - PREFIX_BYTES)) {
    throw damaged(path, `its header claims ${length} bytes, the file has ${fileBytes - PREFIX_BYTES} left`);
  }
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw damaged(path, `its header claims ${length} bytes, expected at most ${MAX_HEADER_BYTES}`);
  }
  return Number(length);
}

/**
 * The checked header of a file whose data part, all that follows the header, has `dataBytes` bytes.
 * @throws Failure naming the file, the tensor and what is wrong with it
 */
export function parseHeader(path: string, json: Uint8Array, dataBytes: number): SafetensorsHeader {
  const { header, text } = parseObject(path, json);
  const entries: [string, TensorEntry][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") metadata = parseMetadata(path, value);
    else entries.push([name, parseEntry(path, name, value, dataBytes)]);
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw damaged(path, `its header names ${quoted(repeated)} twice`);
  entries.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  checkCoverage(path, entries, dataBytes);
  return { tensors: new Map(entries), metadata };
}

/** The sentence for a file that is not what its name says. */
export function damaged(path: string, found: string): Failure {
  return new Failure(`${path} is not a valid safetensors file: ${found}; download or save it again`);
}

/** A name from the file, fit for one line of a message. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
}

function parseObject(path: string, json: Uint8Array) {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
    header = JSON.parse(text);
  } catch (error) {
    throw new Failure(damaged(path, "its header is not JSON").message, { cause: error });
  }
  if (!isObject(header)) throw damaged(path, "its header is JSON but not an object of tensors");
  return { header, text };
}

function parseMetadata(path: string, value: unknown): Record<string, string> {
  if (!isObject(value) || Object.values(value).some((entry) => typeof entry !== "string")) {
    throw damaged(path, "its __metadata__ is not an object of strings");
  }
  return value as Record<string, string>;
}

function parseEntry(path: string, name: string, value: unknown, dataBytes: number): TensorEntry {
  const tensor = `tensor ${quoted(name)}`;
  if (!isObject(value)) throw damaged(path, `${tensor} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    const known = Object.keys(ELEMENT_BYTES).join(", ");
    throw damaged(path, `${tensor} has type ${quoted(String(dtype))}, expected one of ${known}`);
  }
  if (!isCounts(shape)) throw damaged(path, `the shape of ${tensor} is not a list of whole numbers from 0`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw damaged(path, `the data_offsets of ${tensor} are not two whole numbers from 0`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw damaged(path, `${tensor} ends at byte ${end}, before its first byte ${begin}`);
  if (end > dataBytes) {
    throw damaged(
      path,
      `${tensor} ends at byte ${end} of the data, the file has ${dataBytes}: it is cut short`,
    );
  }
  const size = product(shape);
  const bytes = size * ELEMENT_BYTES[dtype as Dtype];
  if (bytes !== end - begin) {
    const expected = Number.isSafeInteger(bytes) ? `${bytes}` : "more than 2^53";
    throw damaged(
      path,
      `${tensor} of type ${dtype} and shape [${clip(shape)}] needs ${expected} bytes, its data_offsets give ${end - begin}`,
    );
  }
  return { dtype: dtype as Dtype, shape, size, begin, end };
}

/** Every byte of the data belongs to exactly one tensor. */
function checkCoverage(path: string, entries: readonly [string, TensorEntry][], dataBytes: number): void {
  let covered = 0;
  let before = "the header";
  for (const [name, { begin, end }] of entries) {
    const tensor = `tensor ${quoted(name)}`;
    if (begin < covered) throw damaged(path, `${tensor} overlaps ${before} from byte ${begin} of the data`);
    if (begin > covered) throw damaged(path, `bytes ${covered} to ${begin} of the data belong to no tensor`);
    covered = end;
    before = tensor;
  }
  if (covered !== dataBytes) {
    throw damaged(path, `${dataBytes - covered} bytes follow the last tensor, expected none`);
  }
}

/**
 * The first key that stands twice at the top level of `text`, which is valid JSON of an object of objects. JSON.parse keeps the
 * last of two equal keys in silence, and two readers could then see different tensors in one file.
 */
function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    else if (char === '"') {
      const start = i++;
      while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
      if (depth !== 1) continue;
      // At the top level every value is an object, so a string there is a key.
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/** The product of `counts`; exact, or beyond every safe integer when it would not be. */
function product(counts: readonly number[]): number {
  if (counts.includes(0)) return 0;
  let size = 1;
  for (const count of counts) {
    size *= count;
    if (!Number.isSafeInteger(size)) return Infinity;
  }
  return size;
}

function clip(shape: readonly number[]): string {
  return shape.length > 8 ? `${shape.slice(0, 8).join(", ")}, …` : shape.join(", ");
}
