/**
 * Which units fire on a token, and which raise its logit: the index that a search for a token uses. A token is any sequence of bytes,
 * so it is found by comparing texts (search.ts) and not by a full-text index, which would take it apart or leave it out.
 */

import type { UnitRecord } from "../features/records.ts";
import type { Connection } from "./connection.ts";
import { tokensOf } from "./unit-text.ts";

/** Of each unit's tokens, the first that it fires on, and the first whose logits it raises. */
const TOKENS = 32;

/** Tokens of one transaction. */
const CHUNK = 5_000;

export interface Posting {
  readonly token: number;
  /** Units, ascending. */
  readonly fires: Uint32Array;
  readonly raises: Uint32Array;
}

export class PostingsWriter {
  readonly #fires = new Map<number, number[]>();
  readonly #raises = new Map<number, number[]>();

  add(unit: UnitRecord): void {
    for (const token of tokensOf(unit).slice(0, TOKENS)) {
      append(this.#fires, token, unit.index);
    }
    for (const { token } of unit.logits?.top.slice(0, TOKENS) ?? []) append(this.#raises, token, unit.index);
  }

  /** @param between is called within each transaction, to make sure that the analysis is still one's own */
  write(connection: Connection, analysis: number, between: () => void): void {
    const tokens = [...new Set([...this.#fires.keys(), ...this.#raises.keys()])].sort((a, b) => a - b);
    for (let start = 0; start < tokens.length; start += CHUNK) {
      connection.write(() => {
        between();
        for (const token of tokens.slice(start, start + CHUNK)) {
          connection.run(
            "INSERT INTO posting (analysis, token, fires, raises) VALUES (?, ?, ?, ?)",
            analysis,
            token,
            bytesOf(this.#fires.get(token)),
            bytesOf(this.#raises.get(token)),
          );
        }
      });
    }
  }
}

export function readPostings(connection: Connection, analysis: number, tokens: readonly number[]): Posting[] {
  return connection
    .arrays<[number, Uint8Array, Uint8Array]>(
      "SELECT token, fires, raises FROM posting WHERE analysis = ? AND token IN (SELECT value FROM json_each(?))",
      analysis,
      JSON.stringify(tokens),
    )
    .map(([token, fires, raises]) => ({ token, fires: unitsOf(fires), raises: unitsOf(raises) }));
}

function append(lists: Map<number, number[]>, token: number, unit: number): void {
  const list = lists.get(token);
  if (list === undefined) lists.set(token, [unit]);
  else if (list.at(-1) !== unit) list.push(unit);
}

function bytesOf(units: number[] = []): Uint8Array {
  return new Uint8Array(Uint32Array.from(units).sort().buffer);
}

function unitsOf(bytes: Uint8Array): Uint32Array {
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(whole.buffer, whole.byteOffset, whole.length >> 2);
}
