/**
 * One request to the Hugging Face hub: who asks, how often, and what is said when it fails.
 *
 * Requests that failed for a passing reason (429, 5xx, a broken connection) are repeated with growing pauses, or
 * after the pause that the hub asks for. The token goes to the hub's own address and nowhere else: not to the
 * storage that the hub redirects to, not into a message.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../errors.ts";
import { Random } from "../random.ts";

export interface HubOptions {
  /** Address of the hub; HF_ENDPOINT, else https://huggingface.co. */
  readonly endpoint?: string;
  /** Access token; HF_TOKEN, else none. */
  readonly token?: string;
  /** Use only what the cache has; HF_HUB_OFFLINE. */
  readonly offline?: boolean;
  /** Where files are kept, in huggingface_hub's layout; HF_HUB_CACHE, else below HF_HOME. */
  readonly cacheFolder?: string;
  /** Milliseconds before the first repetition of a failed request; each further one waits twice as long. */
  readonly pause?: number;
  readonly onProgress?: (progress: HubProgress) => void;
}

export interface HubProgress {
  /** Path in the repository. */
  readonly file: string;
  /** Bytes that have arrived, those of earlier attempts included. */
  readonly received: number;
  readonly total: number;
}

/** The answer of the hub was no. */
export class HubFailure extends Failure {
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** The file, not the repository or the revision, is what does not exist (or, offline, is not in the cache). */
  readonly isMissingFile: boolean;

  constructor(message: string, status: number | undefined, isMissingFile: boolean, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.isMissingFile = isMissingFile;
  }
}

export interface HubRequest {
  /** What is asked for, as a message names it: `config.json of model distilgpt2`. */
  readonly what: string;
  readonly method?: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  /** `manual` gives the redirection itself. */
  readonly redirect?: "follow" | "manual";
  /** Makes the signal that ends one attempt; without it an attempt, body included, ends after SILENCE. */
  readonly signal?: () => AbortSignal;
}

const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
const REPETITIONS = 5;
const FIRST_PAUSE = 1000;

/** Beyond this many milliseconds a person should decide whether to wait. */
const LONGEST_PAUSE = 10 * 60_000;

/** A connection that is silent for so many milliseconds counts as broken. */
export const SILENCE = 60_000;

