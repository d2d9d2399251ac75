/**
 * One point of the cost curves, in a process of its own so that its peak memory is its own. Reads nothing, prints one JSON object.
 *
 *     node bench/cost-point.ts '{"d_in":768,"d_sae":6144,"l0":50,"batch":4096,"saes":1}' STEPS
 */

import { Pool } from "../src/sae/pool.ts";
import { median } from "./contest.ts";
import type { CostSizes } from "./cost-curves.ts";
import { makeProduct } from "./product.ts";

/** Steps in which the trainer finds out which of its ways is the fastest. */
const SETTLING_STEPS = 6;

const { d_in, d_sae, l0, batch, saes } = JSON.parse(process.argv[2]!) as CostSizes;
const steps = Number(process.argv[3]);
const pool = new Pool();
const products = [];
for (let i = 0; i < saes; i++) {
  products.push(await makeProduct(pool, { objective: "relu-l1", d_in, d_sae, batch, l0 }));
}
const seconds: number[] = [];
for (let step = 0; step < SETTLING_STEPS + steps; step++) {
  // One batch goes through every dictionary, one after the other, as a run with several does.
  let total = 0;
  for (const product of products) total += await product.step();
  if (step >= SETTLING_STEPS) seconds.push(total);
}
const { l0: counted, dense, phases } = products[0]!.report();
const facts = {
  seconds: median(seconds),
  least: Math.min(...seconds),
  most: Math.max(...seconds),
  l0: counted,
  dense,
  phases,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(facts));
for (const { trainer } of products) await trainer.close();
await pool.close();
