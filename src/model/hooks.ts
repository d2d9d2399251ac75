/**
 * Hook points: the named places of a transformer where activations are read or replaced, under TransformerLens's names.
 *
 * One layer is a walk through eight of them; a cut at any one of them divides the model in two (cut.ts).
 *
 *     resid_pre → hook_z → attn_out → resid_mid → hook_pre → hook_post → mlp_out → resid_post (= next resid_pre)
 */

import { nearest, UsageError } from "../errors.ts";
import type { ModelConfig } from "./config.ts";

/** In the order in which a layer computes them. */
export const SITES = [
  "hook_resid_pre",
  "attn.hook_z",
  "hook_attn_out",
  "hook_resid_mid",
  "mlp.hook_pre",
  "mlp.hook_post",
  "hook_mlp_out",
  "hook_resid_post",
] as const;

export type Site = (typeof SITES)[number];

export interface HookPoint {
  readonly name: string;
  readonly layer: number;
  readonly site: Site;
  /** Length of the activation vector at one token. `attn.hook_z` is all heads side by side. */
  readonly dIn: number;
}

export function hookPoints(config: ModelConfig): HookPoint[] {
  return Array.from({ length: config.nLayer }, (_, layer) =>
    SITES.map((site) => ({
      name: `blocks.${layer}.${site}`,
      layer,
      site,
      dIn: site.startsWith("mlp.") ? config.dMlp : config.dModel,
    })),
  ).flat();
}

/** @throws UsageError naming the nearest hook points when the model has none of that name. */
export function findHook(config: ModelConfig, name: string): HookPoint {
  const points = hookPoints(config);
  const found = points.find((point) => point.name === name);
  if (found) return found;
  const suggestions = nearest(
    name,
    points.map((point) => point.name),
  ).join(", ");
  throw new UsageError(
    `this model has no hook point "${name}" (it has ${config.nLayer} ${config.nLayer === 1 ? "layer" : "layers"}, ` +
      `numbered from 0); the nearest are ${suggestions}`,
  );
}

/** Where the MLP's neurons of a hook point's layer are: blocks.L.mlp.hook_post. */
export function neuronHook(config: ModelConfig, hook: string): string {
  return `blocks.${findHook(config, hook).layer}.mlp.hook_post`;
}
