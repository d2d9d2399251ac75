/** The texts of all tokens that occur in the store, kept in memory: a page shows ten thousand of them. */

import type { Connection } from "./connection.ts";
import { revise, revisionOf } from "./schema.ts";

export interface TokenList {
  readonly ids: readonly number[];
  readonly texts: readonly string[];
  /** Without spaces around; and then in lower case. */
  readonly trimmed: readonly string[];
  readonly folded: readonly string[];
}

export class TokenTexts {
  readonly #connection: Connection;
  #revision = -1;
  #texts = new Map<number, string>();
  #list: TokenList | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Looks whether texts were added since; to be called once in a transaction that reads. */
  refresh(): void {
    const revision = revisionOf(this.#connection, "tokens");
    if (revision === this.#revision) return;
    this.#texts = new Map(
      this.#connection.arrays<[number, string]>("SELECT id, text FROM token ORDER BY id"),
    );
    this.#list = undefined;
    this.#revision = revision;
  }

  text(id: number): string {
    return this.#texts.get(id) ?? `<token ${id}>`;
  }

  list(): TokenList {
    if (this.#list === undefined) {
      const texts = [...this.#texts.values()];
      const trimmed = texts.map((text) => text.trim());
      const folded = trimmed.map((text) => text.toLowerCase());
      this.#list = { ids: [...this.#texts.keys()], texts, trimmed, folded };
    }
    return this.#list;
  }
}

export function fold(text: string): string {
  return text.trim().toLowerCase();
}

/** Within a transaction that writes. */
export function putTokens(connection: Connection, ids: Iterable<number>, text: (id: number) => string): void {
  let changes = 0;
  for (const id of ids) {
    changes += connection.run(
      "INSERT INTO token (id, text) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET text = excluded.text WHERE text <> excluded.text",
      id,
      text(id).toWellFormed(),
    ).changes;
  }
  if (changes > 0) revise(connection, "tokens");
}
