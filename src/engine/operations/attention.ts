/**
 * Causal attention with several heads as one operation of ONNX Runtime (Vaswani et al. 2017, §3.2):
 *
 *     z_h = softmax(q_h k_hᵀ/√d_head, future masked) v_h
 *
 * It keeps neither scores nor patterns, and takes and gives heads side by side, [batch, tokens, head·d_head], so that
 * nothing is transposed around it. There is no gradient: training writes the same from elementary operations.
 */

import { type Array64, float32, type Operation, shapes, type Value } from "../graph.ts";
import type { Dims } from "../tensor.ts";

/**
 * Queries, keys and values, then the keys and values of earlier tokens: [batch, head, tokens, d_head]. Its second and third
 * output are always asked for: ONNX Runtime 1.30 given a past and not asked for them reads outside its arrays.
 */
const MultiHeadAttention: Operation = {
  type: "MultiHeadAttention",
  domain: "com.microsoft",
  // Between them stand a bias and masks, which are not used.
  positions: [0, 1, 2, 6, 7],
  infer([q, k, v, pastK, pastV], attributes) {
    const heads = attributes["num_heads"] as number;
    const [batch, tokens, width] = q!.dims as [number, number, number];
    if (q!.dims.length !== 3 || width % heads !== 0)
      throw new Error(`MultiHeadAttention: ${shapes(q!)} has no ${heads} heads`);
    if (!same(q!.dims, k!.dims) || !same(q!.dims, v!.dims))
      throw new Error(`MultiHeadAttention: ${shapes(q!, k!, v!)} differ`);
    const past = pastK?.dims[2] ?? 0;
    for (const value of [pastK, pastV]) {
      const expected = [batch, heads, past, width / heads];
      if (value && !same(value.dims, expected)) {
        throw new Error(`MultiHeadAttention: a past of ${shapes(value)}, expected [${expected.join(", ")}]`);
      }
    }
    const known = float32([batch, heads, past + tokens, width / heads]);
    return [float32(q!.dims), known, known];
  },
  evaluate([q, k, v, pastK, pastV], attributes, [out, known]) {
    const heads = attributes["num_heads"] as number;
    const [batch, tokens, width] = out!.dims as [number, number, number];
    const keys = append(pastK, k!, known!.dims);
    const values = append(pastV, v!, known!.dims);
    const [, , all, dHead] = known!.dims as [number, number, number, number];
    const z = new Float64Array(batch * tokens * width);
    for (let row = 0; row < batch * heads * tokens; row++) {
      const token = row % tokens;
      const sequence = Math.floor(row / tokens); // batch·heads + head
      const [b, head] = [Math.floor(sequence / heads), sequence % heads];
      const query = (b * tokens + token) * width + head * dHead;
      const seen = all - tokens + token + 1;
      const at = (key: number) => (sequence * all + key) * dHead;
      const scores = Float64Array.from({ length: seen }, (_, key) => {
        let dot = 0;
        for (let i = 0; i < dHead; i++) dot += q!.data[query + i]! * keys.data[at(key) + i]!;
        return dot / Math.sqrt(dHead);
      });
      const top = scores.reduce((a, c) => Math.max(a, c), -Infinity);
      const weights = scores.map((score) => Math.exp(score - top));
      const total = weights.reduce((a, c) => a + c, 0);
      weights.forEach((weight, key) => {
        for (let i = 0; i < dHead; i++) z[query + i]! += (weight / total) * values.data[at(key) + i]!;
      });
    }
    return [{ dims: out!.dims, data: z }, keys, values];
  },
};

/** Past tokens [batch, head, past, d_head], then new ones [batch, tokens, head·d_head], as [batch, head, all, d_head]. */
function append(past: Array64 | undefined, now: Array64, dims: Dims): Array64 {
  const [batch, heads, all, dHead] = dims as [number, number, number, number];
  const earlier = past?.dims[2] ?? 0;
  const data = new Float64Array(batch * heads * all * dHead);
  for (let index = 0; index < data.length; index++) {
    const i = index % dHead;
    const token = Math.floor(index / dHead) % all;
    const sequence = Math.floor(index / (dHead * all));
    const [b, head] = [Math.floor(sequence / heads), sequence % heads];
    data[index] =
      token < earlier
        ? past!.data[(sequence * earlier + token) * dHead + i]!
        : now.data[((b * (all - earlier) + token - earlier) * heads + head) * dHead + i]!;
  }
  return { dims, data };
}

function same(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** Keys and values of the tokens so far, by head: [batch, head, tokens, d_head]. */
export interface Past {
  readonly keys: Value;
  readonly values: Value;
}

/**
 * Attention of each token to itself and to those before it.
 * @param q queries [batch, tokens, head·d_head], as are the keys `k` and the values `v`
 * @param past what earlier tokens left; all of `q` may look at all of it
 * @returns z [batch, tokens, head·d_head], and the past for the tokens that follow
 */
export function causalAttention(
  q: Value,
  k: Value,
  v: Value,
  { heads, past }: { heads: number; past?: Past | undefined },
): { z: Value; past: Past } {
  const inputs = past ? [q, k, v, past.keys, past.values] : [q, k, v];
  const [z, keys, values] = q.graph.apply(MultiHeadAttention, inputs, {
    num_heads: heads,
    unidirectional: 1,
  });
  return { z: z!, past: { keys: keys!, values: values! } };
}
