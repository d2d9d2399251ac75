/**
 * How fast a machine does each kind of work that a study is made of: the rates that turn counts of operations into seconds.
 *
 * They are measured here (measure-speed.ts), or stand in a profile for nodes of a cluster. The coefficients of a training step are
 * those of the cost model of bench/cost-curves.ts.
 */

import { z } from "zod";

const rate = z.number().positive();

export const speedSchema = z.strictObject({
  threads: z.int().positive().describe("threads of one part that the rates below are of"),
  flops: rate.describe(
    "floating-point operations a second in the model's matrix products, one thread by itself",
  ),
  elements: rate.describe(
    "elements a second through the model's element-wise operations, one thread by itself",
  ),
  parallel: rate.describe("how many times that all threads do together"),
  step: z
    .strictObject({
      encoderFlop: rate.describe("a floating-point operation of the encoder product, screened in eight bits"),
      plainFlop: rate.describe("the same in float32"),
      entry: rate.describe("an active feature's activation times one dimension"),
      parameter: rate.describe("a parameter with its Adam moments"),
      denseFlop: rate.describe("a floating-point operation of a dense step"),
    })
    .describe("seconds that a training step takes on all threads for each"),
  tokens: rate.describe("tokens a second that one thread tokenises"),
  script: rate.describe(
    "speed of what is done in plain JavaScript, relative to the machine of docs/results.md",
  ),
  gpuFlops: rate
    .optional()
    .describe("floating-point operations a second of a GPU; assumed, not measured, where it is not given"),
});

export type Speed = z.infer<typeof speedSchema>;

/** Of the machine of docs/results.md, two threads: what a machine is measured against. */
export const REFERENCE: Speed = {
  threads: 2,
  flops: 1.1e11,
  elements: 3e9,
  parallel: 1.9,
  step: { encoderFlop: 1.3e-12, plainFlop: 4e-12, entry: 4.38e-10, parameter: 2.29e-9, denseFlop: 5e-12 },
  tokens: 1.2e6,
  script: 1,
};

/** float32 products of a data-centre GPU at half of what its maker states. Nothing of this program was measured on one. */
export const ASSUMED_GPU_FLOPS = 2e13;

/** `speed`, measured with its own number of threads, for another: threads up to the machine's cores add up, about. */
export function withThreads(speed: Speed, threads: number): Speed {
  const share = (1 + (threads - 1) * EACH_MORE) / (1 + (speed.threads - 1) * EACH_MORE);
  const step = Object.fromEntries(
    Object.entries(speed.step).map(([name, seconds]) => [name, seconds / share]),
  ) as Speed["step"];
  return { ...speed, threads, parallel: Math.max(1, speed.parallel * share), step };
}

/** What one more thread adds: memory and cache are shared. */
const EACH_MORE = 0.85;
