/**
 * The GPT-2 transformer as a graph (Radford et al. 2019; names after TransformerLens).
 *
 *     resid_pre[0] = wte[token] + wpe[position]
 *     z            = softmax(q kᵀ/√d_head + causal mask) v,   q, k, v = ln_1(resid_pre) c_attn
 *     resid_mid    = resid_pre + z c_proj
 *     resid_post   = resid_mid + act(ln_2(resid_mid) c_fc) c_proj
 *     logits       = ln_f(resid_post) wteᵀ                     (or an untied lm_head)
 *
 * The layers are written as steps from one hook point to the next, so a graph can begin and end at any of them.
 * Activations are [batch·context, width]: products with weights are then plain matrix products.
 */

import type { Graph, Value } from "../engine/graph.ts";
import { gelu, relu } from "../engine/operations/activation.ts";
import { causalAttention, type Past } from "../engine/operations/attention.ts";
import { add, mul, neg, scale } from "../engine/operations/elementwise.ts";
import { gather, gatherElements } from "../engine/operations/indexing.ts";
import { concat, split, transpose } from "../engine/operations/layout.ts";
import { gemm, matmul } from "../engine/operations/matmul.ts";
import { layerNorm, logSoftmax, softmax } from "../engine/operations/normalisation.ts";
import { reduceSum, reshape } from "../engine/operations/stretching.ts";
import type { ModelConfig } from "./config.ts";
import { type Site, SITES } from "./hooks.ts";

/**
 * Tokens whose attention is one operation when attention is fused. A later block looks at all before it and never at what
 * lies after it, so nearly half of the products of a long context are not made.
 */
const ATTENTION_BLOCK = 64;

/** Where a computation stands between two steps. */
export interface State {
  readonly layer: number;
  readonly site: Site;
  /** The activation at this hook point. */
  readonly activation: Value;
  /** The residual stream that the branch will be added to; undefined on the residual stream itself. */
  readonly carry: Value | undefined;
}

/** Queries, keys and values of a layer, [batch·context, d_model] each, heads side by side → z of the same dimensions. */
export type Attention = (layer: number, q: Value, k: Value, v: Value) => Value;

export class Transformer {
  readonly graph: Graph;
  readonly config: ModelConfig;
  readonly batch: number;
  readonly context: number;
  readonly #fused: boolean;
  readonly #attention: Attention | undefined;
  readonly #parameters = new Map<string, Value>();
  #mask: Value | undefined;

  /**
   * @param shape `batch` contexts in one run, `context` tokens in each; `fused` attention is faster, has no gradient, and
   *   wants weights that are constants; `attention` takes the place of attention within the context
   */
  constructor(
    graph: Graph,
    config: ModelConfig,
    {
      batch,
      context,
      fused = false,
      attention,
    }: { batch: number; context: number; fused?: boolean; attention?: Attention },
  ) {
    this.graph = graph;
    this.config = config;
    this.batch = batch;
    this.context = context;
    this.#fused = fused;
    this.#attention = attention;
  }

  /** The parameters this graph has used so far, by their Hugging Face names without the `transformer.` prefix. */
  get parameters(): ReadonlyMap<string, Value> {
    return this.#parameters;
  }

  /**
   * tokens [batch·context] → the state at blocks.0.hook_resid_pre.
   * @param at their positions [batch·context]; 0 … context − 1 in each context unless given
   */
  embed(tokens: Value, at?: Value): State {
    const { dModel, vocabSize, context } = this.config;
    const wte = this.#parameter("wte.weight", [vocabSize, dModel]);
    const wpe = this.#parameter("wpe.weight", [context, dModel]);
    const position = at ?? this.#positions();
    return {
      layer: 0,
      site: "hook_resid_pre",
      activation: add(gather(wte, tokens), gather(wpe, position)),
      carry: undefined,
    };
  }

