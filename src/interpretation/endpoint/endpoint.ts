/** A language model behind an HTTP address, as explainers and simulators see it. */

import { Failure } from "../../errors.ts";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** Longest answer. */
  readonly maxTokens: number;
  /** 0 unless given; left out for models that refuse it. */
  readonly temperature?: number;
  /** Alternatives listed for each token of the answer; left out unless the endpoint gives them. */
  readonly topLogprobs?: number;
  /** JSON Schema that the answer has to follow, where the endpoint supports it. */
  readonly schema?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
}

export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface ChatAnswer {
  readonly text: string;
  readonly refusal: string | null;
  readonly finish: "stop" | "length" | "filter" | "other";
  /** The answer's tokens one by one, with alternatives; null where the endpoint does not say. */
  readonly tokens: readonly { readonly token: string; readonly top: readonly TokenLogprob[] }[] | null;
  readonly usage: Usage;
  readonly cached: boolean;
}

/** The probabilities of a text's own tokens: nothing is generated. */
export interface PromptScoreRequest {
  readonly prompt: string;
  readonly topLogprobs: number;
}

export interface PromptScoreAnswer {
  /** Every token of the prompt in order; the texts put together are the prompt. `top` is empty for the first. */
  readonly tokens: readonly { readonly token: string; readonly top: readonly TokenLogprob[] }[];
  readonly usage: Usage;
  readonly cached: boolean;
}

/** How activations are simulated, best first. */
export const SIMULATOR_MODES = ["prompt-logprobs", "expected-values", "integers"] as const;
export type SimulatorMode = (typeof SIMULATOR_MODES)[number];

/** What a probe found. */
export interface EndpointSupport {
  /** How prompt logprobs are asked for: /completions with echo, vLLM's prompt_logprobs, SGLang's /generate; null: not at all. */
  readonly promptLogprobs: "echo" | "vllm" | "sglang" | null;
  /** Alternatives at most for each token of an answer; 0: none. */
  readonly topLogprobs: number;
  readonly schema: "json_schema" | "json_object" | null;
  readonly temperature: boolean;
  readonly maxTokensName: "max_tokens" | "max_completion_tokens";
}

export interface Spent {
  /** Sent; of these repeated after a failure; answered from the cache without being sent. */
  readonly requests: number;
  readonly retries: number;
  readonly cached: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In the prices' currency; null without prices. */
  readonly money: number | null;
  /** Of answers that an earlier process had sent for, each counted once; older results do not say. */
  readonly earlier?: {
    readonly answers: number;
    readonly inputTokens: number;
    readonly outputTokens: number;
    /** At the prices of this process. */
    readonly money: number | null;
  };
}

export interface Endpoint {
  readonly model: string;
  /** Of the base URL, without user, password, query. */
  readonly address: string;
  readonly support: EndpointSupport;
  /** @throws BudgetSpent before anything is sent that could exceed it; RequestFailed when all tries were used up */
  chat(request: ChatRequest, signal?: AbortSignal): Promise<ChatAnswer>;
  scorePrompt(request: PromptScoreRequest, signal?: AbortSignal): Promise<PromptScoreAnswer>;
  spent(): Spent;
}

/** The budget would be exceeded: the work stops, and goes on from the cache with a larger one. */
export class BudgetSpent extends Failure {}

/** One request got no answer. The work goes on without it and counts it. */
export class RequestFailed extends Failure {}
