/** SGLang's own POST /generate, with the probabilities of the prompt's tokens. */

import type { Brain } from "../brain.ts";
import { score, speak } from "../model.ts";
import type { Settings } from "../settings.ts";
import { type Answer, askedPrompt, type Call, errorWithin } from "./protocol.ts";
import { idOf } from "./completions.ts";

export function answerGenerate(call: Call, settings: Settings, brain: Brain): Answer {
  const { body, troubles } = call;
  const prompt = String(body["text"]);
  const scores = body["return_logprob"] === true && body["logprob_start_len"] === 0;
  const asked = askedPrompt(call, scores ? "score" : "completion", prompt);
  const count = Number(body["top_logprobs_num"] ?? 0);
  const within = errorWithin(troubles);
  if (within !== undefined) return within;
  const scored = score(brain, asked, settings, Math.max(count, 1));
  const limit = Number(
    (body["sampling_params"] as { max_new_tokens?: number } | undefined)?.max_new_tokens ?? 128,
  );
  const said = scores ? " and so on" : brain.answer(asked);
  const spoken = speak(brain, asked, typeof said === "string" ? said : "", settings, limit, 1);
  const named = (token: string) => (body["return_text_in_logprobs"] === true ? token : null);
  const meta = {
    id: `generate-${call.number}`,
    prompt_tokens: scored.length,
    completion_tokens: spoken.length,
    ...(scores && {
      input_token_logprobs: scored.map(({ token, logprob }, i) => [
        i === 0 ? null : logprob,
        idOf(token),
        named(token),
      ]),
      input_top_logprobs: scored.map(({ top }, i) =>
        i === 0 ? null : top.slice(0, count).map((one) => [one.logprob, idOf(one.token), named(one.token)]),
      ),
    }),
  };
  const json = { text: spoken.map(({ token }) => token).join(""), meta_info: meta };
  return { status: 200, json, inputTokens: scored.length, outputTokens: spoken.length };
}
