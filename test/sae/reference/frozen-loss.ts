/**
 * Every objective's loss written a second time, with what passes no gradient held at its value where it was frozen: which
 * entries are active, the error that AuxK reconstructs, the decoder of gated's second reconstruction, jumprelu's L0.
 * Finite differences of this are what the gradient claims to be. Nothing here is shared with the reference.
 */

import type { ReferenceObjectiveOptions, ReferenceState } from "../../../src/sae/reference/state.ts";

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => sum(Array.from(a, (value, k) => value * b[k]!));
const squaredDistance = (a: readonly number[], b: readonly number[]) =>
  sum(a.map((value, k) => (value - b[k]!) ** 2));

/** @returns the loss as a function of the state's parameters as they are when it is called */
export function frozenLoss(
  state: ReferenceState,
  x: Float64Array,
  options: ReferenceObjectiveOptions,
): () => number {
  const { d_in, d_sae, parameters } = state;
  const { objective, Lambda } = options;
  const rows = Array.from({ length: x.length / d_in }, (_, j) => [...x.subarray(j * d_in, (j + 1) * d_in)]);
  const features = Array.from({ length: d_sae }, (_, i) => i);
  const bias = (name: string, i: number) => parameters[name]![i]!;
  const rowOf = (W: Float64Array, i: number) => W.subarray(i * d_in, (i + 1) * d_in);

  const products = () =>
    rows.map((row) => {
      const input = row.map((value, k) => value - (options.centred ? parameters.b_dec[k]! : 0));
      return features.map((i) => dot(rowOf(parameters.W_enc, i), input));
    });
  const decoded = (f: readonly number[], W = parameters.W_dec, b = parameters.b_dec) =>
    Array.from(b, (value, k) => value + sum(f.map((activation, i) => activation * W[i * d_in + k]!)));
  const hidden = () => products().map((z) => z.map((value, i) => value + bias("b_enc", i)));

  const h0 = objective === "gated" ? [] : hidden();
  /** Entries [j, i] that stand before [row, feature] in the order of keeping, among the given rows. */
  const before = (row: number, feature: number, among: readonly number[], only = features) =>
    among
      .flatMap((j) => only.map((i) => [j, i] as const))
      .filter(([j, i]) => {
        const [a, b] = [h0[j]![i]!, h0[row]![feature]!];
        return a > b || (a === b && (i < feature || (i === feature && j < row)));
      }).length;
  const open = h0.map((h, j) =>
    h.map((value, i) => {
      if (objective === "jumprelu") return value > bias("threshold", i);
      if (value <= 0) return false;
      if (objective === "topk") return before(j, i, [j]) < options.k!;
      if (objective === "batch-topk" || objective === "matryoshka")
        return before(j, i, [...rows.keys()]) < rows.length * options.k!;
      return true;
    }),
  );
  const activations = () => hidden().map((h, j) => h.map((value, i) => (open[j]![i] ? value : 0)));

  const frozenDecoder = [parameters.W_dec.slice(), parameters.b_dec.slice()] as const;
  const dead = features.filter((i) => options.dead?.[i]);
  const openAux = h0.map((h, j) =>
    h.map((value, i) => value > 0 && dead.includes(i) && before(j, i, [j], dead) < options.kAux!),
  );
  const f0 = objective === "gated" ? [] : activations();
  const error = f0.map((f, j) => decoded(f).map((value, k) => rows[j]![k]! - value));
  const aux = () => {
    if (dead.length === 0) return 0;
    const h = hidden();
    const zero = new Float64Array(d_in);
    return (
      (options.auxCoefficient! / rows.length) *
      sum(
        h.map((values, j) => {
          const f = values.map((value, i) => (openAux[j]![i] ? value : 0));
          return squaredDistance(decoded(f, parameters.W_dec, zero), error[j]!);
        }),
      )
    );
  };
  const l0 = sum(open.map((row) => row.filter(Boolean).length)) / rows.length;
  const gate0 =
    objective === "gated" ? products().map((z) => z.map((v, i) => v + bias("b_gate", i) > 0)) : [];

  const mean = (of: (f: number[], j: number) => number) => sum(activations().map(of)) / rows.length;
  const mse = () => mean((f, j) => squaredDistance(decoded(f), rows[j]!));

  switch (objective) {
    case "relu-l1":
      return () => mse() + Lambda * mean((f) => sum(f));
    case "april-2024":
      return () =>
        mse() +
        Lambda * mean((f) => sum(f.map((value, i) => value * Math.hypot(...rowOf(parameters.W_dec, i)))));
    case "topk":
    case "batch-topk":
      return () => mse() + aux();
    case "matryoshka": {
      const prefix = (f: readonly number[], width: number) => f.map((value, i) => (i < width ? value : 0));
      const groups = options.groups!;
      return () =>
        sum(groups.map((width) => mean((f, j) => squaredDistance(decoded(prefix(f, width)), rows[j]!)))) /
          groups.length +
        aux();
    }
    case "jumprelu":
      return () => mse() + options.sparsityPenalty! * (l0 / options.targetL0! - 1) ** 2;
    case "gated":
      return () =>
        sum(
          products().map((z, j) => {
            const pi = z.map((value, i) => Math.max(0, value + bias("b_gate", i)));
            const f = z.map((value, i) =>
              gate0[j]![i] ? Math.max(0, Math.exp(bias("r_mag", i)) * value + bias("b_mag", i)) : 0,
            );
            return (
              squaredDistance(decoded(f), rows[j]!) +
              Lambda * sum(pi) +
              squaredDistance(decoded(pi, ...frozenDecoder), rows[j]!)
            );
          }),
        ) / rows.length;
  }
}