  #positions(): Value {
    const positions = Int32Array.from({ length: this.batch * this.context }, (_, i) => i % this.context);
    return this.graph.constant([positions.length], positions);
  }

  /** Walks from `state` to the hook point `site` of `layer`, which must not lie behind it. `visit` sees each on the way. */
  advance(state: State, layer: number, site: Site, visit?: (state: State) => void): State {
    visit?.(state);
    while (state.layer !== layer || state.site !== site) {
      state = this.#step(state);
      visit?.(state);
    }
    return state;
  }

  /** A state anywhere in the network → logits [batch·context, vocab]. */
  finish(state: State, visit?: (state: State) => void): Value {
    return this.unembed(this.advance(state, this.config.nLayer - 1, "hook_resid_post", visit).activation);
  }

  /** Rows of the last layer's hook_resid_post [n, d_model] → logits [n, vocab]. */
  unembed(activation: Value): Value {
    const { dModel, vocabSize, tieWordEmbeddings } = this.config;
    const final = this.#layerNorm(activation, "ln_f");
    const unembedding = this.#parameter(tieWordEmbeddings ? "wte.weight" : "lm_head.weight", [
      vocabSize,
      dModel,
    ]);
    return gemm(final, unembedding, { transB: true });
  }

  #step({ layer, site, activation: x, carry }: State): State {
    const block = `h.${layer}`;
    const { dModel, dMlp } = this.config;
    const at = (next: Site, activation: Value, residual?: Value): State => ({
      layer,
      site: next,
      activation,
      carry: residual,
    });
    switch (site) {
      case "hook_resid_pre":
        return at("attn.hook_z", this.#attend(this.#layerNorm(x, `${block}.ln_1`), layer), x);
      case "attn.hook_z":
        return at("hook_attn_out", this.#linear(x, `${block}.attn.c_proj`, dModel), carry);
      case "hook_attn_out":
        return at("hook_resid_mid", add(carry!, x));
      case "hook_resid_mid":
        return at(
          "mlp.hook_pre",
          this.#linear(this.#layerNorm(x, `${block}.ln_2`), `${block}.mlp.c_fc`, dMlp),
          x,
        );
      case "mlp.hook_pre":
        return at("mlp.hook_post", this.#activation(x), carry);
      case "mlp.hook_post":
        return at("hook_mlp_out", this.#linear(x, `${block}.mlp.c_proj`, dModel), carry);
      case "hook_mlp_out":
        return at("hook_resid_post", add(carry!, x));
      case "hook_resid_post":
        if (layer + 1 === this.config.nLayer) throw new Error(`nothing follows blocks.${layer}.${site}`);
        return { layer: layer + 1, site: SITES[0], activation: x, carry: undefined };
    }
  }

  #attend(x: Value, layer: number): Value {
    const name = `h.${layer}.attn`;
    if (this.#attention) {
      const [q, k, v] = this.#queriesKeysValues(x, name);
      return this.#attention(layer, q!, k!, v!);
    }
    return this.#fused ? this.#fusedAttention(x, name) : this.#elementaryAttention(x, name);
  }

  #queriesKeysValues(x: Value, name: string): Value[] {
    const { dModel } = this.config;
    return split(this.#linear(x, `${name}.c_attn`, 3 * dModel), 1, [dModel, dModel, dModel]);
  }

  /**
   * In blocks of tokens, each of which leaves its keys and values to the next. Queries, keys and values are products of
   * their own: cutting the constant weights is done once, cutting one product of three would be done in every run.
   */
  #fusedAttention(x: Value, name: string): Value {
    const { dModel, nHead } = this.config;
    const { batch, context } = this;
    const thirds = [dModel, dModel, dModel];
    const weights = split(this.#parameter(`${name}.c_attn.weight`, [dModel, 3 * dModel]), 1, thirds);
    const biases = split(this.#parameter(`${name}.c_attn.bias`, [3 * dModel]), 0, thirds);
    const lengths = Array.from({ length: Math.ceil(context / ATTENTION_BLOCK) }, (_, i) =>
      Math.min(ATTENTION_BLOCK, context - i * ATTENTION_BLOCK),
    );
    const blocks = weights.map((weight, i) => {
      const whole = reshape(gemm(x, weight, { bias: biases[i]! }), [batch, context, dModel]);
      return lengths.length === 1 ? [whole] : split(whole, 1, lengths);
    });
    let past: Past | undefined;
    const parts = lengths.map((_, i) => {
      const [q, k, v] = blocks.map((block) => block[i]!);
      const attended = causalAttention(q!, k!, v!, { heads: nHead, past });
      past = attended.past;
      return attended.z;
    });
    return reshape(parts.length === 1 ? parts[0]! : concat(parts, 1), [batch * context, dModel]);
  }

  #elementaryAttention(x: Value, name: string): Value {
    const { dModel, nHead, dHead } = this.config;
    const { batch, context } = this;
    const [q, k, v] = this.#queriesKeysValues(x, name).map((part) =>
      reshape(part, [batch, context, nHead, dHead]),
    );
    const scores = matmul(transpose(q!, [0, 2, 1, 3]), transpose(k!, [0, 2, 3, 1])); // [batch, head, query, key]
    const pattern = softmax(add(scale(scores, 1 / Math.sqrt(dHead)), this.#causalMask()));
    const z = matmul(pattern, transpose(v!, [0, 2, 1, 3])); // [batch, head, query, d_head]
    return reshape(transpose(z, [0, 2, 1, 3]), [batch * context, dModel]);
  }

  /** 0 where a query may look, a number whose exponential is 0 where the key lies in its future. */
  #causalMask(): Value {
    const n = this.context;
    this.#mask ??= this.graph.constant(
      [n, n],
      Float32Array.from({ length: n * n }, (_, i) => (i % n > Math.floor(i / n) ? -1e9 : 0)),
    );
    return this.#mask;
  }

  #activation(x: Value): Value {
    switch (this.config.activation) {
      case "relu":
        return relu(x);
      case "gelu":
        return gelu(x, "none");
      case "gelu_tanh":
        return gelu(x, "tanh");
    }
  }

  /** GPT-2 stores its projections as [in, out]. */
  #linear(x: Value, name: string, width: number): Value {
    const weight = this.#parameter(`${name}.weight`, [x.dims[1]!, width]);
    return gemm(x, weight, { bias: this.#parameter(`${name}.bias`, [width]) });
  }

  #layerNorm(x: Value, name: string): Value {
    const { dModel, layerNormEpsilon } = this.config;
    const [weight, bias] = ["weight", "bias"].map((part) => this.#parameter(`${name}.${part}`, [dModel]));
    return layerNorm(x, weight!, bias!, layerNormEpsilon);
  }

  #parameter(name: string, dims: readonly number[]): Value {
    let value = this.#parameters.get(name);
    if (!value) this.#parameters.set(name, (value = this.graph.input(name, dims)));
    return value;
  }
}

