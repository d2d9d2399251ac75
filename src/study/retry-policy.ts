/**
 * How often a part may be tried again, by what went wrong. An interruption that got further than the one before is none: time limits
 * shorter than the work are the normal case on a cluster.
 */

import { z } from "zod";

const count = z.int().min(0);

export const retrySchema = z.strictObject({
  failed: count.default(1).describe("an error of its own"),
  outOfMemory: count.default(2).describe("each time with `memoryGrowth` times the memory"),
  diskFull: count.default(20).describe("each time after `diskFullWait` seconds"),
  nodeFailure: count.default(10).describe("the node went away, or the process was killed"),
  stalls: count
    .default(3)
    .describe("interruptions in a row without a newer checkpoint: the time limit is too short"),
  memoryGrowth: z.number().min(1).default(1.5),
  diskFullWait: z.number().min(0).default(60),
});

export type RetryPolicy = z.output<typeof retrySchema>;
