/**
 * One try of one request, over OpenAI's client, whose own retries are off: every try has to be counted, and paid for from the budget
 * (transport.ts).
 */

import type { OpenAI } from "openai";
import { type Asker, byWords, FailedTry, failedTry, isPage, unreadable } from "./failures.ts";
import { assemble, type Chunk } from "./stream.ts";
import { withoutKey } from "./secrets.ts";
import { aborted, throwIfAborted } from "./waiting.ts";

/** Longer than any timer of ours: the client's own timeouts never come first. */
const NEVER = 2 ** 31 - 1;

export class Connection {
  readonly #client: OpenAI;
  readonly #asker: Asker;
  readonly #timeout: number;

  /** @param timeout milliseconds without an answer, or without the next piece of one */
  constructor(client: OpenAI, asker: Asker, timeout: number) {
    this.#client = client;
    this.#asker = asker;
    this.#timeout = timeout;
  }

  static async open(baseUrl: URL, key: string, asker: Asker, timeout: number): Promise<Connection> {
    const { OpenAI } = await import("openai");
    // The admin key and the logger would otherwise come from the environment.
    const client = new OpenAI({
      apiKey: key,
      adminAPIKey: null,
      baseURL: baseUrl.href,
      maxRetries: 0,
      timeout: NEVER,
      logLevel: "off",
    });
    return new Connection(client, asker, timeout);
  }

  /**
   * The server's answer, as JSON; of a streamed chat, put together as if it had not been.
   * @param path below the base URL, or a whole URL
   * @throws FailedTry, and the signal's reason
   */
  async post(path: string, body: Record<string, unknown>, signal?: AbortSignal): Promise<unknown> {
    throwIfAborted(signal);
    const streamed = body["stream"] === true;
    const control = new AbortController();
    let late = false;
    let timer: NodeJS.Timeout | undefined;
    const hear = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        late = true;
        control.abort();
      }, this.#timeout);
    };
    hear();
    const off = aborted(signal, (reason) => control.abort(reason));
    try {
      const request = { body, signal: control.signal, stream: streamed };
      const answer = streamed
        ? await assemble(await this.#client.post<AsyncIterable<Chunk>>(path, request), hear)
        : await this.#client.post(path, request);
      // An aborted stream ends like one that is complete.
      if (!control.signal.aborted) return this.#checked(answer, path);
    } catch (error) {
      if (!control.signal.aborted) throw failedTry(error, path, this.#asker);
    } finally {
      clearTimeout(timer);
      off();
    }
    if (!late) throwIfAborted(signal);
    throw new FailedTry(`no answer within ${this.#timeout / 1000} seconds`, { follows: "again", lost: true });
  }

  /** Names of the models that the server has; none when it does not say. */
  async models(signal?: AbortSignal): Promise<string[]> {
    try {
      const list = await this.#client.get<{ data?: { id?: unknown }[] }>("/models", {
        timeout: 5000,
        ...(signal && { signal }),
      });
      return (list.data ?? []).flatMap(({ id }) => (typeof id === "string" ? [id] : []));
    } catch {
      return [];
    }
  }

  #checked(answer: unknown, path: string): unknown {
    let body = answer;
    if (typeof body === "string") {
      if (isPage(body)) {
        throw unreadable(
          "it answers with a page, not with JSON: a proxy in between, or a wrong --base-url (most end in /v1)",
          200,
        );
      }
      // JSON by another name: text/plain, or none.
      try {
        body = JSON.parse(body);
      } catch {
        throw unreadable("the answer ends in the middle, or is not JSON");
      }
    }
    if (typeof body !== "object" || body === null) throw unreadable("the answer is empty");
    const { error } = body as { error?: unknown };
    if (error !== undefined && error !== null) throw byWords(error, path, this.#asker);
    return withoutKey(body, this.#asker.redact);
  }
}
