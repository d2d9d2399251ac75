/**
 * Operations of the source model at one token: of the prefix, up to a hook point, and of the suffix, from there to the loss.
 *
 *     products   2·n·m operations for a weight of n × m; attention 4·d_model for each earlier token, half the context on average
 *     elements   numbers that element-wise operations read or write: norms, softmax, activation function, the logits' loss
 */

import type { ModelConfig } from "../../model/config.ts";
import { type HookPoint, SITES } from "../../model/hooks.ts";
import type { Speed } from "./speed.ts";

export interface ForwardWork {
  readonly flops: number;
  readonly elements: number;
}

export interface CutWork {
  readonly prefix: ForwardWork;
  /** Logits and loss included. */
  readonly suffix: ForwardWork;
}

/** Times that a logit is read or written on the way to a loss. */
const LOGIT_PASSES = 4;

/** Share of a context's pairs of tokens whose products are made: blocks of the causal half. */
const CAUSAL_SHARE = 0.6;

export function cutWork(config: ModelConfig, hook: HookPoint, context: number): CutWork {
  const { dModel: d, dMlp, nHead, nLayer, vocabSize } = config;
  const pairs = CAUSAL_SHARE * context;
  // What it takes to get to each site from the one before.
  const layer = new Map<string, ForwardWork>([
    ["attn.hook_z", { flops: 6 * d * d + 4 * d * pairs, elements: 8 * d + 3 * nHead * pairs }],
    ["hook_attn_out", { flops: 2 * d * d, elements: d }],
    ["hook_resid_mid", { flops: 0, elements: 3 * d }],
    ["mlp.hook_pre", { flops: 2 * d * dMlp, elements: 4 * d + dMlp }],
    ["mlp.hook_post", { flops: 0, elements: 2 * dMlp * (config.activation === "relu" ? 1 : 3) }],
    ["hook_mlp_out", { flops: 2 * dMlp * d, elements: d }],
    ["hook_resid_post", { flops: 0, elements: 3 * d }],
  ]);
  let prefix: ForwardWork = { flops: 0, elements: 3 * d };
  let suffix: ForwardWork = { flops: 2 * d * vocabSize, elements: 4 * d + LOGIT_PASSES * vocabSize };
  for (let at = 0; at < nLayer; at++) {
    for (const site of SITES) {
      const work = layer.get(site);
      if (work === undefined) continue;
      const before =
        at < hook.layer || (at === hook.layer && SITES.indexOf(site) <= SITES.indexOf(hook.site));
      if (before) prefix = plus(prefix, work);
      else suffix = plus(suffix, work);
    }
  }
  return { prefix, suffix };
}

/** Seconds on one thread. */
export function secondsOf({ flops, elements }: ForwardWork, speed: Speed): number {
  return flops / speed.flops + elements / speed.elements;
}

export function plus(a: ForwardWork, b: ForwardWork): ForwardWork {
  return { flops: a.flops + b.flops, elements: a.elements + b.elements };
}
