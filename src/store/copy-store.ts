/** A store as a second file that can go its own way: as it stood between two transactions, whoever is at work in the first. */

import { rmSync } from "node:fs";
import { backup, DatabaseSync } from "node:sqlite";
import { BUSY_MS } from "./connection.ts";

/** A store that cannot be read is left out: what it held has to be made again, and no half of it may be gone on from. */
export async function copyStore(from: string, to: string): Promise<void> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(from, { timeout: BUSY_MS });
    await backup(database, to);
  } catch (error) {
    rmSync(to, { force: true });
    if (isFull(error))
      throw Object.assign(new Error(`cannot write ${to}`, { cause: error }), { code: "ENOSPC" });
  } finally {
    database?.close();
  }
}

function isFull(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === 13;
}
