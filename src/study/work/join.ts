/** A text as token shards, for every group that is trained on it. */

import { openSource, tokensFolder, HARVEST_TOKENS, tokensFor } from "../../run/source.ts";
import { type Job, textOf } from "./job.ts";

export async function join(job: Job): Promise<void> {
  const { folder, work, hooks } = job;
  const { stream, trainTokens, heldoutTokens } = textOf(job);
  hooks.onPhase?.("loading the model");
  const source = await openSource(stream);
  hooks.onPhase?.("tokenising the text", trainTokens + heldoutTokens, "tokens");
  await tokensFor(
    source,
    {
      data: stream.data,
      ...(stream.reading && { reading: stream.reading }),
      heldoutShare: stream.heldoutShare,
      // As `run` does: one pass of the model more than is trained on.
      trainTokens: Math.min(trainTokens + HARVEST_TOKENS, stream.textTokens ?? Infinity),
      heldoutTokens,
      minTrainTokens: stream.whenTextEnds === "stop" ? trainTokens : source.context,
      folder: tokensFolder(work),
      threads: folder.plan.threads,
    },
    hooks,
  );
}
