/**
 * One training step of a dictionary beside its peers in the same run, everything of a step included: ReLU with an L1 penalty
 * and TopK, d_in 768, batch 4096, about 50 features active a token with log-normal densities (sparse-batch.ts).
 *
 *     node bench/sae-step.ts [--rounds 7] [--widths 6144,24576] [--objectives relu-l1,topk] [--out build/bench/sae-step.json]
 *
 * All contenders start from the same parameters and take the same batch; the loss of their first step is compared. Those that
 * bench/setup-peers.sh has installed take part. About ten minutes and 12 GB on two cores.
 */

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Pool } from "../src/sae/pool.ts";
import type { StepReport } from "../src/sae/trainer.ts";
import { CaseFiles } from "./case-files.ts";
import { contest, type Contender } from "./contest.ts";
import { describeMachine } from "./machine.ts";
import { Peer, type PeerEnvironment, type PeerRequest } from "./peer.ts";
import { type BenchObjective, makeProduct, type Product, type StepShape } from "./product.ts";
import { ratioTable } from "./ratios.ts";
import { type CaseResults, report } from "./report.ts";
import { measureRoof } from "./roof.ts";

const [D_IN, BATCH, L0] = [768, 4096, 50];
/** The product finds out by itself which of its ways is the fastest: steps before it is timed. */
const SETTLING_STEPS = 12;
/** Largest relative difference of two losses of the same step: float32, and bfloat16 products. */
const AGREEMENT = { float32: 1e-4, bfloat16: 1e-2 };

/** What a peer can be asked for: the fastest of its variants takes part under the name. */
interface Entry {
  readonly name: (peer: Peer) => string;
  readonly environment: PeerEnvironment;
  readonly script: string;
  readonly dtype: PeerRequest["dtype"];
  readonly variants: (objective: BenchObjective) => readonly (string | undefined)[];
}

const torch = (peer: Peer) => `torch ${peer.info.torch.replace(/\+.*/, "")}`;
const packaged = (peer: Peer) => `${peer.info.package}, float32`;
const ENTRIES: readonly Entry[] = [
  {
    name: (peer) => `${torch(peer)} float32`,
    environment: "torch",
    script: "sae_step.py",
    dtype: "float32",
    variants: () => ["eager", "autograd"],
  },
  {
    name: (peer) => `${torch(peer)} bfloat16 products`,
    environment: "torch",
    script: "sae_step.py",
    dtype: "bfloat16",
    variants: (objective) => ["eager", "autograd", ...(objective === "topk" ? [] : ["compiled"])],
  },
  {
    name: (peer) => `${torch(peer)} float32, active entries by CSR`,
    environment: "torch",
    script: "sae_step.py",
    dtype: "float32",
    variants: () => ["sparse"],
  },
  {
    name: packaged,
    environment: "sae_lens",
    script: "sae_lens_step.py",
    dtype: "float32",
    variants: () => [undefined],
  },
  {
    name: packaged,
    environment: "dictionary_learning",
    script: "dictionary_learning_step.py",
    dtype: "float32",
    variants: () => [undefined],
  },
];

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    widths: { type: "string", default: "6144,24576" },
    objectives: { type: "string", default: "relu-l1,topk" },
    out: { type: "string", default: "build/bench/sae-step.json" },
  },
});
const rounds = Number(flags.rounds);
const cores = availableParallelism();
const machine = describeMachine();

/** All of a machine's threads, and where some may share a core, half of them. */
const THREADS = cores > 2 ? [cores, cores >> 1] : [cores];

/** The peer's contender, or undefined and a line on stderr when it cannot do this case. */
async function contenderOf(entry: Entry, peer: Peer, shape: StepShape, folder: string, loss: number) {
  const name = entry.name(peer);
  const settings = [];
  for (const variant of entry.variants(shape.objective)) {
    const request = { case: folder, dtype: entry.dtype, threads: cores, ...(variant && { variant }) };
    try {
      const theirs = await peer.firstValue(request);
      await peer.release(request);
      const difference = Math.abs(theirs / loss - 1);
      const verdict = difference <= AGREEMENT[entry.dtype] ? "agrees" : "DISAGREES";
      console.error(
        `  ${name}${variant ? ` ${variant}` : ""}: loss ${theirs.toFixed(4)} ${verdict} (${difference.toExponential(1)})`,
      );
    } catch (error) {
      console.error(`  SKIPPED: ${name} ${variant ?? ""}: ${(error as Error).message.split("\n")[0]}`);
      continue;
    }
    for (const threads of THREADS) {
      settings.push({
        label: `${variant ? `${variant}, ` : ""}${threads} thread${threads === 1 ? "" : "s"}`,
        run: async () => (await peer.measure({ ...request, threads, runs: 1 }))[0]!,
        drop: () => peer.release(request),
      });
    }
  }
  return settings.length > 0 ? { name, tokens: BATCH, settings } : undefined;
}

