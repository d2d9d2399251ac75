/** POST /v1/completions: with `echo` and `logprobs` the prompt's own tokens come back with their probabilities, with vLLM's
 * `prompt_logprobs` too, as a list of objects by token id. */

import type { Brain } from "../brain.ts";
import { score, type SpokenToken, speak } from "../model.ts";
import type { Settings } from "../settings.ts";
import { type Answer, askedPrompt, type Call, errorWithin, refused, troubled } from "./protocol.ts";

export function answerCompletion(call: Call, settings: Settings, brain: Brain): Answer {
  const { body, troubles } = call;
  const prompt = String(body["prompt"]);
  const echo = body["echo"] === true && settings.echo !== "ignore";
  const asksPrompt = typeof body["prompt_logprobs"] === "number" && settings.promptLogprobs !== "ignore";
  const count = Number(body["logprobs"] ?? 0);
  const promptCount = Number(body["prompt_logprobs"] ?? 0);
  if (echo && settings.echo === "refuse") return refused("Only no echo is supported", "echo");
  if (Math.max(count, promptCount) > settings.promptTop) {
    return refused(`logprobs must be at most ${settings.promptTop}`, "logprobs");
  }
  const asked = askedPrompt(call, echo || asksPrompt ? "score" : "completion", prompt);
  const scored = echo || asksPrompt ? score(brain, asked, settings, Math.max(count, promptCount, 1)) : [];
  const begin = settings.begin === null ? [] : [settings.begin];
  const limit = Number(body["max_tokens"] ?? 16);
  const said = asked.kind === "score" ? " and so on" : brain.answer(asked);
  const { text } = troubled(typeof said === "string" ? said : "", troubles);
  const spoken = speak(brain, asked, text, settings, limit, Math.max(count, 1));
  const within = errorWithin(troubles);
  if (within !== undefined) return within;

  const answer = spoken.map(({ token }) => token).join("");
  const shown = [...(echo ? begin.map(special) : []), ...(echo ? scored : []), ...spoken];
  const input = begin.length + (scored.length > 0 ? scored.length : score(brain, asked, settings, 1).length);
  const choice = {
    index: 0,
    text: (echo ? prompt : "") + answer,
    logprobs:
      count === 0 || settings.echo === "null"
        ? null
        : legacy(settings.echo === "bare" ? spoken : shown, count),
    finish_reason: "length",
    ...(asksPrompt && promptPart(scored, begin, promptCount, settings)),
  };
  const usage = { prompt_tokens: input, completion_tokens: spoken.length };
  const json = {
    id: `cmpl-${call.number}`,
    object: "text_completion",
    created: 0,
    model: settings.model,
    choices: [choice],
    ...(!troubles.some((t) => t.type === "no-usage") && { usage }),
  };
  return { status: 200, json, inputTokens: input, outputTokens: spoken.length };
}

function special(token: string): SpokenToken {
  return { token, logprob: 0, top: [] };
}

function legacy(tokens: readonly SpokenToken[], count: number): object {
  let offset = 0;
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }, i) => (i === 0 ? null : logprob)),
    top_logprobs: tokens.map(({ top }, i) =>
      i === 0 ? null : Object.fromEntries(top.slice(0, count).map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: tokens.map(({ token }) => {
      const at = offset;
      offset += token.length;
      return at;
    }),
  };
}

/** Numbers of tokens, given out as they are met. */
const IDS = new Map<string, number>();
export function idOf(token: string): number {
  if (!IDS.has(token)) IDS.set(token, 1000 + ((IDS.size * 7919) % 50_000));
  return IDS.get(token)!;
}

/** The prompt's own token is always listed, also when others are likelier; the first token has no entry. */
function promptPart(
  scored: readonly SpokenToken[],
  begin: readonly string[],
  count: number,
  settings: Settings,
): object {
  if (settings.promptLogprobs === "null") return { prompt_logprobs: null };
  const entry = ({ token, logprob, top }: SpokenToken) =>
    Object.fromEntries([
      [idOf(token), { logprob, rank: 99, decoded_token: token }],
      ...top
        .slice(0, count)
        .map((one, i) => [idOf(one.token), { logprob: one.logprob, rank: i + 1, decoded_token: one.token }]),
    ]);
  return {
    prompt_logprobs: [
      ...begin.map(() => null),
      ...scored.map((token, i) => (begin.length + i === 0 ? null : entry(token))),
    ],
    ...(settings.promptLogprobs === "with-ids" && {
      prompt_token_ids: [...begin, ...scored.map(({ token }) => token)].map(idOf),
    }),
  };
}
