/**
 * Bytes of one file of the hub, in order, across broken connections.
 *
 * A connection that breaks is taken up again with an HTTP Range at the first byte that has not arrived. Downloads,
 * streams and the ranged reads of Parquet files all come through here.
 */

import { messageOf } from "../errors.ts";
import { codeOf, HubFailure, SILENCE, type Hub } from "./hub-request.ts";

export interface RemoteFile {
  readonly url: string;
  /** As messages name it. */
  readonly what: string;
  /** Bytes. */
  readonly size: number;
}

/** Breaks in a row without a single new byte. */
const FRUITLESS = 5;

/**
 * The bytes [begin, end) of `file` in pieces.
 * @throws HubFailure when the hub refuses, the size is not what it said, or nothing comes any more
 */
export async function* readRange(
  hub: Hub,
  file: RemoteFile,
  begin = 0,
  end = file.size,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let position = begin;
  for (let fruitless = 0; position < end;) {
    const before = position;
    let reason = "it ended early";
    try {
      for await (const piece of readOnce(hub, file, position, end)) {
        position += piece.length;
        yield piece;
      }
    } catch (error) {
      if (error instanceof HubFailure) throw error;
      reason = codeOf(error) === "unknown" ? messageOf(error) : codeOf(error);
    }
    if (position >= end) return;
    fruitless = position > before ? 0 : fruitless + 1;
    if (fruitless > FRUITLESS) {
      const got = `${position - begin} of ${end - begin} bytes`;
      throw failure(file, `the connection broke again and again after ${got} (${reason}); try again later`);
    }
    await hub.wait(fruitless);
  }
}

/** The bytes [begin, end) as far as one connection carries. */
async function* readOnce(
  hub: Hub,
  file: RemoteFile,
  begin: number,
  end: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const silence = new SilenceTimer();
  try {
    const isWhole = begin === 0 && end === file.size;
    const headers: Record<string, string> = isWhole ? {} : { range: `bytes=${begin}-${end - 1}` };
    const response = await hub.request(file.url, { what: file.what, headers, signal: () => silence.start() });
    // A server that does not know ranges sends the whole file: what comes before `begin` is passed over.
    let position = response.status === 206 ? checkedStart(file, response, begin) : 0;
    if (response.status !== 206) checkLength(file, response);
    for await (const piece of response.body ?? []) {
      silence.heard();
      const wanted = piece.subarray(Math.max(0, begin - position), Math.max(0, end - position));
      position += piece.length;
      if (wanted.length > 0) yield wanted as Uint8Array<ArrayBuffer>;
      if (position >= end) return;
    }
  } finally {
    silence.stop();
  }
}

/** Ends a connection on which nothing arrives. */
class SilenceTimer {
  #connection = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  /** A new attempt begins. */
  start(): AbortSignal {
    clearTimeout(this.#timer);
    const connection = new AbortController();
    this.#connection = connection;
    this.#timer = setTimeout(() => connection.abort(), SILENCE);
    return connection.signal;
  }

  heard(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#connection.abort();
  }
}

function checkedStart(file: RemoteFile, response: Response, begin: number): number {
  const range = response.headers.get("content-range") ?? "";
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range) ?? [];
  if (Number(start) !== begin)
    throw failure(file, `bytes from ${begin} were asked for, ${range || "others"} came`);
  if (total !== "*" && Number(total) !== file.size) throw wrongSize(file, total!);
  return begin;
}

function checkLength(file: RemoteFile, response: Response): void {
  const length = response.headers.get("content-length");
  if (length !== null && !response.headers.has("content-encoding") && Number(length) !== file.size) {
    throw wrongSize(file, length);
  }
}

function wrongSize(file: RemoteFile, found: string): HubFailure {
  return failure(
    file,
    `it has ${found} bytes, the hub announced ${file.size}; try again, or check HF_ENDPOINT`,
  );
}

function failure(file: RemoteFile, reason: string): HubFailure {
  return new HubFailure(`cannot get ${file.what}: ${reason}`, undefined, false);
}
