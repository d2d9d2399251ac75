/**
 * Measures a machine in a few seconds: two small models, a dictionary's dense and sparse steps, and a loop in plain JavaScript, each
 * with the code that a study runs.
 *
 * Where the machine does other work at that moment, the clock runs on while this process waits. Its processor time does not, so what took
 * much longer than its threads were busy counts as what they were busy for.
 */

import { Engine } from "../../engine/engine.ts";
import { sharedFloats } from "../../engine/tensor.ts";
import type { ModelConfig } from "../../model/config.ts";
import { openCut } from "../../model/cut.ts";
import { findHook } from "../../model/hooks.ts";
import { initialise } from "../../pretraining/initialisation.ts";
import { Random } from "../../random.ts";
import { Pool } from "../../sae/pool.ts";
import { resolveOptions } from "../../sae/presets.ts";
import { SaeTrainer } from "../../sae/trainer.ts";
import { cutWork, type ForwardWork, secondsOf } from "./forward-work.ts";
import { REFERENCE, type Speed } from "./speed.ts";
import { stepSeconds } from "./training-work.ts";

const CONTEXT = 128;
const SHAPE = {
  nHead: 8,
  vocabSize: 8192,
  context: CONTEXT,
  activation: "relu",
  layerNormEpsilon: 1e-5,
  tieWordEmbeddings: true,
  bosId: 0,
  eosId: 0,
} as const;
/** One that spends its time in products, and one that spends it on logits. */
const WIDE: ModelConfig = { ...SHAPE, nLayer: 2, dModel: 512, dHead: 64, dMlp: 2048 };
const NARROW: ModelConfig = { ...SHAPE, nLayer: 1, nHead: 2, dModel: 64, dHead: 32, dMlp: 64 };

const ROUNDS = 4;

/** Rates of this machine with that many threads. */
export async function measureSpeed(threads: number): Promise<Speed> {
  const engine = await Engine.start({ workers: threads, threads: 1 });
  let rates: Pick<Speed, "flops" | "elements" | "parallel">;
  try {
    const wide = await forward(engine, WIDE, "blocks.1.hook_resid_post", "prefix", threads);
    const narrow = await forward(engine, NARROW, "blocks.0.hook_resid_post", "suffix", threads);
    rates = { ...solve(wide, narrow), parallel: Math.max(1, (threads * wide.alone) / wide.together) };
  } finally {
    await engine.close();
  }
  const script = SCRIPT_SECONDS / (await scriptSeconds());
  return { threads, ...rates, step: await measureSteps(threads), tokens: REFERENCE.tokens * script, script };
}

interface Measured {
  readonly work: ForwardWork;
  /** Seconds of a pass by itself, and of one for each thread at once. */
  readonly alone: number;
  readonly together: number;
}

async function forward(
  engine: Engine,
  config: ModelConfig,
  hook: string,
  half: "prefix" | "suffix",
  threads: number,
): Promise<Measured> {
  const batch = 8;
  const tokens = new Int32Array(batch * CONTEXT).map((_, i) => (i * 37) % config.vocabSize);
  const cut = await openCut(engine, { config, weights: initialise(config, 0) }, hook, {
    batch,
    context: CONTEXT,
  });
  const { activation, carry } = await cut.prefix(tokens);
  const pass = () => (half === "prefix" ? cut.prefix(tokens) : cut.suffix(tokens, carry, activation));
  const all = () => Promise.all(Array.from({ length: threads }, pass));
  await all();
  const alone = await least(pass, 1);
  const together = await least(all, threads);
  const each = cutWork(config, findHook(config, hook), CONTEXT)[half];
  const size = batch * CONTEXT;
  await cut.close();
  return { work: { flops: each.flops * size, elements: each.elements * size }, alone, together };
}

