/**
 * What the training loop keeps of what harvest and step alone would give, at DistilGPT-2's shape (6 layers, 768, random
 * weights), blocks.5.hook_mlp_out, 6,144 features, batch 4096: `train` without the text.
 *
 *     node bench/end-to-end.ts [--seconds 60] [--passes 16] [--out build/bench/end-to-end.json]
 *
 * A window is one round of the buffer: the loop trains on it, then as much is harvested alone, as many steps are taken
 * alone, and both at once, so that a slow minute of the machine hits all four. With rates h and s of harvest and step, two cores
 * that never wait give 1/(1/h + 1/s); the share of it that the loop reaches is what is printed. It misses what happens
 * between the two: gathering shuffled rows, handing over, threads that wait for the last of them. The same share of
 * processor time leaves out the waiting, and holds on a busy machine too. Both at once is the best that a loop which
 * harvests the next round while it trains could reach: its gain over one after the other is printed.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { HarvestedActivations } from "../src/activations/harvested-activations.ts";
import { ActivationRounds } from "../src/activations/rounds.ts";
import { Engine } from "../src/engine/engine.ts";
import { sharedFloats } from "../src/engine/tensor.ts";
import { writeJson } from "../src/files/atomic.ts";
import { openCut } from "../src/model/cut.ts";
import { initialise } from "../src/pretraining/initialisation.ts";
import { Random } from "../src/random.ts";
import { dictionariesOf } from "../src/run/grid.ts";
import { HARVEST_TOKENS } from "../src/run/source.ts";
import { trainDictionaries } from "../src/run/train.ts";
import { Pool } from "../src/sae/pool.ts";
import type { SaeTrainer } from "../src/sae/trainer.ts";
import type { TokenSplit } from "../src/text/shards.ts";
import { median } from "./contest.ts";
import { DISTILGPT2 } from "./distilgpt2.ts";
import { describeMachine } from "./machine.ts";

const HOOK = "blocks.5.hook_mlp_out";
const CONTEXT = 128;
const BATCH = 4096;
const L0 = 50;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    /** Passes of the model in a round; the default buffer of 512 MB holds 80 of this size. */
    passes: { type: "string", default: "16" },
    out: { type: "string", default: "build/bench/end-to-end.json" },
  },
});
const cores = availableParallelism();
const machine = describeMachine();

/** Tokens drawn evenly: which ones they are changes nothing about the time. */
const text: TokenSplit = {
  contexts: 4096,
  context: CONTEXT,
  read(first, count, into = new Int32Array(count * CONTEXT)) {
    const random = Random.of(first, "tokens");
    for (let i = 0; i < count * CONTEXT; i++) into[i] = random.integer(DISTILGPT2.vocabSize);
    return into;
  },
};

/** Wall-clock and processor time in seconds; the latter of every thread. */
interface Cost {
  readonly wall: number;
  readonly processor: number;
}

function now(): Cost {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1000, processor: (user + system) / 1e6 };
}

const since = (start: Cost, end = now()): Cost => ({
  wall: end.wall - start.wall,
  processor: end.processor - start.processor,
});

const costOf = async (work: () => Promise<unknown>): Promise<Cost> => {
  const start = now();
  await work();
  return since(start);
};

/** Of the same rows: in the loop, harvested alone, trained on alone, and harvested while as many are trained on. */
interface Window {
  readonly loop: Cost;
  readonly harvest: Cost;
  readonly steps: Cost;
  readonly overlapped: Cost;
}

const folder = mkdtempSync(join(tmpdir(), "monosemantic-end-to-end-"));
const engine = await Engine.start({ workers: cores, threads: 1 });
const pool = new Pool(cores);
const cut = await openCut(engine, { config: DISTILGPT2, weights: initialise(DISTILGPT2, 0) }, HOOK, {
  batch: HARVEST_TOKENS / CONTEXT,
  context: CONTEXT,
});
const source = new HarvestedActivations(cut, text, cores);
const rounds = new ActivationRounds(source, {
  seed: 0,
  bufferBytes: Number(flags.passes) * HARVEST_TOKENS * cut.dIn * 4,
});
const [dictionary] = dictionariesOf(
  [
    {
      preset: "monosemantic",
      expansion: 8,
      batch: BATCH,
      tokens: 1e9,
      Lambda: 1,
      // Too small for L0 to move.
      lr: 1e-9,
      lr_warmup: 0,
      lambda_warmup: 0,
      dead: "none",
      b_dec_init: "zero",
      normalize_activations: "none",
    },
  ],
  cut.dIn,
);

const alone = sharedFloats(rounds.rows * cut.dIn);
const batch = sharedFloats(BATCH * cut.dIn);
const windows: Window[] = [];
const stop = new AbortController();
let lastStep = now();
let windowBegan: Cost | undefined;
let l0 = 0;

