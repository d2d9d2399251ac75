/** A source model as a forecast sees it: its shape, without its weights. */

import { statSync } from "node:fs";
import { dirname } from "node:path";
import { type ModelConfig, readConfig } from "../../model/config.ts";
import { findHook, type HookPoint } from "../../model/hooks.ts";
import { downloadHubFile } from "../../model/hub.ts";
import type { Plan, StreamRequest } from "../plan.ts";

/** What of a stream's request names its model. */
export type ModelName = Pick<StreamRequest, "model" | "hub">;

export type ModelShapes = ReadonlyMap<string, ModelConfig>;

/** The key of a model among `ModelShapes`. */
export function modelKey({ model, hub }: ModelName): string {
  return JSON.stringify([model, hub?.revision ?? null]);
}

/**
 * The model's config.json: from its folder, or the hub, of which only this one file is fetched.
 * @throws Failure naming the file that is missing or wrong
 */
export async function modelShape({ model, hub }: ModelName): Promise<ModelConfig> {
  if (statSync(model, { throwIfNoEntry: false })?.isDirectory()) return readConfig(model);
  const { path } = await downloadHubFile({ type: "model", name: model }, "config.json", hub ?? {});
  return readConfig(dirname(path));
}

/** The shapes of all models of a plan. @throws Failure as `modelShape` does */
export async function modelShapes({ groups, texts }: Pick<Plan, "groups" | "texts">): Promise<ModelShapes> {
  const shapes = new Map<string, ModelConfig>();
  for (const { stream } of [...groups, ...texts]) {
    const key = modelKey(stream);
    if (!shapes.has(key)) shapes.set(key, await modelShape(stream));
  }
  return shapes;
}

/** Where a run reads activations, as `openSource` settles it. */
export function hookOf(config: ModelConfig, hook: string | undefined): HookPoint {
  return findHook(config, hook ?? `blocks.${config.nLayer - 1}.mlp.hook_post`);
}

/** Tokens in a context, as `openSource` settles it. */
export function contextOf(config: ModelConfig, context: number | undefined): number {
  return context ?? Math.min(128, config.context);
}

/** Parameters of the model; it holds them as float32. */
export function parametersOf({
  nLayer,
  dModel,
  dMlp,
  vocabSize,
  context,
  tieWordEmbeddings,
}: ModelConfig): number {
  const layer = 4 * dModel * dModel + 2 * dModel * dMlp + 9 * dModel + dMlp;
  return nLayer * layer + (vocabSize * (tieWordEmbeddings ? 1 : 2) + context + 2) * dModel;
}
