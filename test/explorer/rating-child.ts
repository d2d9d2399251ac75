/**
 * A server at a run whose rater never rests: `node rating-child.ts RUN RATER`. A line for each rating that was answered; killed whenever
 * somebody likes.
 */

import { writeSync } from "node:fs";
import { basename } from "node:path";
import type { RatingItem } from "../../src/explorer/api.ts";
import { serve } from "./served.ts";

const [run, rater] = process.argv.slice(2) as [string, string];
const served = serve([run]);
const address = `/api/runs/${encodeURIComponent(basename(run))}/a`;
const first = await served.get(`${address}/rating/next?rater=${rater}`);
let next = (await first.json()) as RatingItem;
while (next.item !== null) {
  const { item } = next;
  const points = { confidence: 1, activations: 2, logits: 3, separation: null, specificity: 1 };
  const answer = await served.post(`${address}/ratings`, {
    rater,
    item,
    interpretation: `of ${item}`,
    ...points,
  });
  if (answer.status !== 200) throw new Error(await answer.text());
  next = (await answer.json()) as RatingItem;
  writeSync(1, `${item}\n`);
}
writeSync(1, "all\n");
process.exit(0);
