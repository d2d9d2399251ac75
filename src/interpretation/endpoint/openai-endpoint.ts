/**
 * A language model behind an address: every request is looked for in the cache first, then sent within the limits, and its answer kept.
 * What is asked and answered is the same whether it came over the network or from the cache.
 */

import { Failure } from "../../errors.ts";
import { nearest } from "../../errors.ts";
import { Budget, moneyOf, NOTHING } from "./budget.ts";
import { AnswerCache, keyOf } from "./cache.ts";
import { type ReadChat, readChat } from "./chat-answer.ts";
import { Connection } from "./connection.ts";
import type {
  ChatAnswer,
  ChatRequest,
  Endpoint,
  PromptScoreAnswer,
  PromptScoreRequest,
  Spent,
  Usage,
} from "./endpoint.ts";
import { Limiter } from "./limiter.ts";
import { addressOf, baseUrlOf, type EndpointOptions, keyFromEnvironment, NO_KEY } from "./options.ts";
import { probe } from "./probe.ts";
import { type ReadScore, readPromptScore } from "./prompt-score.ts";
import {
  CHAT_PATH,
  chatBody,
  type ProbedSupport,
  promptScoreCall,
  STREAMED,
  worstOfChat,
} from "./requests.ts";
import { redactor } from "./secrets.ts";
import { pickMode } from "./simulator-mode.ts";
import { type Call, Stopped, Transport } from "./transport.ts";
import { aborted, throwIfAborted } from "./waiting.ts";

/** Where answers are kept, and what tests shorten. */
export interface EndpointPlace {
  /** Folder of the cache; null: nothing is kept. */
  readonly cache: string | null;
  readonly signal?: AbortSignal;
  /** Milliseconds before the first repetition, at most: half a second. */
  readonly baseDelay?: number;
}

/** Changes when the probe asks something else. */
const PROBE_VERSION = 1;

/**
 * Finds out what the server can do (once: the cache keeps that too), and is then ready.
 * @throws Failure with what is wrong: no model, address, key, server; UsageError for options that make no sense
 */
export async function openEndpoint(options: EndpointOptions, place: EndpointPlace): Promise<OpenAIEndpoint> {
  const { model } = options;
  if (model === undefined) {
    throw new Failure("no language model is named: give --model, by the name that its server knows it by");
  }
  const url = baseUrlOf(options);
  const address = addressOf(url);
  const key = keyFromEnvironment();
  const asker = { address, model, hasKey: key !== NO_KEY, redact: redactor(key, url) };
  const budget = new Budget(options);
  const limiter = new Limiter(options.concurrency);
  const connection = await Connection.open(url, key, asker, options.requestTimeout * 1000);
  const transport = new Transport({
    connection,
    address,
    limiter,
    budget,
    retries: options.retries,
    baseDelay: place.baseDelay ?? 500,
  });
  const cache = place.cache === null ? null : new AnswerCache(place.cache);
  const root = `${url.origin}${url.pathname.replace(/\/(v1\/?)?$/, "")}`;
  const prober = {
    model,
    address,
    root,
    reasoningTokens: options.reasoningTokens,
    streamed: options.stream ? STREAMED : {},
    send: <T>(call: Call<T>) => transport.send(call, place.signal),
  };
  const probeKey = keyOf("probe", { version: PROBE_VERSION, address, model, stream: options.stream });
  const kept = cache?.get(probeKey) as ProbedSupport | undefined;
  let support = kept;
  if (support === undefined || (!options.offline && lacks(support, options))) {
    if (options.offline) throw notKept(`what ${address} can do with ${model}`, place.cache);
    try {
      support = await probe(prober);
    } catch (error) {
      throw await withSimilarNames(error, model, connection, place.signal);
    }
    cache?.put(probeKey, { address, model }, support);
  }
  return new OpenAIEndpoint({ options, model, address, root, support, transport, budget, cache });
}

/** A mode that was not there when the server was last asked may be there now. */
function lacks(support: ProbedSupport, { simulator }: EndpointOptions): boolean {
  try {
    pickMode(support, simulator);
    return false;
  } catch {
    return true;
  }
}

async function withSimilarNames(
  error: unknown,
  model: string,
  connection: Connection,
  signal?: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof Stopped) || error.status !== 404 || !error.message.includes("has no model"))
    return error;
  const names = nearest(model, await connection.models(signal), 3);
  return names.length === 0 ? error : new Failure(`${error.message}; it has ${names.join(", ")}`);
}

function notKept(what: string, folder: string | null): Failure {
  const where = folder === null ? "there is no cache" : `${folder} does not have it`;
  return new Failure(
    `--offline: ${what} is not known here (${where}): give the options that it was asked with, --base-url too, or leave --offline ` +
      `out to ask the server`,
  );
}

interface Parts {
  readonly options: EndpointOptions;
  readonly model: string;
  readonly address: string;
  readonly root: string;
  readonly support: ProbedSupport;
  readonly transport: Transport;
  readonly budget: Budget;
  readonly cache: AnswerCache | null;
}

