/**
 * The hash by which documents are known: SHA-256 of their UTF-8 text. Duplicates, the held-out split and the default
 * corpus's order all hang on it, so it never depends on where a document came from.
 */

import { hash } from "node:crypto";

/** SHA-256 of `text` in lower-case hexadecimal. */
export function contentHash(text: string): string {
  return hash("sha256", text, "hex");
}
