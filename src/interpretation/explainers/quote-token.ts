/**
 * Tokens within a sentence: in quotation marks, since a space at their beginning is part of them. They are hostile text: whatever would
 * break the line, reorder it or not be seen is written as an escape, so that the sentence reads the same wherever it is shown.
 */

const LONGEST = 24;

/** Controls, formats (bidirectional ones among them), private and unassigned characters, lone surrogates, spaces other than " ", our own quotes. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}“”]|(?! )\p{Zs}/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Indentation is as long as a line: runs of spaces from here on are counted. */
const RUN = / {4,}/g;

/** A backslash that does not begin a byte as `Tokenizer.tokenText` writes it. */
const BACKSLASH = /\\(?!x[89A-F][0-9A-F])/g;

/** “ the”, “\n”, “\u202e”, “\xE2”. Cut off behind so many characters. */
export function quoteToken(text: string, longest = LONGEST): string {
  const short = text.replace(RUN, ({ length }) => `[${length} spaces]`);
  const characters = [...short];
  const cut = characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : short;
  const seen = cut.replace(BACKSLASH, "\\\\").replace(UNSEEN, escape);
  // A combining mark would sit on the quotation mark.
  return `“${/^\p{M}/u.test(seen) ? `◌${seen}` : seen}”`;
}

function escape(character: string): string {
  const code = character.codePointAt(0)!;
  return (
    SHORT[character] ??
    (code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`)
  );
}

/** "94 %"; "<1 %" and ">99 %" rather than a round number that is not true. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return "<1 %";
  if (share < 1 && share > 0.99) return ">99 %";
  return `${Math.round(100 * share)} %`;
}

/** "a", "a and b", "a, b and c". */
export function enumerate(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** A value of f, to three digits. */
export function activation(value: number): string {
  return value === 0 || (value >= 0.001 && value < 1e6)
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(1);
}
