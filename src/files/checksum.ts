/** SHA-256 of a file of any size. */

import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

const AT_ONCE = 8 * 2 ** 20;

/** In pieces: a file of the widest dictionaries is larger than one buffer may be. */
export function checksum(path: string): string {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(AT_ONCE);
  const file = openSync(path, "r");
  try {
    for (let read; (read = readSync(file, piece)) > 0;) hash.update(piece.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
