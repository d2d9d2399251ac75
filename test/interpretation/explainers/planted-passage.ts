/** Passages of a small invented language, and units whose activity on them follows from the text, for tests of what finds that out. */

import {
  type Column,
  type Passage,
  SIDES,
  type UnitEvidence,
} from "../../../src/interpretation/evidence/passage.ts";
import { Random } from "../../../src/random.ts";

export const WORDS =
  " the| a| of|function| value| number| error|(|)|.|,|1|2|42| return| it|ing| go| run|\n|한|국|어| Name| name|_|\\xE6|\\x97|\\xA5|本".split(
    "|",
  );

export const SEPARATOR = WORDS.length;

export const idOf = (text: string): number => {
  const id = WORDS.indexOf(text);
  if (id < 0) throw new Error(`"${text}" is none of the words`);
  return id;
};

export const tokenText = (id: number): string => WORDS[id] ?? `<${id}>`;

/**
 * Contexts of 64 tokens, each a separator and one document of random words; documents take turns on the sides. Bytes of one character come together.
 */
export function plantPassage(contexts = 600, words: readonly number[] = usual()): Passage {
  const random = Random.of(3, "planted passage");
  const size = 64;
  const tokens = new Int32Array(contexts * size).fill(SEPARATOR);
  const documents = new Int32Array(tokens.length).fill(-1);
  for (let context = 0; context < contexts; context++) {
    const end = (context + 1) * size;
    for (let at = context * size + 1; at < end; at++) {
      const word = words[random.integer(words.length)]!;
      const three = word === idOf("\\xE6") && at + 3 <= end;
      const put = three ? ["\\xE6", "\\x97", "\\xA5"].map(idOf) : [word === idOf("\\xE6") ? idOf(".") : word];
      tokens.set(put, at);
      at += put.length - 1;
    }
    documents.fill(context, context * size + 1, end);
  }
  return {
    tokens,
    documents,
    starts: Int32Array.from({ length: contexts + 1 }, (_, i) => i * size),
    sides: Uint8Array.from({ length: contexts }, (_, i) => i % SIDES.length),
    places: null,
    tokenText,
  };
}

function usual(): number[] {
  return [...WORDS.keys()].filter((id) => !["\\x97", "\\xA5"].includes(tokenText(id)));
}

/** f at each token: of the ids of its context before it and itself, and of the token behind it (undefined at the end). */
export type Planted = (before: readonly number[], next: number | undefined) => number;

export function plantUnit(
  passage: Passage,
  f: Planted,
  logits: UnitEvidence["logits"] = null,
): { unit: number; evidence: UnitEvidence } {
  return { unit: 7, evidence: { passage, column: columnOf(passage, f), logits } };
}

function columnOf({ tokens, documents, starts }: Passage, f: Planted): Column {
  const rows: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < tokens.length; row++) {
    if (documents[row]! < 0) continue;
    const start = starts[documents[row]!]!;
    const next = documents[row + 1] === documents[row] ? tokens[row + 1] : undefined;
    const value = f(Array.from(tokens.subarray(start + 1, row + 1)), next);
    if (value <= 0) continue;
    rows.push(row);
    values.push(value);
  }
  return { rows: Uint32Array.from(rows), values: Float32Array.from(values) };
}

/** The whole texts of a side, one a context, with f at each token. */
export function textsOf(
  { passage, column }: UnitEvidence,
  side: (typeof SIDES)[number],
): { ids: number[]; texts: string[]; f: number[] }[] {
  const f = new Map(Array.from(column.rows, (row, at) => [row, column.values[at]!]));
  return Array.from(passage.sides).flatMap((of, document) => {
    if (SIDES[of] !== side) return [];
    const [from, to] = [passage.starts[document]! + 1, passage.starts[document + 1]!];
    const rows = Array.from({ length: to - from }, (_, at) => from + at);
    const ids = rows.map((row) => passage.tokens[row]!);
    return [{ ids, texts: ids.map(passage.tokenText), f: rows.map((row) => f.get(row) ?? 0) }];
  });
}

/** Pearson correlation. */
export function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const product = (a: readonly number[], b: readonly number[], ma: number, mb: number) =>
    a.reduce((sum, value, i) => sum + (value - ma) * (b[i]! - mb), 0);
  return product(x, y, mx, my) / Math.sqrt(product(x, x, mx, mx) * product(y, y, my, my));
}
