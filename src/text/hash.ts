/**
 * The hash by which documents are known: SHA-256 of their UTF-8 text. Duplicates, the held-out split, slices and the default
 * corpus's order all hang on it, so it never depends on where a document came from.
 */

import { createHash, hash } from "node:crypto";
import type { SourceDocument } from "./document.ts";

/** SHA-256 of `text` in lower-case hexadecimal. */
export function contentHash(text: string): string {
  return hash("sha256", text, "hex");
}

/** That of a document's text; of one that came as token ids, of these. */
export function documentHash(document: SourceDocument): string {
  return "text" in document
    ? contentHash(document.text)
    : createHash("sha256").update(document.ids).digest("hex");
}