/** Rates of products and of elements from two passes with another share of each. */
function solve(wide: Measured, narrow: Measured): Pick<Speed, "flops" | "elements"> {
  const [a, b] = [wide.work, narrow.work];
  const determinant = a.flops * b.elements - b.flops * a.elements;
  const flop = (wide.alone * b.elements - narrow.alone * a.elements) / determinant;
  const element = (a.flops * narrow.alone - b.flops * wide.alone) / determinant;
  if (flop > 0 && element > 0) return { flops: 1 / flop, elements: 1 / element };
  // Noise was larger than the difference: both as much faster or slower than the reference.
  const share = wide.alone / secondsOf(wide.work, REFERENCE);
  return { flops: REFERENCE.flops / share, elements: REFERENCE.elements / share };
}

/** As many features fire on a token. */
const L0 = 24;
const D_IN = 512;
const BATCH = 1024;

/** The coefficients of a step, in the proportions of the reference machine: of a dense step those in float32, of a sparse one the rest. */
async function measureSteps(threads: number): Promise<Speed["step"]> {
  const pool = new Pool(threads);
  const options = resolveOptions(
    {
      batch: BATCH,
      tokens: 1e6 * BATCH,
      lr: 1e-9,
      lr_warmup: 0,
      lambda_warmup: 0,
      b_dec_init: "zero",
      normalize_activations: "none",
    },
    D_IN,
  );
  const trainer = await SaeTrainer.create(pool, { d_in: D_IN, options });
  try {
    const { parameters, d_sae } = trainer;
    const random = Random.of(0, "speed of this machine");
    for (let i = 0; i < d_sae; i++) parameters.encoderRow(i).set(parameters.decoderRow(i));
    const x = sharedFloats(BATCH * D_IN);
    for (let row = 0; row < BATCH; row++) {
      const values = x.subarray(row * D_IN, (row + 1) * D_IN);
      for (let n = 0; n < L0; n++) {
        const direction = parameters.decoderRow(random.integer(d_sae));
        for (let k = 0; k < D_IN; k++) values[k]! += direction[k]!;
      }
    }
    let l0 = 0;
    const step = async () => {
      ({ l0 } = await trainer.step(x));
    };
    // With no bias half of the features fire, with this one those that the input was made of, and a few.
    for (let i = 0; i < d_sae; i++) parameters.setBias(i, 0);
    await step();
    const dense = (await least(step, threads, 2)) / stepSeconds(options, D_IN, l0, REFERENCE);
    for (let i = 0; i < d_sae; i++) parameters.setBias(i, -0.75);
    for (let i = 0; i < 4; i++) await step();
    const sparse = (await least(step, threads, 5)) / stepSeconds(options, D_IN, l0, REFERENCE);
    const { encoderFlop, plainFlop, entry, parameter, denseFlop } = REFERENCE.step;
    return {
      encoderFlop: encoderFlop * sparse,
      plainFlop: plainFlop * dense,
      entry: entry * sparse,
      parameter: parameter * sparse,
      denseFlop: denseFlop * dense,
    };
  } finally {
    await trainer.close();
    await pool.close();
  }
}

/** Of the loop below on the machine of docs/results.md. */
const SCRIPT_SECONDS = 0.075;

/** Seconds of a loop like those over tokens and active units: maps, typed arrays out of order, short strings. */
function scriptSeconds(): Promise<number> {
  return least(async () => {
    const counts = new Map<string, number>();
    const floats = new Float64Array(1 << 20);
    let at = 1;
    for (let i = 0; i < 400_000; i++) {
      at = (Math.imul(at, 1_664_525) + 1_013_904_223) >>> 0;
      floats[at & (floats.length - 1)]! += i;
      const word = (at >>> 18).toString(36);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }, 1);
}

/** What threads wait for each other on an idle machine. */
const WAITING = 1.1;

/** Seconds of the fastest of some runs that keep so many threads busy. */
async function least(run: () => Promise<unknown>, threads: number, rounds = ROUNDS): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    const busy = (user + system) / 1e6 / threads;
    best = Math.min(best, (performance.now() - start) / 1000, WAITING * busy);
  }
  return best;
}
