/** A process that fills a cache and, at its `stopAt`-th pass, kills itself without warning or waits for ever. */

import { openCache } from "../../src/activations/cache.ts";
import { identity, numbered, SHARD_BYTES } from "./numbered.ts";

const [folder, contexts, stopAt, how] = process.argv.slice(2) as [string, string, string, "kill" | "wait"];
let passes = 0;

const source = numbered(Number(contexts), async () => {
  // Slow enough that shards are written on the way.
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (++passes !== Number(stopAt)) return;
  if (how === "kill") process.kill(process.pid, "SIGKILL");
  process.stdout.write("waiting\n");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
await openCache(source, {
  folder,
  identity: identity(Number(contexts)),
  threads: 1,
  shardBytes: SHARD_BYTES,
});
