/**
 * Which documents are held out. The hash of a document's content decides, so the answer stays the same whatever else is
 * in the corpus, in whatever order it is read, and a copy of a held-out document never reaches training.
 */

import { UsageError } from "../errors.ts";

/** The rule in words, for the manifest. */
export const heldOutRule =
  "held out when the first 52 bits of the SHA-256 of the document, over 2^52, are below the share";

/** Whether the document with this SHA-256 (hexadecimal) is held out when a `share` of them shall be. */
export function isHeldOut(hash: string, share: number): boolean {
  return Number.parseInt(hash.slice(0, 13), 16) / 2 ** 52 < share;
}

/** @throws UsageError when `share` is no share */
export function checkHeldOutShare(share: number): void {
  if (!(share >= 0 && share < 1)) {
    throw new UsageError(`the held-out share must be at least 0 and below 1, ${share} was given`);
  }
}
