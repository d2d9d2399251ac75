/**
 * Raw answers as two compressed values (packed.ts): the question, which all explanations of a unit have in common, and what was
 * answered to it.
 *
 *     question   JSON: type, scale │ lists of whole numbers: excerpts, tokens, quantised activations, labels │ floats: f, weights
 *     answers    whole numbers: what was answered, and which have a probability │ floats: simulated values, probabilities
 *
 * A list is its length and its elements. Floats are kept in 32 bits.
 */

import type { Excerpt, ExcerptGroup } from "../interpretation/evidence/passage.ts";
import type { RawAnswers } from "../interpretation/scores/score.ts";
import { compress, layOut, unpack } from "./packed.ts";
import type { StoredAnswers } from "./stored.ts";

const GROUPS: readonly ExcerptGroup[] = ["top", "interval", "random", "elsewhere"];

type Verdicts = Extract<RawAnswers, { type: "logits" }>["verdicts"];

class Writer {
  readonly integers: number[] = [];
  readonly floats: number[] = [];

  list(values: readonly number[]): void {
    this.integers.push(values.length, ...values);
  }

  lists(lists: readonly (readonly number[])[]): void {
    this.integers.push(lists.length);
    for (const list of lists) this.list(list);
  }

  /** Null is 0, a number is one more. */
  optional(value: number | null): void {
    this.integers.push(value === null ? 0 : value + 1);
  }

  floatList(values: readonly number[] | null): void {
    this.optional(values?.length ?? null);
    for (const value of values ?? []) this.floats.push(value);
  }

  excerpts(excerpts: readonly Excerpt[]): void {
    this.integers.push(excerpts.length);
    for (const { start, length, centre, group, interval } of excerpts) {
      this.integers.push(start, length, GROUPS.indexOf(group));
      this.optional(centre);
      this.optional(interval);
    }
  }

  verdicts(verdicts: Verdicts): void {
    this.integers.push(verdicts.length);
    for (const verdict of verdicts) {
      if (verdict === null) this.integers.push(0);
      else {
        this.integers.push(1 + Number(verdict.yes) + 2 * Number(verdict.probability !== null));
        if (verdict.probability !== null) this.floats.push(verdict.probability);
      }
    }
  }

  bytes(json: unknown): Uint8Array {
    return layOut(json, this.floats, this.integers);
  }
}

class Reader {
  readonly json: unknown;
  readonly #floats: Float32Array;
  readonly #integers: readonly number[];
  #float = 0;
  #integer = 0;

  constructor(value: Uint8Array) {
    const { json, floats, integers } = unpack(value);
    this.json = json;
    this.#floats = floats;
    this.#integers = integers;
  }

  integer(): number {
    if (this.#integer >= this.#integers.length) throw new RangeError("a packed value ends too early");
    return this.#integers[this.#integer++]!;
  }

  times<T>(read: () => T): T[] {
    const length = this.integer();
    return Array.from({ length }, read);
  }

  list(): number[] {
    return this.times(() => this.integer());
  }

  optional(): number | null {
    const value = this.integer();
    return value === 0 ? null : value - 1;
  }

  float(): number {
    if (this.#float >= this.#floats.length) throw new RangeError("a packed value ends too early");
    return this.#floats[this.#float++]!;
  }

  floatList(): number[] | null {
    const length = this.optional();
    return length === null ? null : Array.from({ length }, () => this.float());
  }

  excerpts(): Excerpt[] {
    return this.times(() => {
      const [start, length, group] = [this.integer(), this.integer(), GROUPS[this.integer()]!];
      return { start, length, group, centre: this.optional(), interval: this.optional() };
    });
  }

  labels(): boolean[] {
    return this.list().map((label) => label === 1);
  }

  verdicts(): Verdicts {
    return this.times(() => {
      const code = this.integer();
      if (code === 0) return null;
      return { yes: (code - 1) % 2 === 1, probability: code > 2 ? this.float() : null };
    });
  }
}

/** Not compressed yet: equal questions are equal in every byte. */
export function questionBytes({ raw, tokens }: StoredAnswers): Uint8Array {
  const writer = new Writer();
  writer.lists(tokens);
  switch (raw.type) {
    case "simulation":
      writer.excerpts(raw.excerpts);
      writer.lists(raw.quantised);
      writer.integers.push(raw.real.length);
      for (const values of raw.real) writer.floatList(values);
      writer.floatList(raw.weights);
      return writer.bytes({ type: raw.type, scale: raw.scale });
    case "detection":
    case "fuzzing":
      writer.excerpts(raw.excerpts);
      writer.lists(raw.marked);
      writer.list(raw.labels.map(Number));
      break;
    case "intruder":
      writer.integers.push(raw.trials.length);
      for (const { excerpts, intruder } of raw.trials) {
        writer.excerpts(excerpts);
        writer.integers.push(intruder);
      }
      break;
    case "logits":
      writer.list(raw.tokens);
      writer.list(raw.labels.map(Number));
  }
  return writer.bytes({ type: raw.type });
}

export function packAnswers(raw: RawAnswers): Uint8Array {
  const writer = new Writer();
  if (raw.type === "simulation") {
    writer.integers.push(raw.simulated.length);
    for (const values of raw.simulated) writer.floatList(values);
  } else if (raw.type === "intruder") {
    writer.integers.push(raw.answers.length);
    for (const answer of raw.answers) writer.optional(answer);
  } else {
    writer.verdicts(raw.verdicts);
  }
  return compress(writer.bytes(null));
}

/** @throws whatever a damaged value leads to */
export function unpackAnswers(question: Uint8Array, answered: Uint8Array): StoredAnswers {
  const asked = new Reader(question);
  const answers = new Reader(answered);
  const { type, scale } = asked.json as { type: RawAnswers["type"]; scale: 9 | 10 };
  const tokens = asked.times(() => asked.list());
  const raw = (): RawAnswers => {
    switch (type) {
      case "simulation":
        return {
          type,
          scale,
          excerpts: asked.excerpts(),
          quantised: asked.times(() => asked.list()),
          real: asked.times(() => asked.floatList()!),
          weights: asked.floatList(),
          simulated: answers.times(() => answers.floatList()),
        };
      case "detection":
      case "fuzzing":
        return {
          type,
          excerpts: asked.excerpts(),
          marked: asked.times(() => asked.list()),
          labels: asked.labels(),
          verdicts: answers.verdicts(),
        };
      case "intruder":
        return {
          type,
          trials: asked.times(() => ({ excerpts: asked.excerpts(), intruder: asked.integer() })),
          answers: answers.times(() => answers.optional()),
        };
      case "logits":
        return { type, tokens: asked.list(), labels: asked.labels(), verdicts: answers.verdicts() };
      default:
        throw new RangeError(`answers of type ${String(type)}`);
    }
  };
  return { raw: raw(), tokens };
}

/** Tokens that are to be spelled when the answers are shown. */
export function tokensOf({ raw, tokens }: StoredAnswers): readonly (readonly number[])[] {
  return raw.type === "logits" ? [...tokens, raw.tokens] : tokens;
}
