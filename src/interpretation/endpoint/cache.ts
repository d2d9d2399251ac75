/**
 * Every request with its answer, by the SHA-256 of what was asked: a stopped job goes on without paying twice, and a finished one runs
 * again without a network.
 *
 * The key is over the kind of request and its body in canonical form (names sorted), in which the model stands, so neither the order of
 * fields nor streaming nor the server's address changes it; the key of the account is in neither. Requests are in sixteen files of JSON
 * lines by the hash's first digit, which are only appended to. Each record is one write and has a newline on both sides, so that what a
 * killed process or a full disk cut short is a line of its own that does not parse, and is passed over; and so that several processes may
 * append at once. Long records are compressed: the probabilities of a prompt's tokens come to hundreds of kilobytes.
 */

import { createHash } from "node:crypto";
import { appendFileSync, closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { makeFolder, writeFailure } from "../../files/atomic.ts";

/** Longer records, in characters, are compressed. */
const PLAIN = 4096;

const PREFIX = '{"key":"';
const DIGITS = 64;

interface Place {
  readonly offset: number;
  readonly length: number;
}

interface Shard {
  readonly path: string;
  /** Bytes read so far, up to the end of a line. */
  read: number;
  readonly places: Map<string, Place>;
}

/** What is asked, as a key: 64 hexadecimal digits. */
export function keyOf(kind: string, body: unknown): string {
  return createHash("sha256").update(canonical({ kind, body })).digest("hex");
}

/** JSON with names in order and what is undefined left out. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${fields.join(",")}}`;
}

export class AnswerCache {
  readonly folder: string;
  readonly #shards = new Map<string, Shard>();

  /** The folder is made when the first answer is kept. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** The answer kept under a key, also by another process since; undefined when there is none. */
  get(key: string): unknown {
    const shard = this.#shardOf(key);
    if (!shard.places.has(key)) readOn(shard);
    const place = shard.places.get(key);
    if (place === undefined) return undefined;
    const answer = answerAt(shard.path, place, key);
    if (answer === undefined) shard.places.delete(key);
    return answer;
  }

  /**
   * Keeps an answer for good.
   * @throws Failure naming the file when it cannot be written; what was there before still stands
   */
  put(key: string, request: unknown, answer: unknown): void {
    const { path } = this.#shardOf(key);
    const date = new Date().toISOString();
    const content = JSON.stringify({ request, answer });
    const record =
      content.length <= PLAIN
        ? `${PREFIX}${key}","date":"${date}",${content.slice(1)}`
        : `${PREFIX}${key}","date":"${date}","zstd":"${zstdCompressSync(content).toString("base64")}"}`;
    try {
      makeFolder(this.folder);
      appendFileSync(path, `\n${record}\n`);
    } catch (error) {
      throw writeFailure(path, error);
    }
  }

  #shardOf(key: string): Shard {
    const digit = key[0]!;
    let shard = this.#shards.get(digit);
    if (shard === undefined) {
      shard = { path: join(this.folder, `${digit}.jsonl`), read: 0, places: new Map() };
      this.#shards.set(digit, shard);
    }
    return shard;
  }
}

/** Finds the records that were added since the file was last read. */
function readOn(shard: Shard): void {
  withFile(shard.path, (file) => {
    const { size } = fstatSync(file);
    if (size < shard.read) {
      // Somebody put another file in its place.
      shard.read = 0;
      shard.places.clear();
    }
    const block = Buffer.alloc(Math.min(1 << 22, size - shard.read));
    let rest = Buffer.alloc(0);
    for (let position = shard.read; position < size;) {
      const count = readSync(file, block, 0, Math.min(block.length, size - position), position);
      if (count === 0) break;
      position += count;
      let bytes = Buffer.concat([rest, block.subarray(0, count)]);
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
        note(shard, bytes.subarray(0, end));
        shard.read += end + 1;
        bytes = bytes.subarray(end + 1);
      }
      rest = bytes;
    }
  });
}

function note(shard: Shard, line: Buffer): void {
  if (line.length < PREFIX.length + DIGITS || line.at(-1) !== 0x7d) return;
  const start = line.toString("latin1", 0, PREFIX.length + DIGITS);
  if (!start.startsWith(PREFIX)) return;
  shard.places.set(start.slice(PREFIX.length), { offset: shard.read, length: line.length });
}

/** Undefined when the record there is damaged. */
function answerAt(path: string, { offset, length }: Place, key: string): unknown {
  return withFile(path, (file) => {
    const line = Buffer.alloc(length);
    if (readSync(file, line, 0, length, offset) < length) return undefined;
    try {
      const record = JSON.parse(line.toString()) as { key: string; answer?: unknown; zstd?: string };
      if (record.key !== key) return undefined;
      if (record.zstd === undefined) return record.answer;
      const content = zstdDecompressSync(Buffer.from(record.zstd, "base64")).toString();
      return (JSON.parse(content) as { answer: unknown }).answer;
    } catch {
      return undefined;
    }
  });
}

function withFile<T>(path: string, work: (file: number) => T): T | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
}
