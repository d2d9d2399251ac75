/**
 * A server on this machine that speaks the protocols of language models: /v1/models, /v1/chat/completions (streamed or not, structured
 * output, probabilities of the answer's tokens), /v1/completions (echo with probabilities, vLLM's prompt_logprobs) and SGLang's
 * /generate. A brain answers (brain.ts), `settings` say what the server can do (settings.ts), `faults` what goes wrong (faults.ts).
 *
 *     const server = await StandIn.start({ brain: saying("cats"), settings: VLLM });
 *     … OPENAI_BASE_URL=${server.url} …
 *     expect(server.requests).toHaveLength(3);
 *     await server.stop();
 *
 * It counts what it was asked and what it would have sent a bill for, so that others' counts can be compared with its own.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Brain, SILENT } from "./brain.ts";
import { type Fault, Faults, type Trouble } from "./faults.ts";
import { answerChat } from "./protocols/chat.ts";
import { answerCompletion } from "./protocols/completions.ts";
import { answerGenerate } from "./protocols/generate.ts";
import type { Answer, Call } from "./protocols/protocol.ts";
import { EVERYTHING, type Settings } from "./settings.ts";

export interface SeenRequest {
  readonly number: number;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown>;
  /** Milliseconds since the server started. */
  readonly at: number;
  readonly troubles: readonly Trouble["type"][];
  status: number;
  /** Tokens that a bill would list: those of answers that were made, whether or not they arrived. */
  inputTokens: number;
  outputTokens: number;
}

export class StandIn {
  brain: Brain;
  settings: Settings;
  requests: SeenRequest[] = [];
  /** Answered at the same time at most. */
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #faults: Faults;
  readonly #server: Server;
  readonly #started = performance.now();

  private constructor(brain: Brain, settings: Settings, faults: readonly Fault[], seed: number) {
    this.brain = brain;
    this.settings = settings;
    this.#faults = new Faults(seed, faults);
    this.#server = createServer((request, response) => {
      this.#respond(request, response).catch((error: unknown) => {
        // A bug of the stand-in, or the client has gone: never the end of the test process.
        if (!response.headersSent) response.writeHead(500);
        response.end(String(error));
      });
    });
  }

  static async start(
    options: {
      readonly brain?: Brain;
      readonly settings?: Partial<Settings>;
      readonly faults?: readonly Fault[];
      readonly seed?: number;
      /** 0: any that is free. */
      readonly port?: number;
    } = {},
  ): Promise<StandIn> {
    const { brain = SILENT, settings, faults = [], seed = 1, port = 0 } = options;
    const server = new StandIn(brain, { ...EVERYTHING, ...settings }, faults, seed);
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject).listen(port, "127.0.0.1", () => resolve());
    });
    return server;
  }

  /** The base URL, with /v1. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  set faults(faults: readonly Fault[]) {
    this.#faults.set(faults);
  }

  /** What the bill would be over. */
  get billed(): { inputTokens: number; outputTokens: number } {
    const sum = (of: (request: SeenRequest) => number) => this.requests.reduce((a, r) => a + of(r), 0);
    return { inputTokens: sum((r) => r.inputTokens), outputTokens: sum((r) => r.outputTokens) };
  }

  /** Forgets the requests so far; their numbers go on. */
  forget(): void {
    this.#before += this.requests.length;
    this.requests = [];
  }
  #before = 0;

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(request);
    const path = new URL(request.url ?? "/", "http://here").pathname;
    let body: Record<string, unknown> = {};
    try {
      body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    } catch {
      return send(response, { status: 400, json: failure("the body is not JSON") }, []);
    }
    const number = this.#before + this.requests.length + 1;
    const troubles = this.#faults.of({ number, path, body });
    const { authorization } = request.headers;
    const seen: SeenRequest = {
      number,
      path,
      authorization,
      body,
      at: performance.now() - this.#started,
      troubles: troubles.map(({ type }) => type),
      status: 0,
      inputTokens: 0,
      outputTokens: 0,
    };
    this.requests.push(seen);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      await this.#answer({ number, path, body, troubles }, seen, authorization, request.method, response);
    } finally {
      this.#atOnce--;
    }
  }

  async #answer(
    call: Call,
    seen: SeenRequest,
    authorization: string | undefined,
    method: string | undefined,
    response: ServerResponse,
  ): Promise<void> {
    const late = call.troubles.reduce((ms, t) => ms + (t.type === "slow" ? t.ms : 0), this.settings.delay);
    if (late > 0) await sleep(late);
    const instead = call.troubles.find(
      (t) => t.type === "status" || t.type === "html" || t.type === "endless",
    );
    if (instead !== undefined) {
      seen.status = instead.type === "status" ? instead.status : 200;
      return misbehave(response, instead);
    }
    const answer = this.#made(call, authorization, method);
    seen.status = answer.status;
    seen.inputTokens = answer.inputTokens ?? 0;
    seen.outputTokens = answer.outputTokens ?? 0;
    await send(response, answer, call.troubles);
  }

  #made(call: Call, authorization: string | undefined, method: string | undefined): Answer {
    const { settings, brain } = this;
    if (settings.key !== null && authorization !== `Bearer ${settings.key}`) {
      const given = authorization?.replace("Bearer ", "") ?? "";
      return { status: 401, json: failure(`Incorrect API key provided: ${given}.`, "invalid_api_key") };
    }
    if (method === "GET" && call.path === "/v1/models") {
      return { status: 200, json: { object: "list", data: [{ id: settings.model, object: "model" }] } };
    }
    const known =
      call.path === "/v1/chat/completions" ||
      (call.path === "/v1/completions" && settings.echo !== "absent") ||
      (call.path === "/generate" && settings.generate);
    if (method !== "POST" || !known) return { status: 404, json: { detail: "Not Found" } };
    if (call.path === "/generate") return answerGenerate(call, settings, brain);
    if (call.body["model"] !== settings.model) {
      const message = `The model \`${String(call.body["model"])}\` does not exist or you do not have access to it.`;
      return { status: 404, json: failure(message, "model_not_found") };
    }
    return (call.path === "/v1/completions" ? answerCompletion : answerChat)(call, settings, brain);
  }
}

