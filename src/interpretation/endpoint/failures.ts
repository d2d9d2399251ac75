/**
 * Why a try of a request got no answer, and what follows from it: another try, going on without this answer, or the end of the work.
 *
 * A busy server, a timeout, a cut connection and half an answer pass; a wrong key, model or address do not, and hold for every request; a
 * refused request holds for that one.
 */

import type { APIError } from "openai";
import { messageOf } from "../../errors.ts";
import { quotable, type Redact } from "./secrets.ts";

export type Follows = "again" | "without" | "stop";

/** One try that got no answer. Its message is the reason alone, and holds no secret. */
export class FailedTry extends Error {
  readonly follows: Follows;
  /** Of HTTP; null when there was no whole answer. */
  readonly status: number | null;
  /** The server may have made an answer, and may send a bill for it. */
  readonly lost: boolean;
  /** How long the server asks to be left alone, in milliseconds. */
  readonly wait: number | null;

  constructor(
    message: string,
    kind: {
      readonly follows: Follows;
      readonly status?: number | null;
      readonly lost?: boolean;
      readonly wait?: number | null;
    },
  ) {
    super(message);
    this.follows = kind.follows;
    this.status = kind.status ?? null;
    this.lost = kind.lost ?? false;
    this.wait = kind.wait ?? null;
  }
}

/** Half an answer, or one of another form than its protocol's: it was made, so it counts. `status`: when it came whole. */
export function unreadable(reason: string, status: number | null = null): FailedTry {
  return new FailedTry(reason, { follows: "again", lost: true, status });
}

export interface Asker {
  readonly address: string;
  readonly model: string;
  readonly hasKey: boolean;
  readonly redact: Redact;
}

/** What OpenAI's client or fetch has thrown, as a failed try. */
export function failedTry(error: unknown, path: string, asker: Asker): FailedTry {
  if (error instanceof FailedTry) return error;
  const status = (error as APIError).status;
  if (typeof status === "number") {
    const { headers } = error as APIError;
    return byStatus(status, wordsOf(error as APIError), path, asker, waitOf(headers));
  }
  if (error instanceof SyntaxError) return unreadable("the answer ends in the middle, or is not JSON");
  const within = (error as APIError).error;
  // An error in place of the next piece of a stream.
  if (within !== undefined && within !== null) return byWords(within, path, asker);
  const reason = quotable(deepest(error), asker.redact);
  // Nobody was there: nothing can have been lost.
  const never = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/.test(reason);
  return new FailedTry(never ? `nobody answers there (${reason})` : `the connection broke (${reason})`, {
    follows: "again",
    lost: !never,
  });
}

/** An error that came as the answer: its own code counts, where it has one. */
export function byWords(body: unknown, path: string, asker: Asker): FailedTry {
  const { code, status } = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const said = [code, status].map(Number).find((n) => Number.isInteger(n) && n >= 400 && n < 600);
  return byStatus(said ?? 500, saidIn(body), path, asker, null);
}

/** What each status means, for this request and for others. */
function byStatus(status: number, words: string, path: string, asker: Asker, wait: number | null): FailedTry {
  const { address, model } = asker;
  const said = isPage(words) ? "a page, as a proxy sends it" : quotable(words, asker.redact);
  const because = said === "" ? `(${status})` : `(${status}: ${said})`;
  const stop = (message: string) => new FailedTry(message, { follows: "stop", status });
  if (status === 401) {
    return stop(
      asker.hasKey
        ? `${address} does not accept the key in OPENAI_API_KEY ${because}: set it to one that is valid there`
        : `${address} wants a key ${because}: put it into the environment variable OPENAI_API_KEY`,
    );
  }
  // A text that a filter does not let through, and not a key without rights.
  const flagged = /moderat|flagged|content.?(filter|policy|management)/i.test(words);
  if (status === 402 || (status === 429 && /insufficient_quota|exceeded your current quota/i.test(words))) {
    return stop(
      `the account at ${address} has no credit left ${because}: what is answered is kept; go on with the same command`,
    );
  }
  if (status === 403 && !flagged) {
    return stop(
      `${address} does not let this key use the model ${model} ${because}: ask for access, or use another model or key`,
    );
  }
  if (status === 404 && /model/i.test(words) && !isPage(words)) {
    return stop(`${address} has no model ${model} ${because}: check --model`);
  }
  if (status === 404 || status === 405) {
    return stop(
      `nothing at ${address} answers ${path} ${because}: check --base-url, which for most servers ends in /v1`,
    );
  }
  if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500) {
    const busy = status === 429 || status === 503 || status === 529;
    return new FailedTry(busy ? `the server is busy ${because}` : `the server failed ${because}`, {
      follows: "again",
      status,
      lost: status >= 500 && !busy,
      wait,
    });
  }
  return new FailedTry(`the server refuses the request ${because}`, { follows: "without", status });
}

/** The pause that a server asks for in its headers: `retry-after-ms`, or `retry-after` in seconds or as a date. */
export function waitOf(headers: Headers | undefined, now = Date.now()): number | null {
  const milliseconds = Number.parseFloat(headers?.get("retry-after-ms") ?? "");
  if (Number.isFinite(milliseconds)) return Math.max(0, milliseconds);
  const text = headers?.get("retry-after")?.trim();
  if (text === undefined || text === "") return null;
  const wait = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}

export function isPage(text: string): boolean {
  return /^\s*<(!doctype|html|head|body|\?xml)/i.test(text);
}

/** What the server said: the message within its JSON, or its text. OpenAI's client puts the status before the latter. */
function wordsOf(error: APIError): string {
  const said = saidIn(error.error);
  return said === "" ? error.message.replace(/^\d{3}\s*/, "") : said;
}

function saidIn(body: unknown): string {
  if (typeof body === "string") return body;
  if (typeof body !== "object" || body === null) return "";
  const { message, detail, code, error } = body as Record<string, unknown>;
  const words = [message, detail, error].find((value) => typeof value === "string" && value !== "");
  if (typeof words !== "string") return error === undefined ? JSON.stringify(body) : saidIn(error);
  return typeof code === "string" && !words.includes(code) ? `${words} [${code}]` : words;
}

/** fetch says "fetch failed", and why one or two causes down. */
function deepest(error: unknown): string {
  let at = error;
  const seen: string[] = [];
  for (let depth = 0; depth < 6 && at instanceof Error; depth++) {
    const code = (at as NodeJS.ErrnoException).code;
    seen.push(typeof code === "string" && !at.message.includes(code) ? `${code} ${at.message}` : at.message);
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return seen.findLast((text) => text.trim() !== "") ?? messageOf(error);
}
