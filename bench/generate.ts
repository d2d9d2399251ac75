/**
 * Generation of plain and steered text side by side at DistilGPT-2's shape (6 layers, 768, 12 heads, 50,257 tokens, random
 * weights), with a feature of a 24,576-feature dictionary clamped at the last MLP's activations.
 *
 *     node bench/generate.ts [--rounds 5] [--tokens 48] [--out build/bench/generate.json]
 *
 * Costs about two minutes and 5 GB on two idle cores. Tokens a second are those of each of the two texts, the reading of the prompt
 * left out; rows for prompts count their tokens. The target is 20.
 */

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Engine } from "../src/engine/engine.ts";
import { generate } from "../src/experiments/generate.ts";
import { type Intervention, intervene, type RowChange } from "../src/experiments/interventions.ts";
import { saeUnits } from "../src/features/units.ts";
import { openStepper, type Stepper } from "../src/model/stepper.ts";
import { initialise } from "../src/pretraining/initialisation.ts";
import { Random } from "../src/random.ts";
import type { Sae } from "../src/sae/dictionary.ts";
import { SaeForward } from "../src/sae/forward.ts";
import { Pool } from "../src/sae/pool.ts";
import { contest, type Contender, type Setting } from "./contest.ts";
import { DISTILGPT2 } from "./distilgpt2.ts";
import { describeMachine } from "./machine.ts";
import { report } from "./report.ts";

const HOOK = "blocks.5.mlp.hook_post";
const FEATURES = 24_576;
/** As many tokens as "1,2,3,4,5,6,7,8,9,10" has. */
const PROMPT = 19;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    tokens: { type: "string", default: "48" },
    out: { type: "string", default: "build/bench/generate.json" },
  },
});
const [rounds, tokens] = [Number(options.rounds), Number(options.tokens)];
const cores = availableParallelism();
const machine = describeMachine();
const random = Random.of(1, "generation");

const d_in = DISTILGPT2.dMlp;
const matrix = Float32Array.from({ length: FEATURES * d_in }, () => (random.uniform() - 0.5) / 16);
const sae: Sae = {
  architecture: "standard",
  d_in,
  d_sae: FEATURES,
  W_enc: matrix,
  W_dec: matrix,
  b_enc: new Float32Array(FEATURES),
  b_dec: new Float32Array(d_in),
  apply_b_dec_to_input: true,
  normalize_activations: "none",
  metadata: {},
};
const clamp: Intervention[] = [{ kind: "feature", index: 1234, mode: "clamp", value: 3 }];
const text = (length: number) => Int32Array.from({ length }, () => random.integer(DISTILGPT2.vocabSize));

const pool = new Pool(cores);
const standard = await SaeForward.create(pool, sae);
const whole = saeUnits(standard);
/** What clamping costs where a feature's activation takes all others', as in a topk dictionary. */
const { chosen: _, ...encoded } = whole;
const changes: Record<string, RowChange> = {
  "nothing changed": async () => {},
  "a feature clamped": intervene([whole], clamp),
  "a direction added": intervene([whole], [{ ...clamp[0]!, mode: "add" }]),
  "a feature clamped, all encoded": intervene([encoded], clamp),
};

async function sample(stepper: Stepper, change: RowChange, prompt: Int32Array): Promise<number> {
  const sampling = { temperature: 1, topP: 0.9, seed: 1 };
  for await (const event of generate(stepper, change, { ...sampling, prompt, tokens }))
    if (event.type === "done") return tokens / event.tokensPerSecond;
  throw new Error("the generation did not end");
}

const model = { config: DISTILGPT2, weights: initialise(DISTILGPT2, 0) };
const engine = await Engine.start({ workers: 1, threads: cores });
const steppers = new Map<number, Stepper>();
for (const capacity of [256, 1024])
  steppers.set(capacity, await openStepper(engine, model, HOOK, { batch: 2, capacity }));

const setting = (run: () => Promise<number>): Setting[] => [
  { label: `${cores} thread${cores === 1 ? "" : "s"}`, run },
];
const contenders: Contender[] = Object.entries(changes).map(([name, change]) => ({
  name: `${name}, room for 256`,
  tokens,
  settings: setting(() => sample(steppers.get(256)!, change, text(PROMPT))),
}));
contenders.push({
  name: "a feature clamped, room for 1024",
  tokens,
  settings: setting(() => sample(steppers.get(1024)!, changes["a feature clamped"]!, text(PROMPT))),
});
for (const length of [PROMPT, 128]) {
  const stepper = steppers.get(256)!;
  const both = Int32Array.from([...text(length), ...text(length)]);
  contenders.push({
    name: `a prompt of ${length}, a feature clamped`,
    tokens: length,
    settings: setting(async () => {
      stepper.reset();
      const start = performance.now();
      const change = (activation: Float32Array) =>
        changes["a feature clamped"]!(activation.subarray(activation.length / 2));
      await stepper.prefill(both, change);
      return (performance.now() - start) / 1000;
    }),
  });
}
report(
  options.out,
  "generation at DistilGPT-2's shape, plain and steered text together",
  machine,
  undefined,
  [{ case: "generate", results: await contest(contenders, rounds) }],
  { features: FEATURES, prompt: PROMPT },
);
await engine.close();
await pool.close();
