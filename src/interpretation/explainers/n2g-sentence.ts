/** Patterns of tokens in words. */

import { ANY, type Pattern } from "./n2g-trie.ts";
import { enumerate, quoteToken } from "./quote-token.ts";

const NAMED = 4;

/** Of a run of tokens. */
const LONGEST_RUN = 48;

/** @param patterns most important first, at least one */
export function describePatterns(
  patterns: readonly { readonly pattern: Pattern }[],
  tokenText: (id: number) => string,
): string {
  // Patterns that differ in how far before their first token something has to stand read alike.
  const distinct = [...new Set(patterns.map(({ pattern }) => write(pattern, tokenText)))];
  const written = distinct.slice(0, distinct.length === NAMED + 1 ? NAMED + 1 : NAMED);
  const others = distinct.length - written.length;
  const list = enumerate([...written, ...(others > 0 ? [`${others} other patterns`] : [])]);
  const notes = [
    ...(written.some((text) => /(?:^| )_(?: |$)/.test(text.replaceAll(/“[^”]*”/g, "")))
      ? ["_ is any one token"]
      : []),
    ...(written.some((text) => text.startsWith("…")) ? ["… is some text before it"] : []),
  ];
  return `fires at the end of ${list}${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`;
}

/** Runs of tokens in quotation marks, _ between them, … for any tokens before the first. */
function write({ tokens, atStart }: Pattern, tokenText: (id: number) => string): string {
  const first = tokens.findIndex((token) => token !== ANY);
  if (first < 0)
    return `any ${tokens.length === 1 ? "token" : `${tokens.length} tokens`}${atStart ? AT_START : ""}`;
  const parts: string[] = atStart ? tokens.slice(0, first).map(() => "_") : first > 0 ? ["…"] : [];
  let run = "";
  const close = () => {
    if (run !== "") parts.push(quoteToken(run, LONGEST_RUN));
    run = "";
  };
  for (const token of tokens.slice(first)) {
    if (token === ANY) {
      close();
      parts.push("_");
    } else run += tokenText(token);
  }
  close();
  return `${parts.join(" ")}${atStart ? AT_START : ""}`;
}

const AT_START = " at the very beginning of a text";
