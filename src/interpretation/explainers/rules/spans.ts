/**
 * What stretches over several tokens: regular expressions over a text, which hold at every token that has a character of a match. They look
 * at the sequence alone, so in a short window a string that began before it is not seen as one.
 *
 * Texts are anybody's. No pattern has a repetition within a repetition that could match the same characters in two ways, and open ends
 * are bounded, so that time grows with the length of the text.
 */

export interface Span {
  /** Goes into "inside …". */
  readonly name: string;
  readonly pattern: RegExp;
}

export const SPANS: readonly Span[] = [
  { name: "a web address", pattern: /(?:https?:\/\/|www\.)[^\s"'<>)]{0,200}/g },
  { name: "an e-mail address", pattern: /[\w.+-]{1,40}@[\w-]{1,40}\.[\w.-]{1,40}/g },
  {
    name: "a path of files",
    pattern: /(?:[\w.@~-]{1,40}|(?<![\w/]))\/[\w.@~-]{1,40}(?:\/[\w.@~-]{0,40}){0,12}/g,
  },
  { name: "a date", pattern: /\b(?:19|20)\d\d[-/.]\d\d?[-/.]\d\d?/g },
  { name: "a version number", pattern: /\bv?\d{1,4}\.\d{1,4}\.\d{1,6}(?:-[\w.]{1,30})?/g },
  { name: "a number with separators", pattern: /\d{1,20}(?:[.,:/-]\d{1,20}){1,20}/g },
  { name: "a hexadecimal hash", pattern: /\b(?=[a-fA-F]{0,12}\d)(?=\d{0,12}[a-fA-F])[0-9a-fA-F]{7,}\b/g },
  { name: "a long random-looking string", pattern: /[A-Za-z0-9+/]{32,400}={0,2}/g },
  { name: "an identifier in camelCase", pattern: /\b[a-z]{1,40}(?:[A-Z][a-z0-9]{0,40}){1,12}\b/g },
  { name: "an identifier with underscores", pattern: /\b[A-Za-z0-9]{1,40}(?:_[A-Za-z0-9]{1,40}){1,12}\b/g },
  { name: "a dotted name", pattern: /\b[A-Za-z_$][\w$]{0,40}(?:\.[A-Za-z_$][\w$]{0,40}){1,12}/g },
  { name: "a key of JSON", pattern: /"[^"\n]{1,80}"\s?:/g },
  { name: "a string in double quotes", pattern: /"[^"\n]{0,200}"?/g },
  { name: "a string in single quotes", pattern: /(?<!\w)'[^'\n]{0,120}'?/g },
  { name: "code in backticks", pattern: /`[^`\n]{1,200}`?/g },
  { name: "a comment to the end of the line", pattern: /(?<![:\w])\/\/[^\n]{0,300}/g },
  { name: "a block comment", pattern: /\/\*[^]{0,600}?(?:\*\/|$)|^[ \t]{0,12}\*(?:\/|[ \t][^\n]{0,300})/gm },
  { name: "a heading or comment after “#”", pattern: /^[ \t]{0,12}#{1,6} [^\n]{0,300}/gm },
  { name: "a list item", pattern: /^[ \t]{0,12}(?:[-*+]|\d{1,3}\.) [^\n]{0,300}/gm },
  { name: "a table", pattern: /^\|[^\n]{0,300}/gm },
  { name: "an HTML or XML tag", pattern: /<\/?[A-Za-z][^<>\n]{0,200}>?/g },
  { name: "parentheses", pattern: /\([^()\n]{0,200}\)?/g },
  { name: "square brackets", pattern: /\[[^[\]\n]{0,200}\]?/g },
];

/** Text that tokens spell, and of each UTF-16 unit the number of the token that it is from. */
export interface SpeltText {
  readonly text: string;
  readonly tokens: Int32Array;
}

export function spell(texts: readonly string[]): SpeltText {
  const text = texts.join("");
  const tokens = new Int32Array(text.length);
  let at = 0;
  for (const [token, { length }] of texts.entries()) tokens.fill(token, at, (at += length));
  return { text, tokens };
}

/** Sets `bit` in `marks` at every token with a character of a match. */
export function markSpan(
  { pattern }: Span,
  { text, tokens }: SpeltText,
  marks: Uint32Array,
  bit: number,
): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const end = match.index + match[0].length;
    if (end === match.index) {
      pattern.lastIndex++;
      continue;
    }
    for (let token = tokens[match.index]!; token <= tokens[end - 1]!; token++) marks[token]! |= bit;
  }
}
