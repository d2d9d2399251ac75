/**
 * The forward pass at DistilGPT-2's shape (6 layers, 768, 12 heads, 50,257 tokens, random weights) to the last MLP's
 * activations, as a harvest runs it, beside PyTorch in the same run, and beside ONNX Runtime's own rate: the same products
 * with the same constant weights and nothing between them.
 *
 *     node bench/forward.ts [--rounds 9] [--out build/bench/forward.json]
 *
 * Costs about three minutes and 4 GB on two idle cores. PyTorch takes part when MONOSEMANTIC_BENCH_PYTHON names a Python that
 * has it (see setup-peers.sh), else its rows are missing and a line says so.
 */

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Engine, shared } from "../src/engine/engine.ts";
import { Graph } from "../src/engine/graph.ts";
import { gemm } from "../src/engine/operations/matmul.ts";
import { sharedFloats, sharedInts } from "../src/engine/tensor.ts";
import { type CutModel, openCut } from "../src/model/cut.ts";
import { initialise } from "../src/pretraining/initialisation.ts";
import { Random } from "../src/random.ts";
import { contest, type Contender, type Setting } from "./contest.ts";
import { DISTILGPT2 } from "./distilgpt2.ts";
import { describeMachine } from "./machine.ts";
import { Peer, type PeerRequest } from "./peer.ts";
import { type CaseResults, report } from "./report.ts";

const HOOK = "blocks.5.mlp.hook_post";
/** Layers whose MLP ends in the residual stream: the last one is cut at hook_post. */
const WHOLE_LAYERS = DISTILGPT2.nLayer - 1;
/** Products of a token with weights, [in, out], and how often one pass makes each. */
const PRODUCTS = [
  { name: "attn.c_attn", dims: [DISTILGPT2.dModel, 3 * DISTILGPT2.dModel], count: DISTILGPT2.nLayer },
  { name: "attn.c_proj", dims: [DISTILGPT2.dModel, DISTILGPT2.dModel], count: DISTILGPT2.nLayer },
  { name: "mlp.c_fc", dims: [DISTILGPT2.dModel, DISTILGPT2.dMlp], count: DISTILGPT2.nLayer },
  { name: "mlp.c_proj", dims: [DISTILGPT2.dMlp, DISTILGPT2.dModel], count: WHOLE_LAYERS },
] as const;
/** Of the products with weights, for one token; the products of attention are not counted. */
const FLOP_PER_TOKEN = PRODUCTS.reduce((sum, { dims, count }) => sum + 2 * dims[0]! * dims[1]! * count, 0);
const SHAPES = [
  { batch: 8, context: 128 },
  { batch: 4, context: 512 },
];

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    out: { type: "string", default: "build/bench/forward.json" },
  },
});
const rounds = Number(options.rounds);
const cores = availableParallelism();
const machine = describeMachine();

type Shape = (typeof SHAPES)[number];

const plural = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** Runs of `engine.workers` batches at once; all of them together count as one run. */
async function productSetting(model: CutModel, shape: Shape, workers: number, threads: number) {
  const engine = await Engine.start({ workers, threads });
  const cut = await openCut(engine, model, HOOK, shape);
  const random = Random.of(1, "tokens");
  const lanes = Array.from({ length: workers }, () => {
    const tokens = sharedInts(shape.batch * shape.context);
    for (let i = 0; i < tokens.length; i++) tokens[i] = random.integer(DISTILGPT2.vocabSize);
    return { tokens, activation: sharedFloats(tokens.length * cut.dIn) };
  });
  const setting: Setting = {
    label: `${plural(workers, "worker")}, ${plural(threads, "thread")}`,
    async run() {
      const start = performance.now();
      await Promise.all(lanes.map(({ tokens, activation }) => cut.prefix(tokens, { activation })));
      // Per batch, whatever number of them was in flight.
      return (performance.now() - start) / 1000 / workers;
    },
  };
  return { setting, close: () => engine.close() };
}

