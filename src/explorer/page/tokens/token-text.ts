/**
 * How the text of a token is shown. Tokens are hostile: they break lines, have no width, turn the direction of writing, end in the
 * middle of a character. Everything that cannot be seen as it is becomes a visible stand-in; nothing is ever read as HTML.
 */

export type PieceKind = "text" | "space" | "break" | "tab" | "escape" | "partial" | "rest";

export interface Piece {
  readonly kind: PieceKind;
  /** What is shown. */
  readonly text: string;
}

/** Characters of a token that are shown; the whole token is in its tip. */
export const LONGEST = 48;

export const BREAK = "↵";
export const TAB = "⇥";
/** A space that would not be seen. */
export const SPACE = "·";

/** Controls, format characters (zero-width, direction marks), separators but the space, half surrogates, private use, unassigned. */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u115f\u1160\u3164\uffa0\u2800]|\u034f/u;

/** Most tokens: letters, digits and signs of ASCII; inside a text, a space before them is only a space. */
const PLAIN = /^[!-[\]-~]{1,40}$/;
const SPACED = /^ ?[!-[\]-~]{1,40}$/;

/** How the server writes bytes that are no UTF-8 by themselves, and what stands for them elsewhere. */
const PARTIAL = /(?:\\x[89A-F][0-9A-F])+|\ufffd+/g;

/**
 * Cuts a token into what is shown plainly and what has a stand-in. With `edges`, spaces at both ends and double ones are visible,
 * as in a list of tokens; without, only those of tokens that are nothing but space.
 */
export function piecesOf(token: string, edges = false): readonly Piece[] {
  if ((edges ? PLAIN : SPACED).test(token)) return [{ kind: "text", text: token }];
  const characters = [...token];
  if (characters.length === 0) return [{ kind: "escape", text: "(empty)" }];
  const isBlank = characters.every((character) => character === " ");
  const shown = characters.slice(0, LONGEST).join("");
  const pieces: Piece[] = [];
  if (/^\p{M}/u.test(token)) pieces.push({ kind: "text", text: "◌" });
  let from = 0;
  for (const match of shown.matchAll(PARTIAL)) {
    addCharacters(pieces, shown.slice(from, match.index), edges, isBlank);
    pieces.push({ kind: "partial", text: match[0] });
    from = match.index + match[0].length;
  }
  addCharacters(pieces, shown.slice(from), edges, isBlank);
  if (characters.length > LONGEST) pieces.push({ kind: "escape", text: "…" });
  return pieces;
}

function addCharacters(pieces: Piece[], text: string, edges: boolean, isBlank: boolean): void {
  const spaces = edges ? / +$|^ +| {2,}/g : isBlank ? / +/g : /(?!)/g;
  const hidden = new Set<number>();
  for (const { index, 0: run } of text.matchAll(spaces))
    for (let at = 0; at < run.length; at++) hidden.add(index + at);
  let at = 0;
  for (const character of text) {
    if (character === "\n") add(pieces, "break", BREAK);
    else if (character === "\t") add(pieces, "tab", TAB);
    else if (character === " ") add(pieces, hidden.has(at) ? "space" : "text", hidden.has(at) ? SPACE : " ");
    else if (UNSEEN.test(character)) add(pieces, "escape", escapeOf(character));
    else add(pieces, "text", character);
    at += character.length;
  }
}

/** Neighbours that look alike are one piece. */
function add(pieces: Piece[], kind: PieceKind, text: string): void {
  const last = pieces.at(-1);
  if (last?.kind === kind && kind !== "escape") pieces[pieces.length - 1] = { kind, text: last.text + text };
  else pieces.push({ kind, text });
}

/** One line of plain text, for titles and labels. */
export function plainToken(token: string): string {
  return piecesOf(token, true)
    .map(({ text }) => text)
    .join("");
}

/** Running text, such as an explanation: only what cannot be seen has a stand-in. */
export function plainText(text: string): string {
  return [...text]
    .map((character) => {
      if (character === "\n") return BREAK;
      return UNSEEN.test(character) ? escapeOf(character) : character;
    })
    .join("");
}

/** The whole token with escapes, never cut: what a tip says of it. */
export function escapedToken(token: string): string {
  return [...token]
    .map((character) => {
      if (character === "\n") return "\\n";
      if (character === "\t") return "\\t";
      if (character === "\\") return "\\\\";
      return UNSEEN.test(character) ? escapeOf(character) : character;
    })
    .join("");
}

/** \r, \x07, \u200B, \u{E0001} */
function escapeOf(character: string): string {
  if (character === "\r") return "\\r";
  const code = character.codePointAt(0)!;
  const digits = code.toString(16).toUpperCase();
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`;
}
