/**
 * Token shards: the tokenised text on disk, read by context number. `manifest.json` describes `train-00000.u16`,
 * `heldout-00000.u16`, … (`.u32` for vocabularies beyond 65,536), little-endian ids, [contexts, context] row-major.
 *
 * Contexts are read by position when they are asked for, and no more of a split is held than that: Node has no memory
 * maps, and what is read again comes from the system's page cache. A shard's checksum is verified when it is first read; a
 * damaged file would otherwise train on noise in silence.
 */

import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure, messageOf } from "../errors.ts";
import { type DocumentBoundaries, readDocumentStarts, type SplitName } from "./document-starts.ts";
import { type ShardSummary, type TokenManifest, readManifest } from "./manifest.ts";

/** The contexts of one side of the split. */
export interface TokenSplit {
  /** How many contexts there are. */
  readonly contexts: number;
  /** Tokens in each. */
  readonly context: number;
  /**
   * Contexts `first` … `first + count − 1` as [count, context], into `into` when given.
   * @throws Failure when a shard is missing or is not what the manifest says
   */
  read(first: number, count: number, into?: Int32Array): Int32Array;
  /** How documents are told apart; undefined where the shards do not say it. */
  readonly boundaries?: DocumentBoundaries | undefined;
}

export interface TokenShards {
  readonly folder: string;
  readonly manifest: TokenManifest;
  readonly train: TokenSplit;
  readonly heldout: TokenSplit;
  /** For each held-out context the kind of text it mostly is, and the bytes that its tokens after BOS stand for. */
  heldoutKinds(): HeldoutKinds;
}

export interface HeldoutKinds {
  readonly kinds: readonly string[];
  /** Index into `kinds`, one number a context. */
  readonly kind: readonly number[];
  /** UTF-8 bytes, one number a context. */
  readonly bytes: readonly number[];
}

export const heldoutKindsName = "heldout-kinds.json";

export type TokenWidth = "u16" | "u32";

export function bytesPerToken(dtype: TokenWidth): number {
  return dtype === "u16" ? 2 : 4;
}

/** A typed array of the shard's width over `buffer`. */
export function tokenArray(dtype: TokenWidth, buffer: ArrayBuffer): Uint16Array | Uint32Array {
  return dtype === "u16" ? new Uint16Array(buffer) : new Uint32Array(buffer);
}

/**
 * Opens a folder of token shards.
 * @throws Failure when there is no manifest, or a shard is missing or has another size than it says
 */
export function openShards(folder: string): TokenShards {
  const manifest = readManifest(folder);
  if (manifest === undefined) {
    throw new Failure(
      `${folder} holds no finished token shards (no manifest.json): tokenise a text into it first`,
    );
  }
  return {
    folder,
    manifest,
    train: new ShardedSplit(folder, manifest, "train"),
    heldout: new ShardedSplit(folder, manifest, "heldout"),
    heldoutKinds: () => readHeldoutKinds(folder, manifest.heldout.contexts),
  };
}

class ShardedSplit implements TokenSplit {
  readonly contexts: number;
  readonly context: number;
  readonly #folder: string;
  readonly #dtype: TokenWidth;
  readonly #shards: readonly ShardSummary[];
  /** First context of each shard. */
  readonly #starts: readonly number[];
  readonly #verified = new Set<number>();
  readonly #side: SplitName;
  readonly #separator: number;

  constructor(folder: string, manifest: TokenManifest, side: SplitName) {
    const { shards, contexts } = manifest[side];
    this.#folder = folder;
    this.#side = side;
    this.#separator = manifest.bos_token_id;
    this.#dtype = manifest.dtype;
    this.#shards = shards;
    this.context = manifest.request.context;
    this.contexts = contexts;
    let start = 0;
    this.#starts = shards.map((shard) => (start += shard.contexts) - shard.contexts);
    if (start !== contexts) {
      throw new Failure(
        `${join(folder, "manifest.json")} contradicts itself: ${contexts} contexts, ${start} in shards`,
      );
    }
    for (const shard of shards)
      checkSize(folder, shard, shard.contexts * this.context * bytesPerToken(this.#dtype));
  }

  get boundaries(): DocumentBoundaries | undefined {
    const starts = readDocumentStarts(this.#folder)?.[this.#side];
    return starts && { separator: this.#separator, starts };
  }

  read(first: number, count: number, into = new Int32Array(count * this.context)): Int32Array {
    if (
      !(Number.isInteger(first) && Number.isInteger(count) && first >= 0 && first + count <= this.contexts)
    ) {
      throw new RangeError(`contexts ${first} to ${first + count - 1} of ${this.contexts} were asked for`);
    }
    if (into.length < count * this.context)
      throw new RangeError(`${into.length} places for ${count} contexts`);
    for (let done = 0; done < count;) {
      const shard = this.#starts.findLastIndex((start) => start <= first + done);
      const offset = first + done - this.#starts[shard]!;
      const here = Math.min(count - done, this.#shards[shard]!.contexts - offset);
      into.set(this.#readShard(shard, offset, here), done * this.context);
      done += here;
    }
    return into;
  }

  #readShard(index: number, offset: number, count: number): Uint16Array | Uint32Array {
    const shard = this.#shards[index]!;
    if (!this.#verified.has(index)) {
      verify(this.#folder, shard);
      this.#verified.add(index);
    }
    const rowBytes = this.context * bytesPerToken(this.#dtype);
    const bytes = readRange(join(this.#folder, shard.file), offset * rowBytes, count * rowBytes);
    return tokenArray(this.#dtype, bytes);
  }
}

function checkSize(folder: string, shard: ShardSummary, expected: number): void {
  const path = join(folder, shard.file);
  let size: number;
  try {
    size = statSync(path).size;
  } catch (error) {
    throw new Failure(
      `token shard ${path} cannot be read (${messageOf(error)}): delete the folder and tokenise again`,
      {
        cause: error,
      },
    );
  }
  if (size === expected) return;
  throw new Failure(
    `token shard ${path} has ${size} bytes, its manifest says ${expected}: delete the folder and tokenise again`,
  );
}

function verify(folder: string, shard: ShardSummary): void {
  const path = join(folder, shard.file);
  const found = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (found === shard.sha256) return;
  throw new Failure(
    `token shard ${path} is damaged (its checksum is not the manifest's): delete the folder and tokenise again`,
  );
}

function readRange(path: string, position: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  const file = openSync(path, "r");
  try {
    for (let done = 0; done < length;) {
      const read = readSync(file, bytes, done, length - done, position + done);
      if (read === 0) throw new Failure(`token shard ${path} got shorter while it was being read`);
      done += read;
    }
  } finally {
    closeSync(file);
  }
  return bytes.buffer;
}

function readHeldoutKinds(folder: string, contexts: number): HeldoutKinds {
  const path = join(folder, heldoutKindsName);
  let table: HeldoutKinds;
  try {
    table = JSON.parse(readFileSync(path, "utf8")) as HeldoutKinds;
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  if (table.kind?.length !== contexts || table.bytes?.length !== contexts || !Array.isArray(table.kinds)) {
    throw new Failure(
      `${path} does not describe the ${contexts} held-out contexts beside it: tokenise again`,
    );
  }
  return table;
}
