/** One slice of a text on its own, where tokenising is divided among several parts. */

import { HARVEST_TOKENS, openSource, type Source, tokensFolder, tokensFor } from "../../run/source.ts";
import type { Slice } from "../../text/slices.ts";
import type { Text } from "../plan.ts";
import { type Job, textOf } from "./job.ts";

export async function tokenise(job: Job): Promise<void> {
  const { part, hooks } = job;
  const text = textOf(job);
  hooks.onPhase?.("loading the model");
  const source = await openSource(text.stream);
  // How much there is of all slices together is known when they are joined.
  await tokeniseText(job, source, 0, { index: part.slice ?? 0, of: text.slices });
}

/** Tokenises a text, or a slice of it, into the work folder. */
export async function tokeniseText(
  job: Job,
  source: Source,
  minTokens: number,
  slice?: Slice,
): Promise<void> {
  const { folder, work, hooks } = job;
  const { stream, trainTokens, heldoutTokens } = textOf(job);
  hooks.onPhase?.("tokenising the text", (trainTokens + heldoutTokens) / (slice?.of ?? 1), "tokens");
  await tokensFor(
    source,
    {
      data: stream.data,
      ...(stream.reading && { reading: stream.reading }),
      heldoutShare: stream.heldoutShare,
      // As `run` does: one pass of the model more than is trained on.
      trainTokens: Math.min(trainTokens + HARVEST_TOKENS, stream.textTokens ?? Infinity),
      heldoutTokens,
      minTrainTokens: minTokens,
      folder: tokensFolder(work),
      threads: folder.plan.threads,
      ...(slice && { slice }),
    },
    hooks,
  );
}

/** Where a text that is too short is refused, all of it; else what one context needs. */
export function minTrainTokens({ stream, trainTokens }: Text, context: number): number {
  return stream.whenTextEnds === "stop" ? trainTokens : context;
}
