/** Small random texts and activations, as batches of whole contexts. */

import type { TallyBatch } from "../../src/features/pass/batch.ts";
import type { SplitName } from "../../src/features/records.ts";
import { Random } from "../../src/random.ts";
import type { SparseActivations } from "../../src/sae/forward.ts";

export interface Text {
  readonly units: number;
  readonly context: number;
  readonly vocabulary: number;
  readonly batches: TallyBatch[];
}

export interface TextRequest {
  readonly units?: number;
  readonly context?: number;
  readonly vocabulary?: number;
  /** Contexts of each batch. */
  readonly sizes?: readonly number[];
  readonly density?: number;
  /** Draws one activation. */
  readonly draw?: (random: Random, unit: number) => number;
  readonly seed?: number;
}

/** The first half of the batches is held-out text; unit 0 never fires. */
export function randomText({
  units = 7,
  context = 24,
  vocabulary = 50,
  sizes = [3, 4, 1, 4, 4, 4, 2, 4, 4, 4],
  density = 0.3,
  draw = (random) => Math.fround(Math.exp(2 * random.normal())),
  seed = 1,
}: TextRequest = {}): Text {
  const random = Random.of(seed, "activations of a test");
  const next: Record<SplitName, number> = { heldout: 0, train: 5 };
  const batches = sizes.map((n, b): TallyBatch => {
    const split = b < sizes.length / 2 ? "heldout" : "train";
    const first = next[split];
    next[split] += 2 * n;
    const rows = n * context;
    const tokens = Int32Array.from({ length: rows }, () => random.integer(vocabulary));
    return {
      split,
      context,
      contexts: Int32Array.from({ length: n }, (_, i) => first + 2 * i),
      tokens,
      documents: tokens.map((_, row) => first * 10 + (row >> 3)),
      activations: [randomActivations(random, rows, units, density, draw)],
    };
  });
  return { units, context, vocabulary, batches };
}

function randomActivations(
  random: Random,
  rows: number,
  units: number,
  density: number,
  draw: (random: Random, unit: number) => number,
): SparseActivations {
  const indices: number[] = [];
  const values: number[] = [];
  const rowOffsets = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    for (let unit = 1; unit < units; unit++) {
      if (random.uniform() >= density) continue;
      indices.push(unit);
      // Kernels may list entries of value 0: no activations.
      values.push(random.uniform() < 0.05 ? 0 : draw(random, unit));
    }
    rowOffsets[row + 1] = values.length;
  }
  return { rowOffsets, indices: Uint32Array.from(indices), values: Float32Array.from(values) };
}

/** One activation, spelled out. */
export interface Active {
  readonly split: SplitName;
  readonly context: number;
  readonly position: number;
  readonly document: number;
  readonly token: number;
  readonly value: number;
  /** The nine tokens around it. */
  readonly window: string;
}

/** All activations of `unit`, in the order of the text. */
export function activationsOf({ batches, context }: Text, unit: number): Active[] {
  return batches.flatMap(({ split, contexts, tokens, documents, activations }) => {
    const { rowOffsets, indices, values } = activations[0]!;
    const found: Active[] = [];
    for (let row = 0; row < contexts.length * context; row++) {
      for (let entry = rowOffsets[row]!; entry < rowOffsets[row + 1]!; entry++) {
        if (indices[entry] !== unit || !(values[entry]! > 0)) continue;
        const first = row - (row % context);
        found.push({
          split,
          context: contexts[first / context]!,
          position: row - first,
          document: documents[row]!,
          token: tokens[row]!,
          value: values[entry]!,
          window: Array.from({ length: 9 }, (_, i) => row - 4 + i)
            .map((at) => (at < first || at >= first + context ? "" : tokens[at]))
            .join(),
        });
      }
    }
    return found;
  });
}

/** The same text with `copies` of its contexts' tokens and activations, in turn: a corpus with boilerplate. */
export function repeated(text: Text, copies: number): Text {
  const shift = 1000;
  const batches = Array.from({ length: copies }, (_, copy) =>
    text.batches.map((batch) => ({
      ...batch,
      contexts: batch.contexts.map((number) => number + copy * shift),
    })),
  ).flat();
  const order = { heldout: 0, train: 1 };
  return { ...text, batches: batches.sort((a, b) => order[a.split] - order[b.split]) };
}
