/**
 * The page's one way to its data: JSON from the server, or from the chunks of an export. Answers to GETs are kept for a while, so that
 * Back and the neighbouring feature are there at once. Every error is a sentence that can be shown.
 */

import { MODE_ATTRIBUTE } from "../../static-data.ts";
import { ApiError } from "./api-error.ts";
import { exportedAnswer } from "./chunks.ts";

const KEPT = 200;

/** Whether this page was exported: everything it can show lies beside it, and nothing can be computed. */
export const exported = document.documentElement.getAttribute(MODE_ATTRIBUTE) === "export";

export interface Ask {
  /** Aborting leaves the promise rejected with an AbortError. */
  readonly signal?: AbortSignal;
  /** Makes it a POST of this JSON. */
  readonly body?: unknown;
}

const answers = new Map<string, unknown>();
const underWay = new Map<string, Promise<unknown>>();

/** The answer to a GET that was already given; those not looked at for longest are forgotten. */
export function known<T>(path: string): T | undefined {
  const answer = answers.get(path);
  if (answer !== undefined) keep(path, answer);
  return answer as T | undefined;
}

/** Drops answers whose path starts like this, because something was written. */
export function forget(prefix: string): void {
  for (const path of answers.keys()) if (path.startsWith(prefix)) answers.delete(path);
}

/** `path` starts with /api/. Throws an ApiError whose message is a sentence. */
export async function api<T>(path: string, ask: Ask = {}): Promise<T> {
  if (ask.body !== undefined) return (await (await post(path, ask)).json()) as T;
  if (answers.has(path)) return answers.get(path) as T;
  const shared = underWay.get(path);
  if (shared !== undefined) return (await shared) as T;
  const asked = exported
    ? exportedAnswer(path)
    : request(path, { signal: ask.signal }).then((response) => response.json() as Promise<unknown>);
  if (ask.signal === undefined) underWay.set(path, asked);
  try {
    const answer = await asked;
    keep(path, answer);
    return answer as T;
  } finally {
    if (underWay.get(path) === asked) underWay.delete(path);
  }
}

/** Fetches what will probably be looked at next; failing is nobody's concern. */
export function prefetch(path: string): void {
  if (!answers.has(path)) api(path).catch(() => undefined);
}

let soon: ReturnType<typeof setTimeout> | undefined;
/** The pointer rests this long on what it means; what it only passes is not fetched. */
const REST_MS = 60;

/** `prefetch` when the pointer stays; null when it leaves. */
export function prefetchSoon(path: string | null): void {
  clearTimeout(soon);
  soon = path === null ? undefined : setTimeout(() => prefetch(path), REST_MS);
}

/** Lines of JSON as they arrive from a POST. */
export async function* lines<T>(path: string, ask: Ask): AsyncGenerator<T> {
  const { body } = await post(path, ask);
  if (body === null) return;
  let rest = "";
  for await (const text of texts(body)) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const line of parts) if (line !== "") yield JSON.parse(line) as T;
  }
  if (rest !== "") yield JSON.parse(rest) as T;
}

/** What to show of anything that was thrown; null for what was only called off. */
export function sentence(error: unknown): string | null {
  if (error instanceof Error && error.name === "AbortError") return null;
  const message = error instanceof Error ? error.message : String(error);
  return message.charAt(0).toUpperCase() + message.slice(1);
}

async function* texts(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function post(path: string, { signal, body }: Ask): Promise<Response> {
  if (exported) {
    throw new ApiError(
      "This is an exported page, and computing needs the model: open the run with `monosemantic explore`.",
      503,
    );
  }
  return request(path, {
    signal,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function request(
  path: string,
  init: Omit<RequestInit, "signal"> & { signal: AbortSignal | undefined },
) {
  const { signal, ...rest } = init;
  const response = await fetch(path, signal === undefined ? rest : { ...rest, signal }).catch(
    (error: unknown) => {
      if (error instanceof Error && error.name === "AbortError") throw error;
      throw new ApiError(
        "The server does not answer. Is `monosemantic explore` still running in its terminal?",
        0,
      );
    },
  );
  if (response.ok) return response;
  const said = (await response.json().catch(() => null)) as { error?: unknown } | null;
  const message =
    typeof said?.error === "string" ? said.error : `The server answered with status ${response.status}.`;
  throw new ApiError(message, response.status);
}

function keep(path: string, answer: unknown): void {
  answers.delete(path);
  answers.set(path, answer);
  for (const oldest of answers.keys()) {
    if (answers.size <= KEPT) break;
    answers.delete(oldest);
  }
}
