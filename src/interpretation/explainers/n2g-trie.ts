/**
 * Patterns of tokens that end at the token on which a unit fires, in a trie from their last token to their first, as in Neuron to Graph (Foote
 * et al. 2023) the way OpenAI's sparse_autoencoder has it. A prediction walks backwards from each token until a pattern is complete.
 *
 * Two differences: where a token and "any token" both lead on, the second is tried too if the first leads nowhere; and a pattern's value is the mean
 * of f over its examples, not that of the last.
 */

/** Any one token. */
export const ANY = -1;

export interface Pattern {
  /** From first to last: ids, or ANY. */
  readonly tokens: readonly number[];
  /** It holds only if its first token is the sequence's first. */
  readonly atStart: boolean;
}

interface Node {
  readonly next: Map<number, Node>;
  /** Examples of the pattern that ends here, and the sum of their f. */
  anywhere: { count: number; sum: number };
  atStart: { count: number; sum: number };
}

export class PatternTrie {
  readonly #root = node();

  add({ tokens, atStart }: Pattern, value: number): void {
    let at = this.#root;
    for (const token of tokens.toReversed()) {
      let next = at.next.get(token);
      if (next === undefined) at.next.set(token, (next = node()));
      at = next;
    }
    const end = atStart ? at.atStart : at.anywhere;
    end.count++;
    end.sum += value;
  }

  /** f at each token; 0 where no pattern ends. */
  predict(ids: readonly number[]): Float64Array {
    return Float64Array.from(ids, (_, place) => match(this.#root, ids, place) ?? 0);
  }

  /** All patterns, those with the most examples first, of these the one with the highest value. */
  patterns(): { readonly pattern: Pattern; readonly examples: number; readonly value: number }[] {
    const found: { pattern: Pattern; examples: number; value: number }[] = [];
    const visit = (at: Node, tokens: readonly number[]) => {
      for (const [end, atStart] of [
        [at.anywhere, false],
        [at.atStart, true],
      ] as const) {
        if (end.count === 0) continue;
        found.push({ pattern: { tokens, atStart }, examples: end.count, value: end.sum / end.count });
      }
      for (const [token, next] of at.next) visit(next, [token, ...tokens]);
    };
    visit(this.#root, []);
    return found.sort((a, b) => b.examples - a.examples || b.value - a.value);
  }
}

function node(): Node {
  return { next: new Map(), anywhere: { count: 0, sum: 0 }, atStart: { count: 0, sum: 0 } };
}

/** The value of the first pattern that is complete, where the tokens up to `place` are still to be matched. */
function match(at: Node, ids: readonly number[], place: number): number | undefined {
  if (at.anywhere.count > 0) return at.anywhere.sum / at.anywhere.count;
  if (place < 0) return at.atStart.count > 0 ? at.atStart.sum / at.atStart.count : undefined;
  const exact = at.next.get(ids[place]!);
  const found = exact && match(exact, ids, place - 1);
  if (found !== undefined) return found;
  const any = at.next.get(ANY);
  return any && match(any, ids, place - 1);
}
