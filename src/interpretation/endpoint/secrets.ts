/**
 * Keeps keys out of everything that is written or shown: servers repeat them in error messages, and could in answers. Whatever comes
 * from a server goes through here first.
 */

import { NO_KEY } from "./options.ts";

/** Shorter ones ("x", "EMPTY") are no secrets, and replacing them would spoil answers. */
const SHORTEST = 6;
const HIDDEN = "[key]";

export type Redact = (text: string) => string;

/** Replaces the key and the values of the base URL's query, also as they read within JSON or a URL, and whatever looks like a key. */
export function redactor(key: string, url: URL): Redact {
  const secrets = [key === NO_KEY ? "" : key, ...url.searchParams.values()]
    .filter((secret) => secret.length >= SHORTEST)
    .flatMap((secret) => [secret, quoted(secret), quoted(quoted(secret)), encodeURIComponent(secret)])
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((safe, secret) => safe.replaceAll(secret, HIDDEN), text);
}

/** As it reads within a string in JSON. */
function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The server's words for a sentence: one line, not long, without secrets or anything that could pass for one. */
export function quotable(text: string, redact: Redact): string {
  const line = redact(text)
    .replace(/\b(sk|pk|key)-[\w-]{6,}/gi, HIDDEN)
    .replace(/\bBearer\s+[^\s"']+/gi, `Bearer ${HIDDEN}`)
    // oxlint-disable-next-line no-control-regex -- a server's words may move the cursor of the terminal that shows them
    .replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ")
    .trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/** An answer as a server sent it, without the key in its strings; nor the tokens of a text that had it, which would spell it. */
export function withoutKey(answer: object, redact: Redact): object {
  const text = JSON.stringify(answer);
  const safe = redact(text);
  if (safe === text) return answer;
  return JSON.parse(safe, (name, value: unknown) => (name === "logprobs" ? null : value)) as object;
}