function failure(message: string, code: string | null = null): object {
  return { error: { message, type: "invalid_request_error", param: null, code } };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

const PAGE = "<!doctype html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

function misbehave(response: ServerResponse, trouble: Trouble): void {
  if (trouble.type === "endless") {
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    return;
  }
  if (trouble.type !== "status") {
    response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
    return;
  }
  const { status, retryAfter, retryAfterMs, body } = trouble;
  response.writeHead(status, {
    "content-type": body?.startsWith("<") ? "text/html" : "application/json",
    ...(retryAfter !== undefined && { "retry-after": retryAfter }),
    ...(retryAfterMs !== undefined && { "retry-after-ms": String(retryAfterMs) }),
  });
  response.end(body ?? JSON.stringify(failure(`stand-in: status ${status}`)));
}

/** Sends the answer whole, as one body or as events, unless the connection is to be cut or the text to end early. */
async function send(
  response: ServerResponse,
  { status, json, events }: Answer,
  troubles: readonly Trouble[],
): Promise<void> {
  const pieces = events?.map(
    (event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`,
  );
  const whole = pieces?.join("") ?? JSON.stringify(json);
  const type = troubles.find((t) => t.type === "content-type")?.value;
  const cut = troubles.find((t) => t.type === "cut");
  const truncated = troubles.find((t) => t.type === "truncated");
  if (cut !== undefined && cut.after === undefined) {
    response.destroy();
    return;
  }
  response.writeHead(status, {
    "content-type": type ?? (pieces === undefined ? "application/json" : "text/event-stream"),
    ...(cut !== undefined && pieces === undefined && { "content-length": String(Buffer.byteLength(whole)) }),
  });
  const share = cut?.after ?? (truncated === undefined ? undefined : (truncated.after ?? 0.5));
  if (share !== undefined && truncated?.events === true && pieces !== undefined) {
    response.end(pieces.slice(0, Math.floor(pieces.length * share)).join(""));
    return;
  }
  if (share !== undefined) {
    await new Promise<void>((resolve) =>
      response.write(whole.slice(0, Math.floor(whole.length * share)), () => resolve()),
    );
    if (cut !== undefined) {
      // What was written has to leave before the connection does.
      await sleep(5);
      response.destroy();
    } else {
      response.end();
    }
    return;
  }
  if (pieces === undefined) {
    response.end(whole);
    return;
  }
  for (const piece of pieces) response.write(piece);
  response.end();
}