/** −log p(target) at each row: logits [n, vocab], targets [n, 1] → [n]. Nats. */
export function crossEntropy(logits: Value, targets: Value): Value {
  return reshape(neg(gatherElements(logSoftmax(logits), targets)), [logits.dims[0]!]);
}

/** KL(p ‖ q) at each row, from the logits of both: [n, vocab] twice → [n]. Nats. */
export function divergence(p: Value, q: Value): Value {
  const logP = logSoftmax(p);
  return reduceSum(mul(softmax(p), add(logP, neg(logSoftmax(q)))), [1]);
}

/** For each position the token that follows; the last position of a context has none and gets 0, to be left out. */
export function nextTokens(tokens: Int32Array, context: number): Int32Array {
  const targets = new Int32Array(tokens.length);
  for (let i = 0; i < tokens.length; i++) targets[i] = (i + 1) % context === 0 ? 0 : tokens[i + 1]!;
  return targets;
}

/** Drops the last position of each context, which predicts nothing: [batch, context] → [batch, context − 1]. */
export function predicted(perToken: Float32Array, context: number): Float32Array {
  const kept = new Float32Array((perToken.length / context) * (context - 1));
  for (let row = 0; row * context < perToken.length; row++) {
    kept.set(perToken.subarray(row * context, (row + 1) * context - 1), row * (context - 1));
  }
  return kept;
}
