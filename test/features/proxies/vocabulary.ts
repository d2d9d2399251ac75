import type { Vocabulary } from "../../../src/features/proxies/spelling.ts";
import type { TokenSplit } from "../../../src/text/shards.ts";

/** A vocabulary of the given tokens, text or bytes; its last id is the separator. */
export function vocabulary(tokens: readonly (string | readonly number[])[]): Vocabulary {
  const bytes = tokens.map((token) =>
    typeof token === "string" ? Buffer.from(token) : Uint8Array.from(token),
  );
  return {
    vocabSize: tokens.length + 1,
    bosId: tokens.length,
    tokenBytes: (id) => bytes[id] ?? (id === tokens.length ? Buffer.from("<|endoftext|>") : undefined),
    tokenText: (id) => `<${id}>`,
  };
}

/** Contexts of equal length as a split. */
export function splitOf(contexts: readonly (readonly number[])[]): TokenSplit {
  const context = contexts[0]?.length ?? 1;
  return {
    contexts: contexts.length,
    context,
    read(first, count, into = new Int32Array(count * context)) {
      into.set(contexts.slice(first, first + count).flat());
      return into;
    },
  };
}
