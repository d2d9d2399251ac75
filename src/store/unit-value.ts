/**
 * A unit's record as one compressed value. Examples are most of it: their activations stay 32-bit floats, as encoders give them,
 * and their numbers are taken out of the JSON.
 *
 *     integers of an example   group, interval + 1 (0: none), split, context, position, document, active positions, then these,
 *                              each as the distance to the one before
 *     floats of an example     value, activations at the positions
 */

import type { Example, ExampleGroup, SplitName, UnitRecord } from "../features/records.ts";
import { pack, unpack } from "./packed.ts";

const GROUPS: readonly ExampleGroup[] = ["top", "interval", "random"];
export const SPLITS: readonly SplitName[] = ["train", "heldout"];

export function packUnit(unit: UnitRecord): Uint8Array {
  const { examples, ...rest } = unit;
  const floats: number[] = [];
  const integers: number[] = [];
  for (const example of examples) {
    floats.push(example.value, ...example.values);
    integers.push(
      GROUPS.indexOf(example.group),
      example.interval === null ? 0 : example.interval + 1,
      SPLITS.indexOf(example.split),
      example.context,
      example.position,
      example.document,
      example.positions.length,
    );
    let before = 0;
    for (const position of example.positions) {
      integers.push(position - before);
      before = position;
    }
  }
  return pack(rest, floats, integers);
}

/** @throws whatever a damaged value leads to */
export function unpackUnit(value: Uint8Array): UnitRecord {
  const { json, floats, integers } = unpack(value);
  const examples: Example[] = [];
  let float = 0;
  for (let i = 0; i < integers.length;) {
    const [group, interval, split, context, position, document, count] = integers.slice(i, i + 7);
    i += 7;
    const first = floats[float++]!;
    let before = 0;
    const positions = integers.slice(i, i + count!).map((distance) => (before += distance));
    examples.push({
      group: GROUPS[group!]!,
      interval: interval === 0 ? null : interval! - 1,
      split: SPLITS[split!]!,
      context: context!,
      position: position!,
      document: document!,
      value: first,
      positions,
      values: Array.from(floats.subarray(float, float + count!)),
    });
    i += count!;
    float += count!;
  }
  return { ...(json as Omit<UnitRecord, "examples">), examples };
}
