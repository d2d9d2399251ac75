/** A chat's answer as servers send it, read into ours. What is not there is null, and never made up. */

import { z } from "zod";
import type { ChatAnswer, TokenLogprob, Usage } from "./endpoint.ts";
import { unreadable } from "./failures.ts";

const part = z.union([z.string(), z.looseObject({ text: z.string().optional() })]);
const alternative = z.object({ token: z.string(), logprob: z.number().nullish() });

const completion = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({
          content: z.union([z.string(), z.array(part)]).nullish(),
          refusal: z.string().nullish(),
          reasoning_content: z.string().nullish(),
          reasoning: z.string().nullish(),
        }),
        finish_reason: z.string().nullish(),
        logprobs: z
          .looseObject({
            content: z.array(alternative.extend({ top_logprobs: z.array(alternative).nullish() })).nullish(),
          })
          .nullish()
          // Of another form than OpenAI's: the answer is one all the same.
          .catch(null),
      }),
    )
    .min(1),
  usage: z.unknown().optional(),
});

const usageShape = z.looseObject({
  prompt_tokens: z.int().min(0),
  completion_tokens: z.int().min(0).nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: z.int().nullish() }).nullish(),
});

export interface ReadChat {
  readonly answer: Omit<ChatAnswer, "usage" | "cached">;
  /** Whether the model is seen to have reasoned before it answered. */
  readonly reasoned: boolean;
}

/** @throws FailedTry when it is not a chat's answer */
export function readChat(raw: unknown): { readonly value: ReadChat; readonly usage: Usage | null } {
  const parsed = completion.safeParse(raw);
  if (!parsed.success) throw unreadable("the answer is not of the form that a chat's answer has");
  const { message, finish_reason, logprobs } = parsed.data.choices[0]!;
  const { content } = message;
  const whole =
    typeof content === "string"
      ? content
      : (content ?? []).map((piece) => (typeof piece === "string" ? piece : (piece.text ?? ""))).join("");
  const tokens = logprobs?.content?.map(({ token, top_logprobs }) => ({
    token,
    top: known(top_logprobs ?? []),
  }));
  const thought = thoughtIn(whole);
  const answer = {
    text: whole.slice(thought),
    refusal: message.refusal ?? null,
    finish: finishOf(finish_reason),
    // A server without probabilities sends null, nothing, or an empty list.
    tokens: tokens === undefined || (tokens.length === 0 && whole !== "") ? null : after(tokens, thought),
  };
  const usage = usageShape.safeParse(parsed.data.usage).data;
  const reasoning = usage?.completion_tokens_details?.reasoning_tokens ?? 0;
  const reasoned =
    thought > 0 || reasoning > 0 || Boolean(message.reasoning_content) || Boolean(message.reasoning);
  return { value: { answer, reasoned }, usage: usageIn(parsed.data.usage) };
}

/** Null when the answer does not say what it cost. */
export function usageIn(raw: unknown): Usage | null {
  const usage = usageShape.safeParse(raw).data;
  return usage === undefined
    ? null
    : { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens ?? 0 };
}

/** Alternatives with a probability. Some servers write −9999, or nothing, for one that is 0. */
export function known(
  list: readonly { readonly token: string; readonly logprob?: number | null | undefined }[],
): TokenLogprob[] {
  return list.flatMap(({ token, logprob }) =>
    typeof logprob === "number" && Number.isFinite(logprob) && logprob > -1000 ? [{ token, logprob }] : [],
  );
}

function finishOf(reason: string | null | undefined): ChatAnswer["finish"] {
  if (reason === "stop" || reason === "length") return reason;
  return reason === "content_filter" ? "filter" : "other";
}

/** Where the answer begins behind the reasoning that some servers leave in the text; 0 where there is none. */
function thoughtIn(text: string): number {
  if (!/^\s*<think>/.test(text)) return 0;
  const end = /<\/think>\s*/.exec(text);
  return end === null ? text.length : end.index + end[0].length;
}

/** Tokens of the text from a character on. One across the border belongs to what was before it. */
function after<T extends { readonly token: string }>(tokens: readonly T[], start: number): readonly T[] {
  let offset = 0;
  return tokens.filter(({ token }) => {
    const keep = offset >= start;
    offset += token.length;
    return keep;
  });
}