/** Between two rounds of the loop, whose first one warms up. */
async function measure(trainer: SaeTrainer): Promise<void> {
  const loop = windowBegan && since(windowBegan, lastStep);
  const contexts = Array.from({ length: rounds.rows / CONTEXT }, (_, i) => i);
  const read = () => source.read(contexts, alone);
  const train = async () => {
    for (let i = 0; i < rounds.rows / BATCH; i++) ({ l0 } = await trainer.step(batch));
  };
  const harvest = await costOf(read);
  const steps = await costOf(train);
  const overlapped = await costOf(() => Promise.all([read(), train()]));
  if (loop) {
    windows.push({ loop, harvest, steps, overlapped });
    const words = [loop, harvest, steps, overlapped].map(
      ({ wall, processor }) => `${wall.toFixed(2)} (${processor.toFixed(2)})`,
    );
    console.error(
      `seconds (of processors): loop ${words[0]}, harvest ${words[1]}, steps ${words[2]}, both at once ${words[3]}`,
    );
  }
  if ((performance.now() - began) / 1000 > Number(flags.seconds) && windows.length > 0) stop.abort();
  windowBegan = now();
}

/** The encoder bias, the same for all features, with which L0 of them fire on a row of the batch. */
function biasFor({ parameters, d_in, d_sae }: SaeTrainer): number {
  const rows = 64;
  const products = new Float32Array(rows * d_sae);
  for (let feature = 0; feature < d_sae; feature++) {
    const direction = parameters.encoderRow(feature);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let k = 0; k < d_in; k++) sum += batch[row * d_in + k]! * direction[k]!;
      products[row * d_sae + feature] = sum;
    }
  }
  products.sort();
  return -products[products.length - L0 * rows]!;
}

function rates({ loop, harvest, steps, overlapped }: Window) {
  const kept = (key: keyof Cost) => (harvest[key] + steps[key]) / loop[key];
  return {
    loop: rounds.rows / loop.wall,
    harvest: rounds.rows / harvest.wall,
    step: rounds.rows / steps.wall,
    share: kept("wall"),
    processorShare: kept("processor"),
    overlapGain: (harvest.wall + steps.wall) / overlapped.wall - 1,
    overlapProcessorGain: (harvest.processor + steps.processor) / overlapped.processor - 1,
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

const began = performance.now();
await trainDictionaries(
  pool,
  {
    folder,
    dictionaries: [dictionary!],
    rounds,
    identity: {},
    checkpointMinutes: 1e6,
    goOnWithout: false,
    milestones: [BATCH, ...Array.from({ length: 1e4 }, (_, i) => (i + 1) * rounds.rows)],
    afterText: "again",
    async onMilestone(trainers, step) {
      const trainer = trainers.get(dictionary!.name) as SaeTrainer;
      if (step > 1) return measure(trainer);
      // As few features fire as in a trained dictionary.
      await source.read([...Array(BATCH / CONTEXT).keys()], batch);
      trainer.parameters.fillBias(biasFor(trainer));
    },
  },
  { signal: stop.signal, onProgress: () => (lastStep = now()) },
).catch((error: unknown) => {
  if (!stop.signal.aborted) throw error;
});
await Promise.all([engine.close(), pool.close()]);
rmSync(folder, { recursive: true });

const all = windows.map(rates);
const middle = (key: keyof (typeof all)[number]) => median(all.map((rate) => rate[key]));
const shares = all.map(({ share }) => share).sort((a, b) => a - b);
const summary = {
  rows: rounds.rows,
  windows: all.length,
  l0,
  harvest_tokens_per_second: middle("harvest"),
  step_tokens_per_second: middle("step"),
  loop_tokens_per_second: middle("loop"),
  share_kept: middle("share"),
  share_kept_of_processor_time: middle("processorShare"),
  gain_of_overlap: middle("overlapGain"),
  gain_of_overlap_in_processor_time: middle("overlapProcessorGain"),
};
writeJson(flags.out, {
  benchmark: "training loop at DistilGPT-2's shape",
  measured: new Date().toISOString(),
  machine: { ...machine, loadAfter: describeMachine().loadBefore },
  ...summary,
  seconds: windows,
});
const rate = (key: "harvest" | "step" | "loop") => `${Math.round(middle(key)).toLocaleString("en")} tokens/s`;
console.log(`${machine.cpu}, ${cores} cores, load before ${machine.loadBefore}`);
console.log(`harvest alone ${rate("harvest")}, step alone ${rate("step")} (L0 ${l0.toFixed(0)})`);
console.log(
  `training loop ${rate("loop")}: ${percent(summary.share_kept)} of what both would give ` +
    `(${percent(shares[0]!)} … ${percent(shares.at(-1)!)} in ${all.length} windows of ${rounds.rows} tokens), ` +
    `${percent(summary.share_kept_of_processor_time)} of processor time`,
);
console.log(
  `harvest and steps at once: ${percent(summary.gain_of_overlap)} faster than one after the other, ` +
    `${percent(summary.gain_of_overlap_in_processor_time)} in processor time`,
);
