/**
 * The probabilities of a prompt's own tokens, in the three forms in which servers give them: legacy completions with `echo`, vLLM's
 * `prompt_logprobs`, SGLang's /generate. Each is checked to be about this prompt and to have probabilities at all: some servers echo a
 * text without them, or give those of what was generated after it.
 */

import { z } from "zod";
import { align, type Spellings, surfaceOf } from "./alignment.ts";
import { known, usageIn } from "./chat-answer.ts";
import type { PromptScoreAnswer, TokenLogprob, Usage } from "./endpoint.ts";
import { unreadable } from "./failures.ts";
import type { PromptWay } from "./requests.ts";

/** A place of the prompt: how its token may read, and what could stand there. */
interface Place {
  readonly spellings: Spellings;
  readonly top: readonly TokenLogprob[];
}

const maybe = z.number().nullish();

const echo = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        logprobs: z.looseObject({
          tokens: z.array(z.string()),
          top_logprobs: z.array(z.record(z.string(), maybe).nullish()),
        }),
      }),
    )
    .min(1),
  usage: z.unknown().optional(),
});

const entry = z.record(z.string(), z.looseObject({ logprob: maybe, decoded_token: z.string().nullish() }));
const vllm = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        prompt_logprobs: z.array(entry.nullish()).min(1),
        prompt_token_ids: z.array(z.int()).nullish(),
      }),
    )
    .min(1),
  usage: z.unknown().optional(),
});

const named = z.tuple([maybe, z.unknown(), z.string().nullish()]).rest(z.unknown());
const sglang = z.looseObject({
  meta_info: z.looseObject({
    prompt_tokens: z.int(),
    completion_tokens: z.int().nullish(),
    input_token_logprobs: z.array(named).min(1),
    input_top_logprobs: z.array(z.array(named).nullish()),
  }),
});

export type ReadScore = Pick<PromptScoreAnswer, "tokens">;

/** @throws FailedTry when there are no probabilities, or not of this prompt's tokens */
export function readPromptScore(
  raw: unknown,
  way: PromptWay,
  prompt: string,
): { readonly value: ReadScore; readonly usage: Usage | null } {
  const { places, generated, usage } = READERS[way](raw);
  const texts = align(
    prompt,
    places.map(({ spellings }) => spellings),
    generated,
  );
  if (texts === undefined) throw unreadable("the tokens it lists do not make up the prompt");
  const tokens = places.flatMap(({ top }, i) => {
    const text = texts[i] ?? null;
    return text === null ? [] : [{ token: text, top: top.map(asText) }];
  });
  if (tokens.slice(1).some(({ top }) => top.length === 0)) {
    throw unreadable("it lists the prompt's tokens without their probabilities");
  }
  return { value: { tokens: tokens.map((token, i) => (i === 0 ? { ...token, top: [] } : token)) }, usage };
}

interface Read {
  readonly places: readonly Place[];
  readonly generated: number;
  readonly usage: Usage | null;
}

const READERS: Readonly<Record<PromptWay, (raw: unknown) => Read>> = {
  echo(raw) {
    const { choices, usage } = formed(echo, raw);
    const { tokens, top_logprobs } = choices[0]!.logprobs;
    const places = tokens.map((token, i) => ({
      spellings: [token],
      top: known(Object.entries(top_logprobs[i] ?? {}).map(([text, logprob]) => ({ token: text, logprob }))),
    }));
    return { places, generated: 1, usage: usageIn(usage) };
  },
  vllm(raw) {
    const { choices, usage } = formed(vllm, raw);
    const { prompt_logprobs, prompt_token_ids } = choices[0]!;
    const places = prompt_logprobs.map((entries, i): Place => {
      if (entries === null || entries === undefined) return { spellings: null, top: [] };
      const listed = Object.entries(entries).map(([id, { logprob, decoded_token }]) => ({
        id,
        token: decoded_token ?? "\uFFFD",
        logprob,
      }));
      const own = listed.find(({ id }) => id === String(prompt_token_ids?.[i]));
      const spellings = own === undefined ? listed.map(({ token }) => token) : [own.token];
      const byRank = known(listed).sort((a, b) => b.logprob - a.logprob);
      return { spellings, top: byRank };
    });
    return { places, generated: 0, usage: usageIn(usage) };
  },
  sglang(raw) {
    const { meta_info } = formed(sglang, raw);
    const { input_token_logprobs, input_top_logprobs, prompt_tokens, completion_tokens } = meta_info;
    const places = input_token_logprobs.map(([, , text], i): Place => ({
      spellings: text === null || text === undefined ? null : [text],
      top: known(
        (input_top_logprobs[i] ?? []).map(([logprob, , token]) => ({ token: token ?? "\uFFFD", logprob })),
      ),
    }));
    const usage = { inputTokens: prompt_tokens, outputTokens: completion_tokens ?? 0 };
    return { places, generated: 0, usage };
  },
};

function formed<T>(shape: z.ZodType<T>, raw: unknown): T {
  const parsed = shape.safeParse(raw);
  if (!parsed.success) throw unreadable("the answer lists no probabilities of the prompt's tokens");
  return parsed.data;
}

/** Alternatives are spelled like the tokens. */
function asText({ token, logprob }: TokenLogprob): TokenLogprob {
  return { token: surfaceOf(token), logprob };
}
