/**
 * Integers by key in a model's answer: `{"1":[0,3],"2":[9,0,0]}`. An answer may also leave the keys out where it has everything in
 * order, or put a name around it. A list of the wrong length, a number with a fraction, one beyond the scale, a string: the key is
 * missing. Nothing is filled in and nothing is cut to fit.
 */

import type { ChatAnswer } from "../endpoint/endpoint.ts";
import { expectedValue, readerFor } from "./expected-value.ts";
import { type JsonNode, jsonIn } from "./json-answer.ts";

/** What is asked for under one key: a list of `count` integers, or with null an integer itself. */
export interface Slot {
  readonly key: string;
  readonly count: number | null;
}

export interface Bounds {
  readonly lowest: number;
  /** 9 at most: a value is one digit. */
  readonly highest: number;
}

/** One value as written, and with probabilities its expected value and how much of them it rests on. */
export interface AnsweredValue {
  readonly integer: number;
  readonly expected: number | null;
  readonly kept: number | null;
}

/** The values of each slot; null: none that can be used. With `probabilities`, expected values where the answer has alternatives. */
export function readNumbers(
  answer: Pick<ChatAnswer, "text" | "tokens">,
  slots: readonly Slot[],
  bounds: Bounds,
  probabilities: boolean,
): (readonly AnsweredValue[] | null)[] {
  const tokens = probabilities && answer.tokens !== null && answer.tokens.length > 0 ? answer.tokens : null;
  const spelled = tokens?.map(({ token }) => token).join("") ?? "";
  // Tokens that are parts of characters may spell something else, or the answer's text be without its reasoning.
  const places =
    tokens !== null && spelled.endsWith(answer.text.trimEnd()) ? new TokenPlaces(tokens, spelled) : null;
  const text = places === null ? answer.text : answer.text.trimEnd();
  const shift = spelled.length - text.length;

  const nodes = [...jsonIn(text)];
  let best: (readonly AnsweredValue[] | null)[] = slots.map(() => null);
  let most = 0;
  // A list without keys may be a footnote, [1], so it counts only where nothing has keys.
  for (const kind of ["object", "array"] as const) {
    for (const node of most === 0 ? nodes.filter((one) => one.kind === kind) : []) {
      const values = bySlot(node, slots).map((items) => items && valuesOf(items, bounds, places, shift));
      const found = values.filter((one) => one !== null).length;
      if (found > most) [best, most] = [values, found];
    }
  }
  return best;
}

/** The nodes of each slot's integers. */
function bySlot(node: JsonNode, slots: readonly Slot[]): (readonly JsonNode[] | null)[] {
  const nothing = slots.map(() => null);
  if (node.kind === "array") {
    if (slots.length === 1 && slots[0]!.count === null) return nothing;
    if (node.complete && node.items.every(({ kind }) => kind === "number" || kind === "boolean"))
      return inPieces(node.items, slots) ?? nothing;
    if (node.complete ? node.items.length !== slots.length : node.items.length > slots.length) return nothing;
    return slots.map((slot, i) => itemsOf(node.items[i], slot));
  }
  if (node.kind !== "object") return nothing;
  const keys = new Set(slots.map(({ key }) => key));
  const [only, ...others] = node.members;
  if (only !== undefined && others.length === 0 && !keys.has(only.key)) return bySlot(only.value, slots);
  return slots.map((slot) => {
    const members = node.members.filter(({ key }) => key === slot.key);
    return members.length === 1 ? itemsOf(members[0]!.value, slot) : null;
  });
}

/** A list without keys, cut where the slots end; undefined when it has not exactly as many items as they. */
function inPieces(items: readonly JsonNode[], slots: readonly Slot[]): (readonly JsonNode[])[] | undefined {
  const total = slots.reduce((sum, { count }) => sum + (count ?? 1), 0);
  if (items.length !== total) return undefined;
  let at = 0;
  return slots.map(({ count }) => items.slice(at, (at += count ?? 1)));
}

function itemsOf(node: JsonNode | undefined, { count }: Slot): readonly JsonNode[] | null {
  if (node === undefined) return null;
  if (node.kind === "array") return node.complete && node.items.length === (count ?? 1) ? node.items : null;
  return count === null ? [node] : null;
}

function valuesOf(
  items: readonly JsonNode[],
  bounds: Bounds,
  places: TokenPlaces | null,
  shift: number,
): AnsweredValue[] | null {
  const values: AnsweredValue[] = [];
  for (const item of items) {
    const integer = integerOf(item, bounds);
    if (integer === undefined || (item.kind !== "number" && item.kind !== "boolean")) return null;
    const expected = places?.expected(item.start + shift, item.source.length, bounds);
    values.push({ integer, expected: expected?.value ?? null, kept: expected?.kept ?? null });
  }
  return values;
}

/** Undefined for whatever is no integer of the scale; true and false are 1 and 0 where these are asked for. */
function integerOf(node: JsonNode, { lowest, highest }: Bounds): number | undefined {
  if (node.kind === "boolean" && lowest === 0 && highest === 1) return node.source === "true" ? 1 : 0;
  if (node.kind !== "number" || !/^(?:0|[1-9]\d*)$/.test(node.source)) return undefined;
  const value = Number(node.source);
  return value >= lowest && value <= highest ? value : undefined;
}

/** Which token of an answer stands at a place of its text. */
class TokenPlaces {
  readonly #tokens: NonNullable<ChatAnswer["tokens"]>;
  readonly #starts: number[] = [];

  constructor(tokens: NonNullable<ChatAnswer["tokens"]>, spelled: string) {
    this.#tokens = tokens;
    let at = 0;
    for (const { token } of tokens) {
      this.#starts.push(at);
      at += token.length;
    }
    this.#starts.push(spelled.length);
  }

  /** Undefined when the token has more than the value in it, or no alternative that is one. */
  expected(start: number, length: number, { lowest, highest }: Bounds) {
    const index = tokenAt(this.#starts, start);
    const { token, top } = this.#tokens[index]!;
    if (start + length > this.#starts[index + 1]! && /\d/.test(token)) return undefined;
    const valueOf = readerFor(token, lowest, highest);
    return valueOf && expectedValue(top, valueOf);
  }
}

/** The last of ascending `starts` that is not behind `place`; `starts` ends with the length of the text. */
export function tokenAt(starts: readonly number[], place: number): number {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}
