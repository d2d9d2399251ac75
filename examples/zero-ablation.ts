/**
 * What the MLP neurons do for each next token: the loss with and without them.
 *
 *     npx node examples/zero-ablation.ts "The committee shall meet in the"
 */

import { Engine, loadModel, openCut } from "../src/index.ts";

const text = process.argv[2] ?? "The committee shall meet in the";
const model = await loadModel("models/one-layer");
const tokenizer = model.tokenizer!;
const tokens = Int32Array.of(tokenizer.bosId, ...tokenizer.encode(text));

const engine = await Engine.start({ workers: 2 });
const shape = { batch: 1, context: tokens.length };
const cut = await openCut(engine, model, "blocks.0.mlp.hook_post", shape);

const { activation, carry } = await cut.prefix(tokens); // [tokens, 512]
const clean = await cut.suffix(tokens, carry, activation); // −log p of each next token, nats
const ablated = await cut.suffix(tokens, carry, new Float32Array(activation.length));

const lines = [...clean].map((loss, i) => {
  const next = tokenizer.decode([tokens[i + 1]!]);
  return `${JSON.stringify(next).padEnd(16)} ${loss.toFixed(2).padStart(6)} ${ablated[i]!.toFixed(2).padStart(6)}`;
});
process.stdout.write(["next token        clean  ablated", ...lines].join("\n") + "\n");
await engine.close();
