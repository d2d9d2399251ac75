/**
 * The pieces of a model that experiments on single texts run (live-model.ts):
 *
 *     before   stream at layer 0 [n, d_model]       → activation at the hook point, carry        one text
 *     between  activation at the hook point, carry  → activation at the row point, carry         one text
 *     after    pairs of rows at the row point       → losses, next tokens that changed most      rows of any texts
 *
 * The row point is the hook point itself or, if that lies earlier, the last layer's attn.hook_z: behind the last attention
 * no token looks at another. So `after`, which holds the unembedding and with it most of the arithmetic, is run for those
 * tokens only that a change can reach: those that it was made at, or, through an attention, those that follow. `between` is
 * empty where hook point and row point are the same.
 *
 * Embeddings are looked up outside: a table of 50,257 rows in every compiled piece would be most of its memory.
 */

import { Graph, type Value } from "../engine/graph.ts";
import { relu } from "../engine/operations/activation.ts";
import { add, exp, mul, neg, sub } from "../engine/operations/elementwise.ts";
import { gatherElements, toFloat } from "../engine/operations/indexing.ts";
import { split } from "../engine/operations/layout.ts";
import { logSoftmax } from "../engine/operations/normalisation.ts";
import { largestEntries } from "../engine/operations/selection.ts";
import { reshape } from "../engine/operations/stretching.ts";
import type { ModelConfig } from "./config.ts";
import { type CutModel, weightsOf } from "./cut.ts";
import { findHook, type HookPoint, SITES } from "./hooks.ts";
import { type State, Transformer } from "./transformer.ts";

/** A graph with values for those of its inputs that are parameters. */
export interface LiveGraph {
  readonly graph: Graph;
  readonly constants: Readonly<Record<string, Float32Array>>;
}

/** Where tokens part: see above. */
export function rowPoint(config: ModelConfig, hook: HookPoint): HookPoint {
  const last = config.nLayer - 1;
  const attended = hook.layer === last && SITES.indexOf(hook.site) >= SITES.indexOf("attn.hook_z");
  return attended ? hook : findHook(config, `blocks.${last}.attn.hook_z`);
}

/** A hook point on the residual stream has no other stream beside it. */
export function hasCarry(point: HookPoint): boolean {
  return !point.site.startsWith("hook_resid");
}

export function beforeHook(model: CutModel, hook: HookPoint, length: number): LiveGraph {
  return piece(model, `before ${hook.name}`, length, (transformer) => {
    const stream = transformer.graph.input("stream", [length, model.config.dModel]);
    const start: State = { layer: 0, site: SITES[0], activation: stream, carry: undefined };
    outputs(transformer, transformer.advance(start, hook.layer, hook.site));
  });
}

export function betweenPoints(model: CutModel, hook: HookPoint, rows: HookPoint, length: number): LiveGraph {
  return piece(model, `between ${hook.name} and ${rows.name}`, length, (transformer) => {
    outputs(transformer, transformer.advance(inputs(transformer, hook, length), rows.layer, rows.site));
  });
}

/** The residual stream before the unembedding's LayerNorm: `stream` [count, d_model]. */
export function finalStream(model: CutModel, rows: HookPoint, count: number): LiveGraph {
  return piece(model, `final stream after ${rows.name}`, count, (transformer) => {
    const last = model.config.nLayer - 1;
    const { activation } = transformer.advance(inputs(transformer, rows, count), last, "hook_resid_post");
    transformer.graph.output("stream", activation);
  });
}

/**
 * Rows 0 … pairs − 1 are as they were, row pairs + i is row i changed. Gives `loss` [2·pairs] of the `targets`, and for `lowered` and
 * `raised` the `top` tokens each: outputs "lowered token" and so on, [pairs, top].
 *
 * They are ranked by
 *
 *     max(p, q) · |log q − log p|      p before, q after
 *
 * the token's part in the divergence of the two predictions, taken from the side on which it is likely. The change of
 * log-probability alone would list tokens that nobody expects, where it is largest and means nothing; the change of
 * probability alone would hide that an unlikely token has become a hundred times less likely. And there is no threshold,
 * which would be too high for one prediction and too low for the next.
 */
export function afterRows(model: CutModel, rows: HookPoint, pairs: number, top: number): LiveGraph {
  return piece(model, `after ${rows.name}`, 2 * pairs, (transformer) => {
    const { graph } = transformer;
    const targets = graph.input("targets", [2 * pairs, 1], "int32");
    const logP = logSoftmax(transformer.finish(inputs(transformer, rows, 2 * pairs)));
    graph.output("loss", reshape(neg(gatherElements(logP, targets)), [2 * pairs]));
    const [before, after] = split(logP, 0, [pairs, pairs]) as [Value, Value];
    const change = sub(after, before);
    const weighted = mul(exp(add(before, relu(change))), change);
    for (const [name, score] of [["lowered", neg(weighted)] as const, ["raised", weighted] as const]) {
      const { columns } = largestEntries(score, top);
      graph.output(`${name} token`, toFloat(columns));
      graph.output(`${name} before`, gatherElements(before, columns));
      graph.output(`${name} after`, gatherElements(after, columns));
    }
  });
}

function piece(
  model: CutModel,
  name: string,
  length: number,
  build: (transformer: Transformer) => void,
): LiveGraph {
  const transformer = new Transformer(new Graph(name), model.config, {
    batch: 1,
    context: length,
    fused: true,
  });
  build(transformer);
  return { graph: transformer.graph, constants: weightsOf(transformer, model.weights) };
}

function inputs({ graph, config }: Transformer, point: HookPoint, count: number): State {
  return {
    layer: point.layer,
    site: point.site,
    activation: graph.input("x", [count, point.dIn]),
    carry: hasCarry(point) ? graph.input("beside", [count, config.dModel]) : undefined,
  };
}

function outputs({ graph }: Transformer, { activation, carry }: State): void {
  graph.output("activation", activation);
  if (carry) graph.output("carry", carry);
}