export class OpenAIEndpoint implements Endpoint {
  readonly model: string;
  readonly address: string;
  readonly support: ProbedSupport;
  readonly #parts: Parts;
  #cached = 0;
  /** Questions that this process has sent, or counted as an earlier one's. */
  readonly #counted = new Set<string>();
  #earlier = { answers: 0, usage: NOTHING };
  /** Questions that are being asked: who asks the same waits for the answer. */
  readonly #asking = new Map<string, Promise<unknown>>();

  constructor(parts: Parts) {
    this.model = parts.model;
    this.address = parts.address;
    this.support = parts.support;
    this.#parts = parts;
  }

  async chat(request: ChatRequest, signal?: AbortSignal): Promise<ChatAnswer> {
    const { options } = this.#parts;
    const body = chatBody(request, this.model, this.support, options.reasoningTokens);
    const { value, usage, cached } = await this.#answered<ReadChat>(
      "chat",
      {
        path: CHAT_PATH,
        body,
        worst: worstOfChat(body),
        read: readChat,
      },
      options.stream ? STREAMED : {},
      signal,
    );
    return { ...value.answer, usage, cached };
  }

  /** @throws Failure when the endpoint gives no probabilities of prompts */
  async scorePrompt(request: PromptScoreRequest, signal?: AbortSignal): Promise<PromptScoreAnswer> {
    const { promptLogprobs: way, promptTopLogprobs } = this.support;
    if (way === null) {
      throw new Failure(`${this.address} gives no probabilities of a prompt's own tokens for ${this.model}`);
    }
    const topLogprobs = Math.min(request.topLogprobs, promptTopLogprobs);
    const { prompt } = request;
    const call = promptScoreCall({ prompt, topLogprobs }, this.model, way, this.#parts.root);
    const { value, usage, cached } = await this.#answered<ReadScore>(
      way,
      { ...call, read: (raw) => readPromptScore(raw, way, prompt) },
      {},
      signal,
    );
    return { ...value, usage, cached };
  }

  spent(): Spent {
    const { transport, budget, options } = this.#parts;
    const { requests, retries } = transport.tally;
    const { answers, usage } = this.#earlier;
    return {
      requests,
      retries,
      cached: this.#cached,
      ...budget.spent,
      money: budget.money,
      earlier: { answers, ...usage, money: moneyOf(usage, options) },
    };
  }

  /** What has to be known of the numbers in `spent`, in sentences. */
  notes(): string[] {
    const { withoutUsage, lost } = this.#parts.transport.tally;
    const most = "they are counted as the most that they can have cost";
    return [
      ...(withoutUsage > 0 ? [`${withoutUsage} answers came without a number of tokens: ${most}`] : []),
      ...(lost > 0
        ? [`the answers to ${lost} requests were lost on the way, and may be billed: ${most}`]
        : []),
    ];
  }

  /** An answer from the cache was paid for by an earlier process, unless this one asked for it itself. */
  #countEarlier(key: string, { inputTokens, outputTokens }: Usage): void {
    if (this.#counted.has(key)) return;
    this.#counted.add(key);
    const { answers, usage } = this.#earlier;
    this.#earlier = {
      answers: answers + 1,
      usage: {
        inputTokens: usage.inputTokens + inputTokens,
        outputTokens: usage.outputTokens + outputTokens,
      },
    };
  }

  /** From the cache, or asked for and kept. */
  async #answered<T>(
    kind: string,
    call: Call<T>,
    added: object,
    signal?: AbortSignal,
  ): Promise<{ readonly value: T; readonly usage: Usage; readonly cached: boolean }> {
    throwIfAborted(signal);
    const { cache, transport, options } = this.#parts;
    const question = { model: this.model, ...call.body };
    const key = keyOf(kind, question);
    const send = () => transport.send({ ...call, body: { ...call.body, ...added } }, signal);
    if (cache !== null) {
      for (;;) {
        const kept = cache.get(key) as { value: T; usage: Usage } | undefined;
        if (kept !== undefined) {
          this.#cached++;
          this.#countEarlier(key, kept.usage);
          return { ...kept, cached: true };
        }
        const other = this.#asking.get(key);
        if (other === undefined) break;
        await settled(other, signal);
      }
    }
    if (options.offline) throw notKept(`the answer of ${this.model} to this request`, cache?.folder ?? null);
    if (cache === null) return { ...(await send()), cached: false };
    this.#counted.add(key);
    const asked = send().then((answer) => {
      cache.put(key, question, answer);
      return answer;
    });
    this.#asking.set(key, asked);
    try {
      return { ...(await asked), cached: false };
    } finally {
      this.#asking.delete(key);
    }
  }
}

/** Waits until somebody else's question is answered or not. @throws the signal's reason */
async function settled(other: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const off = aborted(signal, reject);
    const done = () => {
      off();
      resolve();
    };
    other.then(done, done);
  });
}
