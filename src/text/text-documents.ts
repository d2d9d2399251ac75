/**
 * Plain text files as documents. A file is one document; a large one (over 256 KiB, a whole corpus in one file) is cut
 * behind the first blank line after every 64 KiB, so that it can be streamed and a share of it held out.
 */

import type { TextDocument } from "./document.ts";
import { type ByteFile, readBytes, uncompressedName } from "./decompress.ts";
import { kindOfFile } from "./kinds.ts";
import { decodeUtf8 } from "./utf8.ts";

const largestWhole = 256 * 1024;
const pieceBytes = 64 * 1024;
/** Without a blank line a piece ends at a line's end, without that anywhere between characters. */
const longestPiece = 128 * 1024;

export async function* textDocuments(file: ByteFile): AsyncGenerator<TextDocument> {
  const kind = kindOfFile(uncompressedName(file.name)) ?? "plain text";
  let buffer: Uint8Array = new Uint8Array(0);
  let pieces = 0;
  const document = (bytes: Uint8Array, isOnly = false): TextDocument => {
    const { text, replaced } = decodeUtf8(bytes);
    const name = isOnly ? file.name : `${file.name}#${++pieces}`;
    return replaced > 0 ? { name, kind, text, replaced } : { name, kind, text };
  };
  for await (const chunk of readBytes(file)) {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    if (pieces === 0 && buffer.length <= largestWhole) continue;
    while (buffer.length > longestPiece) {
      const end = pieceEnd(buffer);
      yield document(buffer.subarray(0, end));
      buffer = buffer.subarray(end);
    }
  }
  if (buffer.length > 0) yield document(buffer, pieces === 0);
}

/** Where the piece at the beginning of `buffer`, which holds more than `longestPiece` bytes, ends. */
function pieceEnd(buffer: Uint8Array): number {
  const window = Buffer.from(buffer.buffer, buffer.byteOffset, longestPiece);
  for (const [blank, length] of [
    ["\n\n", 2],
    ["\n\r\n", 3],
  ] as const) {
    const at = window.indexOf(blank, pieceBytes);
    if (at >= 0) return at + length;
  }
  const line = window.lastIndexOf("\n");
  if (line > 0) return line + 1;
  let end = longestPiece;
  while (end > longestPiece - 4 && (buffer[end]! & 0xc0) === 0x80) end--;
  return end;
}
