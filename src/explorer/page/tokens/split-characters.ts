/**
 * Characters that a text's tokens share. A byte-level tokenizer cuts rare characters into bytes, and the server writes those of a
 * token as `\xE4\xBB`. Where the tokens that follow complete a character, it is shown on the token that begins it, and the
 * others get a mark that they belong to it: a text in Chinese can be read, and every token keeps its own place.
 */

import { piecesOf, type Piece } from "./token-text.ts";

/** Stands for the bytes of a token that end a character begun before. */
export const REST = "‥";

/** A byte that the server wrote, or text between such bytes. */
type Atom = { readonly token: number } & (
  | { readonly byte: number; readonly text?: undefined }
  | { readonly byte?: undefined; readonly text: string }
);

const remembered = new WeakMap<readonly string[], readonly (readonly Piece[] | undefined)[]>();

/** For each token that shares a character, what is shown of it; undefined for all others. The array must not change later. */
export function sharedPieces(tokens: readonly string[]): readonly (readonly Piece[] | undefined)[] {
  const before = remembered.get(tokens);
  if (before !== undefined) return before;
  const pieces = tokens.some((token) => token.includes("\\x")) ? joined(atomsOf(tokens)) : [];
  remembered.set(tokens, pieces);
  return pieces;
}

function atomsOf(tokens: readonly string[]): readonly Atom[] {
  return tokens.flatMap((text, token) =>
    text
      .split(/(\\x[89A-F][0-9A-F])/)
      .filter((part) => part !== "")
      .map((part) =>
        /^\\x[89A-F][0-9A-F]$/.test(part)
          ? { token, byte: Number.parseInt(part.slice(2), 16) }
          : { token, text: part },
      ),
  );
}

function joined(atoms: readonly Atom[]): readonly (readonly Piece[] | undefined)[] {
  const shown: Piece[][] = [];
  const sharing = new Set<number>();
  const put = (token: number, piece: Piece) => {
    const list = (shown[token] ??= []);
    const last = list.at(-1);
    if (last?.kind === "partial" && piece.kind === "partial")
      list[list.length - 1] = { kind: "partial", text: last.text + piece.text };
    else if (last?.kind !== "rest" || piece.kind !== "rest") list.push(piece);
  };
  for (let at = 0; at < atoms.length;) {
    const { token, byte, text } = atoms[at]!;
    if (byte === undefined) {
      for (const piece of piecesOf(text)) put(token, piece);
      at++;
      continue;
    }
    const parts = atoms.slice(at, at + lengthOf(byte));
    const character = decode(parts.map((part) => part.byte));
    if (character === null) {
      put(token, { kind: "partial", text: `\\x${byte.toString(16).toUpperCase()}` });
      at++;
      continue;
    }
    put(token, piecesOf(character)[0]!);
    for (const other of parts) {
      if (other.token === token) continue;
      sharing.add(token).add(other.token);
      put(other.token, { kind: "rest", text: REST });
    }
    at += parts.length;
  }
  return shown.map((list, token) => (sharing.has(token) ? list : undefined));
}

function lengthOf(lead: number): number {
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The one character of these bytes; null when they are not just that, or text stands between them. */
function decode(bytes: readonly (number | undefined)[]): string | null {
  if (bytes.length === 0 || bytes.includes(undefined)) return null;
  try {
    const text = utf8.decode(Uint8Array.from(bytes as number[]));
    return [...text].length === 1 ? text : null;
  } catch {
    return null;
  }
}
