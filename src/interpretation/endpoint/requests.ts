/**
 * The bodies of requests. What a server does not support is left out: a field too many is refused by some, and ignored by others in a way
 * that looks like consent.
 */

import { mostTokens } from "./budget.ts";
import type { ChatRequest, EndpointSupport, PromptScoreRequest, Usage } from "./endpoint.ts";

/** What a probe found, with what the requests need besides. */
export interface ProbedSupport extends EndpointSupport {
  /** Alternatives at most for each token of a scored prompt. */
  readonly promptTopLogprobs: number;
  /** The model reasons before it answers, so that its limit needs room for that. */
  readonly reasons: boolean;
  /** Sent as `reasoning_effort`, where a model gives probabilities and takes a temperature only without reasoning; else null. */
  readonly reasoningEffort: "none" | null;
}

export const CHAT_PATH = "/chat/completions";

/** The most tokens that an answer can come to, with its reasoning: what is sent as its limit. */
export function outputLimit(
  support: Pick<ProbedSupport, "reasons">,
  maxTokens: number,
  reasoningTokens: number,
): number {
  return maxTokens + (support.reasons ? reasoningTokens : 0);
}

export function chatBody(
  request: ChatRequest,
  model: string,
  support: ProbedSupport,
  reasoningTokens: number,
): Record<string, unknown> {
  const { messages, maxTokens, temperature = 0, topLogprobs = 0, schema } = request;
  const top = Math.min(topLogprobs, support.topLogprobs);
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    [support.maxTokensName]: outputLimit(support, maxTokens, reasoningTokens),
    ...(support.temperature && { temperature }),
    ...(support.reasoningEffort !== null && { reasoning_effort: support.reasoningEffort }),
    ...(top > 0 && { logprobs: true, top_logprobs: top }),
    ...(schema !== undefined &&
      support.schema !== null && { response_format: formatOf(schema, support.schema) }),
  };
}

export function formatOf(
  { name, schema }: NonNullable<ChatRequest["schema"]>,
  kind: "json_schema" | "json_object",
): object {
  return kind === "json_object"
    ? { type: "json_object" }
    : { type: "json_schema", json_schema: { name, strict: true, schema } };
}

/** The most that a chat can cost. The limit is in the body, so that it is the one the server has. */
export function worstOfChat(body: Record<string, unknown>): Usage {
  const messages = body["messages"] as readonly { content: string }[];
  const format = body["response_format"];
  const texts = [
    ...messages.map(({ content }) => content),
    ...(format === undefined ? [] : [JSON.stringify(format)]),
  ];
  const limit = Number(body["max_tokens"] ?? body["max_completion_tokens"]);
  return { inputTokens: mostTokens(texts), outputTokens: limit };
}

/** What is added to a body for an answer word by word. It is no part of what is asked, and so not of the cache's key. */
export const STREAMED = { stream: true, stream_options: { include_usage: true } } as const;

export type PromptWay = NonNullable<EndpointSupport["promptLogprobs"]>;

/** One token has to be generated where none may not: it is cut off again. */
const GENERATED = 1;

/** @param root the server's address without /v1, where SGLang's own protocol is */
export function promptScoreCall(
  { prompt, topLogprobs }: PromptScoreRequest,
  model: string,
  way: PromptWay,
  root: string,
): { readonly path: string; readonly body: Record<string, unknown>; readonly worst: Usage } {
  const worst = { inputTokens: mostTokens([prompt]), outputTokens: GENERATED };
  if (way === "sglang") {
    const body = {
      text: prompt,
      sampling_params: { max_new_tokens: GENERATED, temperature: 0 },
      return_logprob: true,
      logprob_start_len: 0,
      top_logprobs_num: topLogprobs,
      return_text_in_logprobs: true,
    };
    return { path: `${root}/generate`, body, worst };
  }
  const common = { model, prompt, max_tokens: GENERATED, temperature: 0 };
  const body =
    way === "echo"
      ? { ...common, echo: true, logprobs: topLogprobs }
      : { ...common, prompt_logprobs: topLogprobs, return_token_ids: true };
  return { path: "/completions", body, worst };
}
