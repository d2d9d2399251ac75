/**
 * A file of the hub that is read in place, over the network or from the cache.
 */

import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import { Failure } from "../errors.ts";
import type { Hub } from "./hub-request.ts";
import type { KnownFile } from "./hub-lookup.ts";
import { readRange } from "./hub-transfer.ts";

/** A file that is read in place. As `AsyncBuffer`, hyparquet takes it as it is. */
export interface HubBlob {
  readonly commit: string;
  readonly byteLength: number;
  /** The bytes [begin, end). */
  slice(begin: number, end?: number): Promise<ArrayBuffer>;
  /** All bytes from `begin`, in order, in pieces. */
  stream(begin?: number): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

export function remoteBlob(hub: Hub, file: KnownFile): HubBlob {
  return {
    commit: file.commit,
    byteLength: file.size,
    stream: (begin = 0) => readRange(hub, file, begin),
    slice: (begin, end = file.size) => gather(readRange(hub, file, begin, Math.min(end, file.size))),
  };
}

export function localBlob(path: string, commit: string): HubBlob {
  const { size } = statSync(path);
  const read = async function* (begin: number, end: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const input = await open(path);
    try {
      for (let position = begin; position < end;) {
        const piece = new Uint8Array(Math.min(1 << 20, end - position));
        const { bytesRead } = await input.read(piece, 0, piece.length, position);
        if (bytesRead === 0)
          throw new Failure(`${path} became shorter while it was read; delete it and try again`);
        position += bytesRead;
        yield piece.subarray(0, bytesRead);
      }
    } finally {
      await input.close();
    }
  };
  return {
    commit,
    byteLength: size,
    stream: (begin = 0) => read(begin, size),
    slice: (begin, end = size) => gather(read(begin, Math.min(end, size))),
  };
}

async function gather(pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<ArrayBuffer> {
  return new Blob(await Array.fromAsync(pieces)).arrayBuffer();
}
