/** Files as streams of bytes, decompressed by the ending of their name. */

import { once } from "node:events";
import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Failure, messageOf } from "../errors.ts";

/** A file that is read in place: on this machine, or on the hub. */
export interface ByteFile {
  /** As messages name it. */
  readonly name: string;
  readonly byteLength: number;
  /** The bytes [begin, end). */
  slice(begin: number, end?: number): Promise<ArrayBuffer>;
  stream(): AsyncIterable<Uint8Array>;
}

/** The name without `.gz` or `.zst`. */
export function uncompressedName(name: string): string {
  return name.replace(/\.(gz|zst)$/i, "");
}

/**
 * The bytes of `file`, decompressed when its name ends in `.gz` or `.zst`.
 * @throws Failure when the file is damaged or cut short
 */
export async function* readBytes(file: ByteFile): AsyncGenerator<Uint8Array> {
  if (/\.gz$/i.test(file.name)) yield* whole(file, gunzip(file.stream()));
  else if (/\.zst$/i.test(file.name)) yield* whole(file, unzstd(file.stream()));
  else yield* file.stream();
}

async function* whole(file: ByteFile, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (file.byteLength === 0) return;
  try {
    yield* bytes;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Failure || !/^(Z_|ZSTD_)/.test(code ?? "")) throw error;
    const found = code === "Z_BUF_ERROR" ? "is cut short" : `is damaged (${messageOf(error)})`;
    throw new Failure(`${file.name} ${found}: fetch it again`, { cause: error });
  }
}

async function* gunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = Readable.from(chunks);
  const output = createGunzip();
  input.on("error", (error) => output.destroy(error));
  try {
    yield* input.pipe(output);
  } finally {
    // A reader that stops early must not leave the file behind it open.
    input.destroy();
  }
}

/**
 * Zstandard with any number of frames one after the other, as parallel compressors write them. Node's own stream ends
 * in silence behind the first one, so what it has left over is given to a new one.
 */
async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let frame = new ZstdFrames();
  try {
    for await (const chunk of chunks) {
      for (let rest = chunk; rest.length > 0;) {
        const used = await frame.write(rest);
        yield* frame.output();
        if (used < rest.length) frame = new ZstdFrames();
        rest = rest.subarray(used);
      }
    }
    await frame.end();
    yield* frame.output();
  } finally {
    frame.close();
  }
}

class ZstdFrames {
  readonly #stream = createZstdDecompress();
  readonly #ended: Promise<unknown>;
  #output: Uint8Array[] = [];
  #written = 0;

  constructor() {
    this.#ended = once(this.#stream, "end");
    this.#ended.catch(() => {});
    this.#stream.on("data", (piece: Uint8Array) => this.#output.push(piece));
  }

  /** Decompresses `bytes` and returns how many of them belonged to this stream; fewer than all means that it is over. */
  async write(bytes: Uint8Array): Promise<number> {
    const before = this.#written;
    const taken = new Promise<void>((resolve, reject) => {
      this.#stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    taken.catch(() => {});
    await Promise.race([taken, this.#ended]);
    this.#written = this.#stream.bytesWritten;
    return this.#written - before;
  }

  async end(): Promise<void> {
    if (this.#written === 0) return;
    this.#stream.end();
    await this.#ended;
  }

  output(): Uint8Array[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  close(): void {
    this.#stream.destroy();
  }
}