/** There is no network, no such host, nobody there, or no such port: repeating does not help. */
const UNREACHABLE = new Set(["ENOTFOUND", "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "TypeError"]);

export class Hub {
  readonly endpoint: string;
  readonly #token: string | undefined;
  readonly #pause: number;
  readonly #random = Random.of(process.pid, "hub pauses");

  /** @throws Failure when the address or the token cannot be used; the message does not hold the token */
  constructor(options: HubOptions = {}) {
    this.endpoint = parseEndpoint(
      options.endpoint ?? (process.env["HF_ENDPOINT"] || "https://huggingface.co"),
    );
    this.#token = parseToken(options.token ?? process.env["HF_TOKEN"]);
    this.#pause = options.pause ?? FIRST_PAUSE;
  }

  /**
   * The response to a request, with a status of success (or of redirection where that is asked for).
   * @throws HubFailure when the hub says no, or cannot be reached
   */
  async request(url: string, request: HubRequest): Promise<Response> {
    for (let repetition = 0; ; repetition++) {
      let response: Response;
      try {
        response = await this.#send(url, request);
      } catch (error) {
        if (repetition === REPETITIONS || UNREACHABLE.has(codeOf(error)))
          throw this.#unreachable(request.what, error);
        await this.wait(repetition);
        continue;
      }
      if (response.ok || (request.redirect === "manual" && response.status >= 300 && response.status < 400)) {
        return response;
      }
      await response.body?.cancel();
      const asked = pauseAskedFor(response.headers);
      if (!PASSING.has(response.status) || repetition === REPETITIONS || asked > LONGEST_PAUSE) {
        throw this.#refused(request.what, response, asked);
      }
      await (asked > 0 ? sleep(asked) : this.wait(repetition));
    }
  }

  /** The pause before attempt number `repetition`: doubled each time, and spread so that many machines do not return at once. */
  async wait(repetition: number): Promise<void> {
    await sleep(this.#pause * 2 ** repetition * (0.5 + this.#random.uniform()));
  }

  /** `fetch` for the hub's own client library, with the manners of this class. */
  fetchFor(what: string): typeof fetch {
    return async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      const request = { what, headers: Object.fromEntries(new Headers(init?.headers)) };
      for (let repetition = 0; ; repetition++) {
        const response = await this.request(url, request);
        try {
          return new Response(await response.arrayBuffer(), response);
        } catch (error) {
          if (repetition === REPETITIONS) throw this.#unreachable(what, error);
          await this.wait(repetition);
        }
      }
    };
  }

  #send(
    url: string,
    { method = "GET", headers = {}, redirect = "follow", signal }: HubRequest,
  ): Promise<Response> {
    const fields = new Headers({ "user-agent": "monosemantic", "accept-encoding": "identity", ...headers });
    const isOwn = new URL(url).origin === new URL(this.endpoint).origin;
    if (isOwn && this.#token !== undefined) fields.set("authorization", `Bearer ${this.#token}`);
    return fetch(url, {
      method,
      headers: fields,
      redirect,
      signal: signal?.() ?? AbortSignal.timeout(SILENCE),
    });
  }

  #refused(what: string, response: Response, asked: number): HubFailure {
    const { status } = response;
    const missing = response.headers.get("x-error-code");
    const isMissingFile = status === 404 && missing !== "RepoNotFound" && missing !== "RevisionNotFound";
    return new HubFailure(
      `cannot get ${what}: ${this.#reason(status, missing, asked)}`,
      status,
      isMissingFile,
    );
  }

  #reason(status: number, missing: string | null, asked: number): string {
    const hub = this.endpoint;
    if (status === 401 && this.#token === undefined) {
      return `${hub} wants to know who asks (401); check the name, or set HF_TOKEN to a token that may read it`;
    }
    if (status === 401)
      return `${hub} does not know the token in HF_TOKEN (401); check the name and the token`;
    if (status === 403) {
      const token =
        this.#token === undefined ? "set HF_TOKEN to a token that may read it" : "use a token that may";
      return `${hub} does not allow it (403); accept the repository's conditions on its page there, and ${token}`;
    }
    if (status === 404 && missing === "RepoNotFound")
      return `${hub} has no such repository (404); check the name`;
    if (status === 404 && missing === "RevisionNotFound") {
      return `${hub} has no such revision of it (404); name a branch, a tag or a commit`;
    }
    if (status === 404) return `${hub} has no such file (404); check the name and the revision`;
    if (status === 429) {
      const when = asked > LONGEST_PAUSE ? ` and asks to wait ${Math.ceil(asked / 60_000)} minutes` : "";
      return `${hub} has had too many requests (429)${when}; try again later, or with HF_TOKEN set`;
    }
    if (status >= 500) return `${hub} has failed (${status}) ${REPETITIONS + 1} times; try again later`;
    return `${hub} answered with status ${status}, expected 200`;
  }

  #unreachable(what: string, error: unknown): HubFailure {
    return new HubFailure(
      `cannot get ${what}: ${this.endpoint} cannot be reached (${codeOf(error)}); check the network, or use a folder`,
      undefined,
      false,
      { cause: error },
    );
  }
}

/** The system's name for what went wrong below `fetch`. */
export function codeOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code === "string") return code;
  }
  return error instanceof Error ? error.name : "unknown";
}

/** Milliseconds that the hub asks to wait: `Retry-After` in seconds or as a date, or the reset of its `RateLimit`. */
function pauseAskedFor(headers: Headers): number {
  const after = headers.get("retry-after");
  if (after !== null) {
    const pause = /^\s*\d+\s*$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now();
    return Number.isFinite(pause) ? Math.max(0, pause) : 0;
  }
  const reset = /;\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "");
  return reset ? Number(reset[1]) * 1000 : 0;
}

function parseEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Failure(`HF_ENDPOINT is not an http(s) address, expected one such as https://huggingface.co`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new Failure(
      `HF_ENDPOINT holds a user name or password, expected a plain address; put a token into HF_TOKEN`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/** A token with a line break in it would end up, whole, in the error of the network library. */
function parseToken(token: string | undefined): string | undefined {
  const trimmed = token?.trim();
  if (trimmed === undefined || trimmed === "") return undefined;
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new Failure("HF_TOKEN holds characters that no token has, expected something like hf_ and letters");
  }
  return trimmed;
}
