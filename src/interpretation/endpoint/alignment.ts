/**
 * Which part of a prompt each of its tokens is. Servers list a prompt's tokens in their tokenizer's spelling: with a token for the
 * beginning that is not in the text, with "▁" or "Ġ" for spaces, with marks in place of characters that a token holds only a part of, and
 * vLLM lists for each place the token itself among its alternatives without saying which it is. Read in order they have to make up the
 * prompt, which settles all of that; if they cannot, they are not its tokens, and nothing may be read from their probabilities.
 */

/** How a token of the prompt may read; null: unknown. */
export type Spellings = readonly string[] | null;

/** What each token may stand for at most when its spelling does not say: characters of which it holds a part. */
const LONGEST_UNKNOWN = 48;
const LONGEST_BROKEN = 4;

/**
 * The texts of the tokens, which put together are the prompt.
 * @param generated tokens at the end that may be the model's own
 * @returns null for tokens outside the prompt; undefined when these are not the prompt's tokens
 */
export function align(
  prompt: string,
  tokens: readonly Spellings[],
  generated: number,
): (string | null)[] | undefined {
  // Depth first with the ways tried at each place kept by hand: prompts have thousands of tokens.
  const dead = new Set<number>();
  const taken: number[] = [];
  const ways: Iterator<number>[] = [];
  let offset = 0;
  for (;;) {
    const at = taken.length;
    if (offset === prompt.length && tokens.length - at <= generated) {
      return textsOf(prompt, taken, tokens.length);
    }
    const place = at * (prompt.length + 1) + offset;
    const open = at < tokens.length && !dead.has(place);
    if (open) ways[at] ??= lengthsOf(prompt, offset, tokens[at]!, at)[Symbol.iterator]();
    const next = open ? ways[at]!.next() : { done: true as const, value: undefined };
    if (next.done !== true) {
      taken.push(next.value);
      offset += next.value;
      ways.length = taken.length;
      continue;
    }
    dead.add(place);
    ways.length = at;
    const back = taken.pop();
    if (back === undefined) return undefined;
    offset -= back;
  }
}

/** Characters that a token may take at `offset`: the likeliest first. */
function lengthsOf(prompt: string, offset: number, spellings: Spellings, at: number): number[] {
  // Only the first has nothing before it to be predicted from, and so no entry; any other without one could be anything.
  if (spellings === null && at > 0) return [];
  if (spellings === null) return Array.from({ length: LONGEST_UNKNOWN + 1 }, (_, length) => length);
  const exact = new Set<number>();
  let broken = false;
  for (const spelling of spellings.flatMap(surfaces)) {
    if (isBroken(spelling)) broken = true;
    else if (prompt.startsWith(spelling, offset)) exact.add(spelling.length);
    // SentencePiece puts a space before the first word.
    else if (offset === 0 && spelling.startsWith(" ") && prompt.startsWith(spelling.slice(1))) {
      exact.add(spelling.length - 1);
    }
    if (at === 0 && isMark(spelling)) exact.add(0);
  }
  const lengths = [...exact].sort((a, b) => b - a);
  if (broken) {
    const character = String.fromCodePoint(prompt.codePointAt(offset) ?? 0).length;
    lengths.push(character, ...Array.from({ length: LONGEST_BROKEN + 1 }, (_, length) => length));
  }
  return [...new Set(lengths)].filter((length) => offset + length <= prompt.length);
}

/** A token that is no text: the beginning of a sequence. */
function isMark(spelling: string): boolean {
  return spelling === "" || /^(<.+>|\[.+\])$/s.test(spelling);
}

/** It holds a part of a character: no text says what it is. */
function isBroken(spelling: string): boolean {
  return spelling === "" || spelling.includes("\uFFFD") || /^bytes:|\\x[0-9a-f]{2}/i.test(spelling);
}

/** A spelling as it is, and as the text it stands for in the spellings of SentencePiece and of GPT-2. */
function surfaces(spelling: string): string[] {
  const text = surfaceOf(spelling);
  return text === spelling ? [spelling] : [spelling, text];
}

/** The text that a token in the spelling of SentencePiece or of GPT-2 stands for. */
export function surfaceOf(spelling: string): string {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(spelling);
  if (byte !== null) {
    const value = Number.parseInt(byte[1]!, 16);
    return value < 0x80 ? String.fromCharCode(value) : "\uFFFD";
  }
  return spelling.replaceAll("▁", " ").replaceAll("Ġ", " ").replaceAll("Ċ", "\n").replaceAll("ĉ", "\t");
}

function textsOf(prompt: string, taken: readonly number[], count: number): (string | null)[] {
  let offset = 0;
  const texts: (string | null)[] = taken.map((length, i) => {
    const text = prompt.slice(offset, offset + length);
    offset += length;
    // The mark at the beginning is no part of the prompt; elsewhere a token without text is the rest of a character.
    return length === 0 && i === 0 ? null : text;
  });
  while (texts.length < count) texts.push(null);
  return texts;
}
