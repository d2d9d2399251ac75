/**
 * The cut: a source model as two graphs around one hook point.
 *
 *     prefix(tokens) → activation, carry          suffix(carry, activation′) → loss
 *
 * Every experiment of the paper is a function on the activation between them: reconstruction, ablation, steering.
 * Replacing the activation by itself gives the whole model's loss. `carry` is the residual stream beside the branch that
 * the hook point lies on, and empty when it lies on the residual stream.
 */

import { type Engine, type Program, shared } from "../engine/engine.ts";
import { Graph, type Value } from "../engine/graph.ts";
import { Failure } from "../errors.ts";
import type { ModelConfig } from "./config.ts";
import { findHook, type HookPoint } from "./hooks.ts";
import type { Weights } from "./weights.ts";
import { crossEntropy, divergence, nextTokens, predicted, type State, Transformer } from "./transformer.ts";

export interface CutModel {
  readonly config: ModelConfig;
  readonly weights: Weights;
}

export type Carry = Float32Array | undefined;

export interface Cut {
  readonly hook: string;
  readonly dIn: number;
  /** Contexts in one run, and tokens in each. Every call takes exactly batch·context tokens. */
  readonly batch: number;
  readonly context: number;
  /** Tokens [batch, context] → activation [batch·context, d_in]. `into` may name shared arrays to write to. */
  prefix(
    tokens: Int32Array,
    into?: { activation?: Float32Array; carry?: Float32Array },
  ): Promise<{ activation: Float32Array; carry: Carry }>;
  /** −log p(tokens[t+1] | tokens[≤ t]) with the activation replaced: [batch, context − 1], nats. */
  suffix(tokens: Int32Array, carry: Carry, activation: Float32Array): Promise<Float32Array>;
  /** The same loss under `changed`, and KL(p_clean ‖ p_changed): both [batch, context − 1], nats. */
  compare(
    tokens: Int32Array,
    carry: Carry,
    clean: Float32Array,
    changed: Float32Array,
  ): Promise<{ loss: Float32Array; kl: Float32Array }>;
  close(): Promise<void>;
}

export async function openCut(
  engine: Engine,
  model: CutModel,
  hook: string,
  { batch, context }: { batch: number; context: number },
): Promise<Cut> {
  const { config } = model;
  if (context > config.context) {
    throw new Failure(
      `a context of ${context} tokens is longer than the model's ${config.context} positions`,
    );
  }
  const point = findHook(config, hook);
  const shape = { batch, context };
  const opened: Program[] = [];
  const lazily = (build: (transformer: Transformer) => void) => {
    let program: Promise<Program> | undefined;
    return () => (program ??= loadHalf(engine, model, hook, shape, build).then((p) => (opened.push(p), p)));
  };

  const prefix = lazily((transformer) => {
    const state = transformer.advance(
      transformer.embed(transformer.graph.input("tokens", [batch * context], "int32")),
      point.layer,
      point.site,
    );
    transformer.graph.output("activation", state.activation);
    if (state.carry) transformer.graph.output("carry", state.carry);
  });

  const suffix = lazily((transformer) => {
    const { graph } = transformer;
    const { logits, targets } = tail(transformer, point);
    graph.output("loss", crossEntropy(logits("activation"), targets));
  });

  const compare = lazily((transformer) => {
    const { graph } = transformer;
    const { logits, targets } = tail(transformer, point);
    const clean = logits("clean");
    const changed = logits("changed");
    graph.output("loss", crossEntropy(changed, targets));
    graph.output("kl", divergence(clean, changed));
  });

  const feed = (tokens: Int32Array, carry: Carry) => ({
    targets: nextTokens(tokens, context),
    ...(carry && { carry }),
  });

  return {
    hook,
    dIn: point.dIn,
    batch,
    context,
    async prefix(tokens, into = {}) {
      const { activation, carry } = await (await prefix()).run({ tokens }, into);
      return { activation: activation!, carry };
    },
    async suffix(tokens, carry, activation) {
      const { loss } = await (await suffix()).run({ ...feed(tokens, carry), activation });
      return predicted(loss!, context);
    },
    async compare(tokens, carry, clean, changed) {
      const { loss, kl } = await (await compare()).run({ ...feed(tokens, carry), clean, changed });
      return { loss: predicted(loss!, context), kl: predicted(kl!, context) };
    },
    async close() {
      await Promise.all(opened.map((program) => program.release()));
    },
  };
}

/** The part behind the cut, from a named input activation to logits; two activations can share one carry. */
function tail(
  transformer: Transformer,
  point: HookPoint,
): { logits: (name: string) => Value; targets: Value } {
  const { graph, batch, context, config } = transformer;
  const rows = batch * context;
  const onStream = point.site.startsWith("hook_resid");
  const carry = onStream ? undefined : graph.input("carry", [rows, config.dModel]);
  const state = (activation: Value): State => ({ layer: point.layer, site: point.site, activation, carry });
  return {
    logits: (name) => transformer.finish(state(graph.input(name, [rows, point.dIn]))),
    targets: graph.input("targets", [rows, 1], "int32"),
  };
}

async function loadHalf(
  engine: Engine,
  model: CutModel,
  name: string,
  shape: { batch: number; context: number },
  build: (transformer: Transformer) => void,
): Promise<Program> {
  const transformer = new Transformer(new Graph(name), model.config, { ...shape, fused: true });
  build(transformer);
  return engine.load(transformer.graph, { constants: weightsOf(transformer, model.weights) });
}

/** The arrays for the parameters that a graph uses. */
export function weightsOf(transformer: Transformer, weights: Weights): Record<string, Float32Array> {
  return Object.fromEntries(
    [...transformer.parameters.keys()].map((name) => {
      const data = weights[name];
      if (!data) throw new Failure(`the model has no weight "${name}"`);
      return [name, shared(data)];
    }),
  );
}
