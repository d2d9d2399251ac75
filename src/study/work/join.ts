/** A text as token shards, for every group that is trained on it: tokenised here, or joined from slices. */

import { openSource, tokensFolder } from "../../run/source.ts";
import { joinShards } from "../../text/join-shards.ts";
import { type Job, textOf } from "./job.ts";
import { minTrainTokens, tokeniseText } from "./tokenise.ts";

export async function join(job: Job): Promise<void> {
  const { folder, part, work, hooks } = job;
  const text = textOf(job);
  if (text.slices === 1) {
    hooks.onPhase?.("loading the model");
    const source = await openSource(text.stream);
    return tokeniseText(job, source, minTrainTokens(text, source.context));
  }
  hooks.onPhase?.("joining the slices");
  const slices = folder.plan.parts.filter(
    ({ stage, subject }) => stage === "tokenise" && subject === part.subject,
  );
  joinShards(
    slices.map(({ name }) => tokensFolder(folder.result(name))),
    tokensFolder(work),
    { minTokens: minTrainTokens(text, text.stream.context ?? 1) },
  );
}