/** The products of a pass, each a graph of its own over given inputs: ONNX Runtime's own rate of matrix products. */
async function floorSetting(model: CutModel, shape: Shape, workers: number, threads: number) {
  const engine = await Engine.start({ workers, threads });
  const rows = shape.batch * shape.context;
  const programs = await Promise.all(
    PRODUCTS.map(async ({ name, dims: [width, columns] }) => {
      const graph = new Graph(name);
      const [x, weight, bias] = [
        graph.input("x", [rows, width]),
        graph.input("weight", [width, columns]),
        graph.input("bias", [columns]),
      ];
      graph.output("y", gemm(x, weight, { bias }));
      const constants = {
        weight: shared(model.weights[`h.0.${name}.weight`]!),
        bias: shared(model.weights[`h.0.${name}.bias`]!),
      };
      return engine.load(graph, { constants });
    }),
  );
  const random = Random.of(2, "floor");
  const lanes = Array.from({ length: workers }, () =>
    PRODUCTS.map(({ dims: [width, columns] }) => {
      const x = sharedFloats(rows * width);
      for (let i = 0; i < x.length; i++) x[i] = random.normal();
      return { x, y: sharedFloats(rows * columns) };
    }),
  );
  const setting: Setting = {
    label: `${plural(workers, "worker")}, ${plural(threads, "thread")}`,
    async run() {
      const start = performance.now();
      await Promise.all(
        lanes.map(async (lane) => {
          for (const [i, { count }] of PRODUCTS.entries()) {
            const { x, y } = lane[i]!;
            for (let n = 0; n < count; n++) await programs[i]!.run({ x }, { y });
          }
        }),
      );
      return (performance.now() - start) / 1000 / workers;
    },
  };
  return { setting, close: () => engine.close() };
}

function peerContender(peer: Peer, dtype: PeerRequest["dtype"], shape: Shape): Contender {
  const name = `${shape.batch}x${shape.context}`;
  return {
    name: `torch ${peer.info.torch} ${dtype}`,
    tokens: shape.batch * shape.context,
    settings: Array.from({ length: cores }, (_, i) => ({
      label: plural(i + 1, "thread"),
      run: async () => (await peer.measure({ case: name, dtype, threads: i + 1, runs: 1 }))[0]!,
    })),
  };
}

const model: CutModel = { config: DISTILGPT2, weights: initialise(DISTILGPT2, 0) };
const peer = await Peer.start("forward.py");
const cases: CaseResults[] = [];
for (const shape of SHAPES) {
  const products = [
    await productSetting(model, shape, 1, cores),
    ...(cores > 1 ? [await productSetting(model, shape, cores, 1)] : []),
  ];
  const floors = [
    await floorSetting(model, shape, 1, cores),
    ...(cores > 1 ? [await floorSetting(model, shape, cores, 1)] : []),
  ];
  const contenders: Contender[] = [
    {
      name: "monosemantic float32",
      tokens: shape.batch * shape.context,
      settings: products.map(({ setting }) => setting),
    },
    {
      name: "its matrix products alone",
      tokens: shape.batch * shape.context,
      settings: floors.map(({ setting }) => setting),
    },
    ...(peer ? (["float32", "bfloat16"] as const).map((dtype) => peerContender(peer, dtype, shape)) : []),
  ];
  cases.push({ case: `${shape.batch}×${shape.context}`, results: await contest(contenders, rounds) });
  for (const { close } of [...products, ...floors]) await close();
}
peer?.close();
report(
  options.out,
  "forward pass to blocks.5.mlp.hook_post at DistilGPT-2's shape",
  machine,
  peer?.info,
  cases,
  { flopPerToken: FLOP_PER_TOKEN },
);
for (const { case: name, results } of cases) {
  const [product, floor] = results.map(({ tokensPerSecond }) => (tokensPerSecond * FLOP_PER_TOKEN) / 1e9);
  const share = ((100 * product!) / floor!).toFixed(0);
  console.log(
    `${name}: ${product!.toFixed(0)} GF/s in products with weights, ${share} % of ONNX Runtime's ${floor!.toFixed(0)} GF/s without the rest`,
  );
}
