/** An endpoint without HTTP: a brain's answers as the stand-in's model speaks them. For tests of what is made of answers. */

import {
  type ChatAnswer,
  type ChatRequest,
  type Endpoint,
  type EndpointSupport,
  RequestFailed,
} from "../../../src/interpretation/endpoint/endpoint.ts";
import type { Asked, Brain } from "../stand-in/brain.ts";
import { score, speak } from "../stand-in/model.ts";
import { EVERYTHING, type Settings } from "../stand-in/settings.ts";

export interface BrainEndpoint extends Endpoint {
  readonly chats: ChatRequest[];
  readonly prompts: string[];
  /** What becomes of the nth chat (from 0) in place of its answer. */
  change: (answer: ChatAnswer, nth: number, request: ChatRequest) => ChatAnswer;
}

export function brainEndpoint(
  brain: Brain,
  over: Partial<EndpointSupport> = {},
  settings: Partial<Settings> = {},
): BrainEndpoint {
  const support: EndpointSupport = {
    promptLogprobs: "vllm",
    topLogprobs: 20,
    schema: "json_schema",
    temperature: true,
    maxTokensName: "max_tokens",
    ...over,
  };
  const all: Settings = { ...EVERYTHING, ...settings };
  const usage = { inputTokens: 1, outputTokens: 1 };
  const asked = (kind: Asked["kind"], messages: Asked["messages"]): Asked => ({
    kind,
    number: 1,
    messages,
    text: messages.map(({ content }) => content).join("\n\n"),
    schema: null,
    temperature: 0,
  });
  const endpoint: BrainEndpoint = {
    model: "brain",
    address: "here",
    support,
    chats: [],
    prompts: [],
    change: (answer) => answer,
    async chat(request) {
      const nth = endpoint.chats.push(request) - 1;
      const question = asked("chat", request.messages);
      const said = brain.answer(question);
      const text = typeof said === "string" ? said : "";
      const tokens = speak(brain, question, text, all, request.maxTokens, request.topLogprobs ?? 0);
      const spelled = tokens.map(({ token }) => token).join("");
      const answer: ChatAnswer = {
        text: spelled,
        refusal: typeof said === "string" ? null : said.refusal,
        finish: spelled === text ? "stop" : "length",
        tokens: request.topLogprobs === undefined ? null : tokens,
        usage,
        cached: false,
      };
      return endpoint.change(answer, nth, request);
    },
    async scorePrompt({ prompt, topLogprobs }) {
      endpoint.prompts.push(prompt);
      const question = asked("score", [{ role: "user", content: prompt }]);
      const tokens = score(brain, question, all, topLogprobs);
      return {
        tokens: tokens.map((one, i) => ({ ...one, top: i === 0 ? [] : one.top })),
        usage,
        cached: false,
      };
    },
    spent: () => ({ requests: 0, retries: 0, cached: 0, inputTokens: 0, outputTokens: 0, money: null }),
  };
  return endpoint;
}

/** An answer with another text, in tokens of one character without alternatives. */
export function saying(answer: ChatAnswer, text: string, finish: ChatAnswer["finish"] = "stop"): ChatAnswer {
  return { ...answer, text, finish, tokens: answer.tokens && [...text].map((token) => ({ token, top: [] })) };
}

export function failing(): never {
  throw new RequestFailed("no answer");
}
