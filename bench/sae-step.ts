/**
 * One training step of a ReLU dictionary with an L1 penalty, batch 4096, beside PyTorch's dense step in the same run.
 *
 *     node bench/sae-step.ts [--rounds 9] [--out build/bench/sae-step.json]
 *
 * Ours is timed at three numbers of active features: half of them, as at the start of training (the dense path), and as
 * few as a trained dictionary has. The learning rate is too small for the number to move. PyTorch's step costs the same
 * at any of them. It takes part when MONOSEMANTIC_BENCH_PYTHON names a Python that has it (see setup-peers.sh).
 * Costs about five minutes and 4 GB on two cores.
 */

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Pool } from "../src/sae/pool.ts";
import { resolveOptions } from "../src/sae/presets.ts";
import { SaeTrainer, type StepReport } from "../src/sae/trainer.ts";
import { contest, type Contender } from "./contest.ts";
import { describeMachine } from "./machine.ts";
import { Peer, type PeerRequest } from "./peer.ts";
import { type CaseResults, report } from "./report.ts";
import { biasForL0, sparseBatch } from "./sparse-batch.ts";

const BATCH = 4096;
const EXPANSION = 8;
const WIDTHS = [512, 768];
const ACTIVE = [20, 100];

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    out: { type: "string", default: "build/bench/sae-step.json" },
  },
});
const rounds = Number(flags.rounds);
const cores = availableParallelism();
const machine = describeMachine();

/** A dictionary that fires `l0` features a token, or the half of them that fire before any training. */
async function product(pool: Pool, d_in: number, l0: number | "half") {
  const options = resolveOptions(
    {
      preset: "monosemantic",
      expansion: EXPANSION,
      batch: BATCH,
      tokens: 10_000 * BATCH,
      Lambda: 1,
      lr: 1e-9,
      lr_warmup: 0,
      lambda_warmup: 0,
      dead: "none",
      b_dec_init: "zero",
      normalize_activations: "none",
    },
    d_in,
  );
  const trainer = await SaeTrainer.create(pool, { d_in, options });
  const { parameters, d_sae } = trainer;
  const x = sparseBatch(BATCH, d_in, d_sae, (i) => parameters.decoderRow(i), 1);
  if (l0 !== "half") {
    parameters.fillBias(biasForL0(l0, x, d_in, d_sae, (i) => parameters.encoderRow(i)));
  }
  let last: StepReport = await trainer.step(x);
  const contender: Contender = {
    name: l0 === "half" ? "monosemantic float32, untrained" : `monosemantic float32, L0 ${l0}`,
    tokens: BATCH,
    settings: [
      {
        label: `${pool.workers} workers`,
        async run() {
          const start = performance.now();
          last = await trainer.step(x);
          return (performance.now() - start) / 1000;
        },
      },
    ],
  };
  return { contender, seen: () => ({ l0: last.l0, dense: last.dense }), close: () => trainer.close() };
}

function peerContender(peer: Peer, dtype: PeerRequest["dtype"], d_in: number): Contender {
  return {
    name: `torch ${peer.info.torch} ${dtype === "float32" ? dtype : "bfloat16 autocast"}`,
    tokens: BATCH,
    settings: Array.from({ length: cores }, (_, i) => ({
      label: `${i + 1} thread${i === 0 ? "" : "s"}`,
      run: async () =>
        (await peer.measure({ case: `${d_in}x${EXPANSION * d_in}`, dtype, threads: i + 1, runs: 1 }))[0]!,
    })),
  };
}

const peer = await Peer.start("sae_step.py");
const cases: CaseResults[] = [];
const steps: Record<string, unknown>[] = [];
for (const d_in of WIDTHS) {
  const pool = new Pool();
  const products = [];
  for (const l0 of [...ACTIVE, "half"] as const) products.push(await product(pool, d_in, l0));
  const name = `${d_in} → ${EXPANSION * d_in}`;
  const peers = peer
    ? (["float32", "bfloat16"] as const).map((dtype) => peerContender(peer, dtype, d_in))
    : [];
  const results = await contest([...products.map(({ contender }) => contender), ...peers], rounds);
  cases.push({ case: name, results });
  for (const { contender, seen, close } of products) {
    steps.push({ case: name, contender: contender.name, ...seen() });
    await close();
  }
  await pool.close();
}
peer?.close();
report(flags.out, "training step of a ReLU dictionary, batch 4096", machine, peer?.info, cases, { steps });
console.log(steps.map((step) => JSON.stringify(step)).join("\n"));
