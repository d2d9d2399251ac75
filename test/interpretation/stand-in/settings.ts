/**
 * What the stand-in's server can do and how it says that it cannot: refuse with 400, ignore what was asked, or answer null or zeros in its place.
 * The ready-made settings follow what was seen of real servers.
 */

import type { NumberStyle } from "./tokens.ts";

/** What happens with a field that the server does not know. */
export type Unknown = "refuse" | "ignore";

export interface Settings {
  /** Any other model is answered with 404. */
  readonly model: string;
  /** Without it, 401; null: no key is asked for. */
  readonly key: string | null;
  /** Alternatives for each token of an answer at most; more: 400. With 0, `withoutLogprobs` says what happens. */
  readonly topLogprobs: number;
  readonly withoutLogprobs: Unknown | "null" | "zeros";
  readonly schema: "json_schema" | "json_object" | null;
  readonly withoutSchema: Unknown;
  /** What /completions does with `echo`; "bare": the text comes without probabilities; "absent": there is no /completions. */
  readonly echo: "full" | "bare" | "null" | "ignore" | "refuse" | "absent";
  /** Whether /completions knows vLLM's `prompt_logprobs`, and tells which tokens are the prompt's own. */
  readonly promptLogprobs: "with-ids" | "without-ids" | "null" | "ignore";
  /** SGLang's /generate. */
  readonly generate: boolean;
  /** Alternatives for each token of a scored prompt at most. */
  readonly promptTop: number;
  readonly temperature: "accept" | "refuse";
  readonly maxTokens: readonly ("max_tokens" | "max_completion_tokens")[];
  readonly withoutMaxTokens: Unknown;
  /** Tokens of hidden reasoning before each answer; with `reasoning_effort: "none"` there are none, and the rest is allowed. */
  readonly reasoning: number;
  readonly effortNone: boolean;
  /** How a number is a token. */
  readonly numbers: NumberStyle;
  readonly digits: "whole" | "single";
  /** A token before the prompt that is not part of its text. */
  readonly begin: string | null;
  /** Milliseconds that every answer takes. */
  readonly delay: number;
}

/** Chat with all that chat has; no probabilities of prompts. */
export const CHAT: Settings = {
  model: "stand-in",
  key: null,
  topLogprobs: 20,
  withoutLogprobs: "refuse",
  schema: "json_schema",
  withoutSchema: "ignore",
  echo: "absent",
  promptLogprobs: "ignore",
  generate: false,
  promptTop: 20,
  temperature: "accept",
  maxTokens: ["max_tokens", "max_completion_tokens"],
  withoutMaxTokens: "ignore",
  reasoning: 0,
  effortNone: false,
  numbers: "bare",
  digits: "whole",
  begin: null,
  delay: 0,
};

/** Everything, with `echo`. */
export const EVERYTHING: Settings = { ...CHAT, echo: "full", promptLogprobs: "with-ids", begin: "<s>" };

/** vLLM with `echo` switched off. */
export const VLLM: Settings = { ...EVERYTHING, echo: "refuse" };

export const SGLANG: Settings = { ...CHAT, echo: "bare", generate: true };

/** llama.cpp's server: probabilities of answers only, `echo` refused. */
export const LLAMA_CPP: Settings = { ...CHAT, echo: "refuse" };

/** Answers, and nothing else: every further field is passed over in silence. */
export const PLAIN: Settings = {
  ...CHAT,
  topLogprobs: 0,
  withoutLogprobs: "ignore",
  schema: null,
  echo: "ignore",
  maxTokens: ["max_tokens"],
};

/** A model that reasons first: no temperature, no probabilities, another name for the limit. */
export const REASONING: Settings = {
  ...CHAT,
  topLogprobs: 0,
  temperature: "refuse",
  maxTokens: ["max_completion_tokens"],
  withoutMaxTokens: "refuse",
  reasoning: 40,
};
