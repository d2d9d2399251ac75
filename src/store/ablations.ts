/**
 * Ablations that were computed, by unit and context. They are results about an analysis' weights and contexts, and go with it.
 *
 *     integers   tokens of the context; then of each token how many fall, how many rise, and these
 *     floats     activations, changes of the loss; then of each of these before and after
 */

import type { SplitName } from "../features/records.ts";
import type { Connection } from "./connection.ts";
import { pack, unpack } from "./packed.ts";
import type { StoredAblation, StoredTokenChange } from "./stored.ts";

export function putAblation(
  connection: Connection,
  analysis: number,
  index: number,
  ablation: StoredAblation,
): void {
  connection.run(
    "INSERT OR REPLACE INTO ablation (analysis, idx, split, context, result) VALUES (?, ?, ?, ?, ?)",
    analysis,
    index,
    ablation.split,
    ablation.context,
    packAblation(ablation),
  );
}

/** @throws whatever a damaged value leads to */
export function readAblations(connection: Connection, analysis: number, index: number): StoredAblation[] {
  return connection
    .all<{ split: SplitName; context: number; result: Uint8Array }>(
      "SELECT split, context, result FROM ablation WHERE analysis = ? AND idx = ? ORDER BY split, context",
      analysis,
      index,
    )
    .map(({ split, context, result }) => ({ split, context, ...unpackAblation(result) }));
}

export function tokensOf({ lowered, raised }: StoredAblation): number[] {
  return [...lowered, ...raised].flat().map(({ token }) => token);
}

function packAblation({ activations, lossChange, lowered, raised }: StoredAblation): Uint8Array {
  const floats = [...Array.from(activations), ...Array.from(lossChange)];
  const integers = [activations.length];
  for (let position = 0; position < activations.length; position++) {
    const changes = [lowered[position] ?? [], raised[position] ?? []];
    for (const list of changes) integers.push(list.length);
    for (const { token, before, after } of changes.flat()) {
      integers.push(token);
      floats.push(before, after);
    }
  }
  return pack(null, floats, integers);
}

function unpackAblation(value: Uint8Array): Omit<StoredAblation, "split" | "context"> {
  const { floats, integers } = unpack(value);
  const length = integers[0]!;
  let integer = 1;
  let float = 2 * length;
  const changes = (count: number): StoredTokenChange[] =>
    Array.from({ length: count }, () => ({
      token: integers[integer++]!,
      before: floats[float++]!,
      after: floats[float++]!,
    }));
  const lowered: StoredTokenChange[][] = [];
  const raised: StoredTokenChange[][] = [];
  for (let position = 0; position < length; position++) {
    const falling = integers[integer++]!;
    const rising = integers[integer++]!;
    lowered.push(changes(falling));
    raised.push(changes(rising));
  }
  return {
    activations: Array.from(floats.subarray(0, length)),
    lossChange: Array.from(floats.subarray(length, 2 * length)),
    lowered,
    raised,
  };
}
