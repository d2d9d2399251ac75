/** POST /v1/chat/completions. */

import type { Asked, Brain } from "../brain.ts";
import { type SpokenToken, speak } from "../model.ts";
import { bound } from "../schema.ts";
import type { Settings } from "../settings.ts";
import { inputTokens, tokensOf } from "../tokens.ts";
import { type Answer, type Call, errorWithin, refused, troubled } from "./protocol.ts";

export function answerChat(call: Call, settings: Settings, brain: Brain): Answer {
  const { body, troubles } = call;
  const format = body["response_format"] as
    | { type: string; json_schema?: { name: string; schema: Record<string, unknown> } }
    | undefined;
  const thinks = settings.reasoning > 0 && !(settings.effortNone && body["reasoning_effort"] === "none");
  const limits = limitOf(body, settings);
  if (typeof limits !== "number") return limits;
  if (body["reasoning_effort"] !== undefined && !settings.effortNone && settings.reasoning > 0) {
    return refused(
      "Unsupported value: 'reasoning_effort' does not support 'none' with this model.",
      "reasoning_effort",
    );
  }
  if (
    body["temperature"] !== undefined &&
    settings.temperature === "refuse" &&
    (thinks || !settings.effortNone)
  ) {
    return refused("Unsupported value: 'temperature' does not support 0 with this model.", "temperature");
  }
  const wanted = body["logprobs"] === true;
  const count = Number(body["top_logprobs"] ?? 0);
  const most = thinks && settings.effortNone ? 0 : settings.topLogprobs;
  if (wanted && most === 0 && settings.withoutLogprobs === "refuse") {
    return refused("'logprobs' is not supported with this model.", "logprobs");
  }
  if (wanted && most > 0 && count > most) {
    return refused(`Invalid value for 'top_logprobs': must be at most ${most}.`, "top_logprobs");
  }
  const bindings = bindingOf(format, settings);
  if ("status" in bindings) return bindings;

  const messages = body["messages"] as { role: string; content: string }[];
  const asked: Asked = {
    kind: "chat",
    number: call.number,
    messages,
    text: messages.map(({ content }) => content).join("\n\n"),
    schema: bindings.schema,
    temperature: typeof body["temperature"] === "number" ? body["temperature"] : null,
  };
  const input = inputTokens(messages);
  const declined = troubles.find((t) => t.type === "refusal");
  const said = declined === undefined ? brain.answer(asked) : { refusal: declined.text };
  const refusal = typeof said === "string" ? null : said.refusal;
  const { text, changed } = troubled(typeof said === "string" ? said : "", troubles);
  const words =
    refusal === null && bindings.binds && !changed ? bound(text, bindings.schema?.schema ?? null) : text;
  const reasoning = thinks ? Math.min(settings.reasoning, limits) : 0;
  const spoken = speak(brain, asked, words, settings, limits - reasoning, Math.max(count, 1));
  const content = spoken.map(({ token }) => token).join("");
  const output = reasoning + (refusal === null ? spoken.length : tokensOf(refusal).length);
  const usage = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    ...(thinks && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
  const within = errorWithin(troubles);
  if (within !== undefined) return within;
  const shown = { wanted: wanted && most > 0, count };
  const logprobs = (tokens: readonly SpokenToken[]) =>
    shown.wanted
      ? { logprobs: { content: tokens.map((token) => written(token, shown.count)), refusal: null } }
      : wanted && settings.withoutLogprobs === "null"
        ? { logprobs: null }
        : wanted && settings.withoutLogprobs === "zeros"
          ? { logprobs: { content: tokens.map(({ token }) => zeros(token, shown.count)) } }
          : {};
  const finish = content.length < words.length || reasoning >= limits ? "length" : "stop";
  const common = { id: `chatcmpl-${call.number}`, created: 0, model: settings.model };
  const silent = troubles.some((t) => t.type === "no-usage");
  const cost = { inputTokens: input, outputTokens: output };
  if (body["stream"] !== true) {
    const message = { role: "assistant", content: refusal === null ? content : null, refusal };
    const choice = { index: 0, message, ...logprobs(spoken), finish_reason: finish };
    const json = { ...common, object: "chat.completion", choices: [choice], ...(!silent && { usage }) };
    return { status: 200, json, ...cost };
  }
  const chunk = (delta: object, more: object, finish_reason: string | null) => ({
    ...common,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, ...more, finish_reason }],
  });
  const asks = (body["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage === true;
  const events = [
    chunk({ role: "assistant", content: "" }, {}, null),
    ...(refusal === null
      ? spoken.map((token) => chunk({ content: token.token }, logprobs([token]), null))
      : [chunk({ refusal }, {}, null)]),
    chunk({}, {}, finish),
    ...(asks && !silent ? [{ ...common, object: "chat.completion.chunk", choices: [], usage }] : []),
    "[DONE]",
  ];
  return { status: 200, events, ...cost };
}

function written({ token, logprob, top }: SpokenToken, count: number): object {
  const bytes = (text: string) => [...Buffer.from(text)];
  return {
    token,
    logprob,
    bytes: bytes(token),
    top_logprobs: top.slice(0, count).map((one) => ({ ...one, bytes: bytes(one.token) })),
  };
}

/** The form without anything in it. */
function zeros(token: string, count: number): object {
  return { token, logprob: 0, top_logprobs: Array.from({ length: count }, () => ({ token, logprob: 0 })) };
}

/** The limit on the answer's tokens, by whichever name the server goes by. */
function limitOf(body: Record<string, unknown>, settings: Settings): number | Answer {
  for (const name of ["max_tokens", "max_completion_tokens"] as const) {
    if (body[name] === undefined) continue;
    if (settings.maxTokens.includes(name)) return Number(body[name]);
    if (settings.withoutMaxTokens === "refuse") {
      const other = settings.maxTokens[0];
      return refused(
        `Unsupported parameter: '${name}' is not supported with this model. Use '${other}' instead.`,
        name,
      );
    }
  }
  return Infinity;
}

function bindingOf(
  format: { type: string; json_schema?: { name: string; schema: Record<string, unknown> } } | undefined,
  settings: Settings,
): { readonly binds: boolean; readonly schema: Asked["schema"] } | Answer {
  if (format === undefined || format.type === "text") return { binds: false, schema: null };
  if (format.type === "json_schema" && settings.schema === "json_schema") {
    return { binds: true, schema: format.json_schema! };
  }
  if (format.type === "json_object" && settings.schema !== null) return { binds: true, schema: null };
  if (settings.withoutSchema === "ignore") return { binds: false, schema: null };
  return refused(`response_format '${format.type}' is not supported`, "response_format");
}
