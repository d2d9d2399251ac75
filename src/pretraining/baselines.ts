/**
 * What a model must beat to have learnt anything: the held-out loss of token frequencies alone, and of pairs of tokens.
 *
 *     unigram  p(t)     = (c(t) + 1) / (N + V)
 *     bigram   p(t | s) = (c(s, t) + α p(t)) / (c(s) + α)         (Dirichlet smoothing, MacKay & Peto 1995)
 *
 * α is chosen on the held-out tokens themselves, which can only flatter the baseline.
 */

import type { TokenSplit } from "../text/shards.ts";

export interface Baselines {
  /** Mean −log p in nats over the predicted positions of the held-out contexts. */
  readonly unigram: number;
  readonly bigram: number;
  readonly alpha: number;
}

const ALPHAS = [1, 3, 10, 30, 100, 300, 1000, 3000];
const CHUNK = 256;

/** @param evaluated number of held-out contexts, from the first */
export function baselines(
  train: TokenSplit,
  heldout: TokenSplit,
  evaluated: number,
  vocab: number,
): Baselines {
  const { context } = train;
  const counts = new Float64Array(vocab);
  // Only the pairs that the held-out text asks about are counted: the table of all pairs would not fit.
  const pairs = new Map<number, number>();
  eachPair(heldout, evaluated, context, (s, t) => pairs.set(s * vocab + t, 0));
  const asContext = new Float64Array(vocab);
  eachPair(train, train.contexts, context, (s, t) => {
    counts[t]!++;
    asContext[s]!++;
    const seen = pairs.get(s * vocab + t);
    if (seen !== undefined) pairs.set(s * vocab + t, seen + 1);
  });

  const total = counts.reduce((a, b) => a + b, 0);
  const unigram = (t: number) => (counts[t]! + 1) / (total + vocab);
  const loss = (probability: (s: number, t: number) => number) => {
    let sum = 0;
    let n = 0;
    eachPair(heldout, evaluated, context, (s, t) => {
      sum -= Math.log(probability(s, t));
      n++;
    });
    return sum / n;
  };
  const bigram = ALPHAS.map((alpha) => ({
    alpha,
    loss: loss((s, t) => (pairs.get(s * vocab + t)! + alpha * unigram(t)) / (asContext[s]! + alpha)),
  })).reduce((best, next) => (next.loss < best.loss ? next : best));
  return { unigram: loss((_, t) => unigram(t)), bigram: bigram.loss, alpha: bigram.alpha };
}

function eachPair(
  split: TokenSplit,
  contexts: number,
  context: number,
  visit: (s: number, t: number) => void,
): void {
  for (let first = 0; first < contexts; first += CHUNK) {
    const tokens = split.read(first, Math.min(CHUNK, contexts - first));
    for (let i = 0; i + 1 < tokens.length; i++)
      if ((i + 1) % context !== 0) visit(tokens[i]!, tokens[i + 1]!);
  }
}
