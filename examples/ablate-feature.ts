/**
 * What the feature that is strongest in a text does there: the loss of every token with and without it.
 *
 *     npx node examples/ablate-feature.ts runs/mine/saes/x8 "The committee shall meet in the"
 */

import {
  ablate,
  Engine,
  featuresOfText,
  loadModel,
  openLiveModel,
  Pool,
  readSae,
  SaeForward,
  saeUnits,
} from "../src/index.ts";

const [folder, text = "The committee shall meet in the"] = process.argv.slice(2);
if (folder === undefined) throw new Error("give the folder of a dictionary trained on models/one-layer");

const model = await loadModel("models/one-layer");
const tokenizer = model.tokenizer!;
const tokens = Int32Array.of(tokenizer.bosId, ...tokenizer.encode(text));

const [engine, pool] = [await Engine.start({ workers: 1 }), new Pool(1)];
const forward = await SaeForward.create(pool, readSae(folder));
const units = saeUnits(forward);
const live = await openLiveModel(engine, model, "blocks.0.mlp.hook_post");

// Behind the separator, which has features of its own.
const { rowOffsets, indices, values } = await featuresOfText(live, units, tokens);
const behind = values.subarray(rowOffsets[1]);
const strongest = indices[rowOffsets[1]! + behind.indexOf(Math.max(...behind))]!;
const { activations, lossChange } = await ablate(live, units, tokens, strongest, { top: 5 });

const lines = [...tokens].map((token, t) => {
  const shown = JSON.stringify(tokenizer.decode([token]));
  return `${shown.padEnd(16)} ${activations[t]!.toFixed(2).padStart(10)} ${lossChange[t]!.toFixed(3).padStart(14)}`;
});
process.stdout.write(
  [`feature ${strongest}`, "token            activation  change of loss", ...lines].join("\n") + "\n",
);
await Promise.all([live.close(), forward.close()]);
await Promise.all([engine.close(), pool.close()]);
