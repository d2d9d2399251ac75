/** A small GPT-2 at two hook points and a text of many short documents, for what is read with real parts. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../../src/engine/engine.ts";
import { cutReader } from "../../../src/features/pass/analyse.ts";
import type { Reader } from "../../../src/features/pass/read-batches.ts";
import { openCut } from "../../../src/model/cut.ts";
import { loadModel } from "../../../src/model/load.ts";
import { Random } from "../../../src/random.ts";
import { openShards, type TokenShards } from "../../../src/text/shards.ts";
import { tokenizeCorpus } from "../../../src/text/tokenize.ts";
import { sentence } from "../../text/sentences.ts";

export const CONTEXT = 24;
export const BATCH = 3;
const HOOKS = ["blocks.1.hook_mlp_out", "blocks.1.mlp.hook_post"] as const;

export interface ReadText {
  readonly shards: TokenShards;
  /** Of the MLP's output and of its neurons. */
  readonly readers: readonly [Reader, Reader];
}

/** @param documents of 5 to 64 words each */
export async function openText(engine: Engine, folder: string, documents: number): Promise<ReadText> {
  const model = await loadModel("test/fixtures/models/text");
  const source = join(folder, "text.jsonl");
  const random = Random.of(8, "evidence");
  const lines = Array.from({ length: documents }, () =>
    JSON.stringify({ text: sentence(random, 5 + random.integer(60)) }),
  );
  writeFileSync(source, lines.join("\n"));
  await tokenizeCorpus({
    sources: [source],
    tokenizer: model.tokenizer!,
    context: CONTEXT,
    folder: join(folder, "tokens"),
    heldoutShare: 0.3,
    workers: 0,
  });
  const [output, neurons] = await Promise.all(
    HOOKS.map(async (hook) =>
      cutReader(await openCut(engine, model, hook, { batch: BATCH, context: CONTEXT })),
    ),
  );
  return { shards: openShards(join(folder, "tokens")), readers: [output!, neurons!] };
}
