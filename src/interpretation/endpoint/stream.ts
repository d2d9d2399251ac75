/** A streamed chat put together again: the form of an answer that came in one piece, so that one reader serves both. */

import { unreadable } from "./failures.ts";

export interface Chunk {
  readonly choices?: readonly {
    readonly index?: number;
    readonly delta?: {
      readonly content?: string | null;
      readonly refusal?: string | null;
      readonly reasoning_content?: string | null;
      readonly reasoning?: string | null;
    } | null;
    readonly logprobs?: { readonly content?: readonly unknown[] | null } | null;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: unknown;
}

/**
 * @param hear called with each piece
 * @throws FailedTry when the stream ends before the model says that it has finished
 */
export async function assemble(chunks: AsyncIterable<Chunk>, hear: () => void): Promise<object> {
  let content = "";
  let refusal: string | null = null;
  let reasoning = "";
  const tokens: unknown[] = [];
  let finish: string | null = null;
  let usage: unknown;
  for await (const chunk of chunks) {
    hear();
    usage = chunk.usage ?? usage;
    const choice = chunk.choices?.find(({ index }) => (index ?? 0) === 0);
    if (choice === undefined) continue;
    const { delta, logprobs } = choice;
    content += delta?.content ?? "";
    if (typeof delta?.refusal === "string") refusal = (refusal ?? "") + delta.refusal;
    reasoning += delta?.reasoning_content ?? delta?.reasoning ?? "";
    tokens.push(...(logprobs?.content ?? []));
    finish = choice.finish_reason ?? finish;
  }
  if (finish === null) throw unreadable("the stream ended before the answer did");
  const message = { role: "assistant", content, refusal, ...(reasoning !== "" && { reasoning }) };
  const choice = {
    index: 0,
    message,
    logprobs: tokens.length > 0 ? { content: tokens } : null,
    finish_reason: finish,
  };
  return { choices: [choice], ...(usage !== undefined && { usage }) };
}