type Phases = StepReport["phases"];

/** @param phases gets those of every step */
function productContender(product: Product, workers: number, phases: Phases[]): Contender {
  const run = async () => {
    const seconds = await product.step();
    phases.push(product.report().phases);
    return seconds;
  };
  return { name: "monosemantic float32", tokens: BATCH, settings: [{ label: `${workers} workers`, run }] };
}

const peers = new Map<string, Peer>();
for (const { environment, script } of ENTRIES) {
  if (peers.has(script)) continue;
  const peer = await Peer.start(script, environment);
  if (peer) peers.set(script, peer);
}
const roof = await measureRoof();
const gigaflop = (rate: number | undefined) => (rate ? `${(rate / 1e9).toFixed(0)} GFLOP/s` : "unknown");
console.error(
  `float32 product: ONNX Runtime ${gigaflop(roof.onnxruntime)}, torch ${gigaflop(roof.torch)}; bfloat16 ` +
    `${gigaflop(roof.torchBfloat16)}; triad ${roof.triad ? `${(roof.triad / 1e9).toFixed(1)} GB/s` : "unknown"}`,
);

const cases: CaseResults[] = [];
const steps: Record<string, unknown>[] = [];
const files = new CaseFiles();
for (const d_sae of flags.widths.split(",").map(Number)) {
  for (const objective of flags.objectives.split(",") as BenchObjective[]) {
    const shape: StepShape = { objective, d_in: D_IN, d_sae, batch: BATCH, l0: L0 };
    const name = `${objective} ${d_sae.toLocaleString("en")}`;
    const pool = new Pool();
    let folder = "";
    const product = await makeProduct(pool, shape, (trainer, x) => {
      folder = files.write(name.replace(/\W/g, "-"), shape, trainer, x);
    });
    console.error(`${name}: loss ${product.firstLoss.toFixed(4)}, ${JSON.stringify(product.densities)}`);
    const phases: Phases[] = [];
    const contenders = [productContender(product, pool.workers, phases)];
    for (const entry of ENTRIES) {
      const peer = peers.get(entry.script);
      const contender = peer && (await contenderOf(entry, peer, shape, folder, product.firstLoss));
      if (contender) contenders.push(contender);
    }
    for (let i = 0; i < SETTLING_STEPS; i++) await product.step();
    const results = await contest(contenders, rounds);
    cases.push({ case: name, results });
    steps.push(stepFacts(name, shape, product, results[0]!.seconds.median, phases.slice(-rounds)));
    console.error(`  ${JSON.stringify(steps.at(-1))}`);
    for (const peer of peers.values()) await peer.release();
    await product.trainer.close();
    await pool.close();
  }
}
files.close();
for (const peer of peers.values()) peer.close();

/** How near the step came to the floor (roof.ts), and where its time went. */
function stepFacts(
  name: string,
  { d_in, d_sae, batch }: StepShape,
  product: Product,
  seconds: number,
  phases: readonly Phases[],
): Record<string, unknown> {
  const { l0, dense } = product.report();
  const mean = (part: keyof Phases) => phases.reduce((sum, phase) => sum + phase[part], 0) / phases.length;
  const milliseconds = {
    step: 1000 * seconds,
    encoder: mean("products"),
    rows: mean("rows") - mean("products"),
    features: mean("features"),
  };
  const floor = (2 * d_in * d_sae * batch) / roof.float32;
  return {
    case: name,
    l0: round(l0),
    dense,
    shareOfFloor: round(floor / seconds),
    milliseconds: Object.fromEntries(Object.entries(milliseconds).map(([part, ms]) => [part, round(ms)])),
    densities: product.densities,
  };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

report(
  flags.out,
  "training step, d_in 768, batch 4096",
  machine,
  [...peers.values()].map(({ info }) => info),
  cases,
  {
    roof,
    steps,
  },
);
console.log(`\n${ratioTable(cases)}`);
console.log(
  "\n| our step | share of the floor | ms | encoder | rest of rows | features | L0 |\n|---|---|---|---|---|---|---|",
);
for (const { case: name, shareOfFloor, milliseconds, l0 } of steps) {
  const { step, encoder, rows, features } = milliseconds as Record<string, number>;
  console.log(
    `| ${name as string} | ${Math.round(100 * (shareOfFloor as number))} % | ${step} | ${encoder} | ${rows} | ${features} | ${l0 as number} |`,
  );
}
