/**
 * Classes of tokens by how they are written: regular expressions over a token's text, and lists of words. A class has a name that goes
 * into "fires on …" and "after …".
 *
 * The text is that of `Passage.tokenText`, where bytes that are no whole character are written \xE2: such tokens are of one class only.
 */

import { WORD_LISTS } from "./word-lists.ts";

export interface TokenClass {
  readonly name: string;
  has(text: string): boolean;
}

/** More particular ones first: of two that fit a unit equally well the first is taken. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  "years (19…, 20…)": /^ ?(?:19|20)\d\d$/,
  "single digits": /^ ?\d$/,
  numbers: /^ ?\d+$/,
  "tokens that end in a digit": /\d$/,
  "tokens with letters and digits": /^(?=.*\p{L})(?=.*\p{N})/u,
  "hexadecimal digits": /^ ?(?:0x)?[0-9a-fA-F]*(?:\d[a-fA-F]|[a-fA-F]\d)[0-9a-fA-F]*$/,
  "digits of other scripts": /^(?=.*\p{Nd})[^0-9]*$/u,
  "tokens with a full stop": /\./,
  "the end of a sentence (“.”, “!”, “?”)": /^[.!?]+["'”’)\]]*$/,
  "tokens with a comma": /,/,
  "tokens with a semicolon": /;/,
  "tokens with a colon": /:/,
  "question and exclamation marks": /[?!]/,
  "hyphens and dashes": /^ ?\p{Pd}+$/u,
  "slashes and backslashes": /^ ?[/\\]+$/,
  underscores: /^ ?_+$/,
  "opening parentheses": /\($/,
  "opening brackets": /[([{<]$/,
  "closing parentheses": /^ ?\)/,
  "closing brackets": /^ ?[)\]}>]/,
  braces: /^\s?[{}]+$/,
  "quotation marks": /["'`‘’“”«»„‹›]/,
  "single quotation marks and apostrophes": /^ ?['’‘]/,
  backticks: /`/,
  "contractions (“'s”, “n't”, …)": /^['’](?:s|t|re|ve|ll|d|m)$|^n['’]t$/i,
  "equals signs": /=/,
  "arrows (“=>”, “->”)": /[=-]>|[→⇒]/,
  "operators of code": /^ ?(?:[-+*/%=<>!&|^~?]{1,3}|:=|::|\?\.)$/,
  "assignments (“ =”, “ +=”)": /^ ?[-+*/|&]?=$/,
  "the punctuation of JSON": /^(?=.{2,})\s*["'{}[\]:,]+\s*$/,
  "marks of HTML and XML tags": /^ ?(?:<\/?[!\w]*|\/?>|&\w*;?|"\/?>)/,
  "the beginning or end of a comment": /^\s*(?:\/\/+|\/\*+|\*+\/|<!--|-->|#+|\*)\s*$/,
  "the marks of Markdown (“**”, “#”, “```”, “|”)": /^\s?(?:#{1,6}|\*{1,3}|`{1,3}|-{2,}|\|+|>|_{2})\s?$/,
  "lines of one repeated character": /^\s?([-=*_#~.+])\1{2,}$/,
  "currency signs": /\p{Sc}/u,
  "mathematical symbols": /^ ?[\p{Sm}×÷°±]+$/u,
  "emoji and other pictures": /[\p{Extended_Pictographic}\p{So}]/u,
  "empty lines": /\n[ \t\r]*\n/,
  "line ends": /\n/,
  tabs: /\t/,
  indentation: /^[ \t]{2,}$/,
  "white space": /^\s+$/,
  "single capital letters": /^ ?\p{Lu}$/u,
  "single letters": /^ ?\p{L}$/u,
  "words in capitals": /^ ?\p{Lu}{2,}$/u,
  "capitalised words after a space": /^ \p{Lu}\p{Ll}+$/u,
  "capitalised words without a space before": /^\p{Lu}\p{Ll}+$/u,
  "capitalised words": /^ ?\p{Lu}\p{Ll}+$/u,
  "tokens of mixed case, as in camelCase": /\p{Ll}\p{Lu}/u,
  "words of three letters or fewer": /^ ?\p{L}{1,3}$/u,
  "words of eight letters or more": /^ ?\p{L}{8,}$/u,
  "words in lower case after a space": /^ \p{Ll}+$/u,
  "word parts in lower case without a space before": /^\p{Ll}+$/u,
  "words in lower case": /^ ?\p{Ll}+$/u,
  "letters with diacritics": /(?![ºª])[À-ɏ]/,
  "letters of scripts without case": /^ ?[\p{Lo}\p{M}]+$/u,
  punctuation: /^ ?\p{P}+$/u,
  symbols: /^ ?\p{S}+$/u,
  "punctuation and symbols after a space": /^ [\p{P}\p{S}]+$/u,
  "tokens with other than ASCII characters": /[\u0080-\u{10ffff}]/u,
  "tokens that begin with a space": /^ \S/,
  "tokens that begin with a letter": /^\p{L}/u,
  "words and word parts": /^ ?\p{L}+$/u,
};

const BYTES = /\\x[89A-F][0-9A-F]/;

export const TOKEN_CLASSES: readonly TokenClass[] = [
  { name: "bytes of characters that are cut in two", has: (text) => BYTES.test(text) },
  ...Object.entries(WORD_LISTS).map(([name, words]) => ({
    name,
    has: (text: string) => words.has(text.trim().toLowerCase()),
  })),
  ...Object.entries(PATTERNS).map(([name, pattern]) => ({
    name,
    has: (text: string) => !BYTES.test(text) && pattern.test(text),
  })),
];
