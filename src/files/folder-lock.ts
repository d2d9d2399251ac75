/**
 * One process at a time in a folder: two runs that write the same checkpoints would each continue the other's numbers.
 *
 * `lock.json` names the process. It goes when the work ends; after `kill -9` it stays, and whoever comes next sees that
 * the process is gone and takes it over. A process is told from a later one with the same number by its start time, as
 * far as the system says it. A lock from another machine, or another container, cannot be looked up: it counts as alive
 * while its file is touched, which its owner does every few seconds.
 */

import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import { writeFailure } from "./atomic.ts";

export const LOCK = "lock.json";

const TOUCH_MS = 10_000;
/** Without a touch for this long the owner on another machine is gone: longer than a checkpoint blocks its thread. */
const ABANDONED_MS = 120_000;

interface Owner {
  readonly pid: number;
  /** Clock ticks between the start of the system and that of the process; null where the system does not say. */
  readonly started: string | null;
  /** Where the pid means something: machine, and container if any. */
  readonly place: string;
  readonly since: string;
}

export interface FolderLock {
  release(): void;
}

/**
 * Takes the folder, which exists, until `release`.
 * @param flag the option that names the folder, for the sentence of a refusal; null where no other folder would do
 * @throws Failure when a living process holds it, naming both, or when the lock cannot be written
 */
export function lockFolder(folder: string, flag: string | null = "--out"): FolderLock {
  const path = join(folder, LOCK);
  const own = JSON.stringify(ownerHere()) + "\n";
  while (!created(path, own)) {
    refuseLocked(folder, flag);
    discardStale(folder, path);
  }
  const timer = setInterval(() => touch(path), TOUCH_MS).unref();
  return {
    release() {
      clearInterval(timer);
      if (textOf(path) === own) rmSync(path, { force: true });
    },
  };
}

/** Whether a living process holds the folder. */
export function isLocked(folder: string): boolean {
  const path = join(folder, LOCK);
  const owner = readOwner(path);
  return owner !== undefined && isAlive(path, owner);
}

/** @throws Failure when a living process holds the folder */
export function refuseLocked(folder: string, flag: string | null = "--out"): void {
  const path = join(folder, LOCK);
  const owner = readOwner(path);
  if (owner === undefined || !isAlive(path, owner)) return;
  const elsewhere = owner.place !== place();
  const where = elsewhere ? ` on ${owner.place.split(" ")[0]}` : "";
  const aging = elsewhere ? ` (if it is gone, the lock ends ${ABANDONED_MS / 1000} seconds after it)` : "";
  const way = flag === null ? ` or stop it` : `, stop it, or give another folder with ${flag}`;
  throw new Failure(
    `${folder} is in use by process ${owner.pid}${where}, since ${owner.since}: wait for it${aging}${way}`,
  );
}

/** False when the file is there already. */
function created(path: string, text: string): boolean {
  let file: number;
  try {
    file = openSync(path, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw writeFailure(path, error);
  }
  try {
    writeSync(file, text);
    return true;
  } catch (error) {
    rmSync(path, { force: true });
    throw writeFailure(path, error);
  } finally {
    closeSync(file);
  }
}

/** Of two processes that find the same stale lock, one may already have made its own: that one is put back. */
function discardStale(folder: string, path: string): void {
  const aside = join(folder, `${LOCK}.${process.pid}.stale`);
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw writeFailure(path, error);
  }
  try {
    const owner = readOwner(aside);
    if (owner !== undefined && isAlive(aside, owner)) linkSync(aside, path);
  } catch {
    // A third process has made a lock in the meantime.
  } finally {
    rmSync(aside, { force: true });
  }
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // The folder was removed, or its disk is gone: the work itself will say so.
  }
}

function isAlive(path: string, { pid, started, place: its }: Owner): boolean {
  if (its !== place()) return Date.now() - (modified(path) ?? 0) < ABANDONED_MS;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and someone else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const found = startOf(pid);
  return found === undefined || (found !== null && (started === null || found === started));
}

/** A lock without an owner was cut off while it was written: it counts as one from elsewhere, until it has aged. */
function readOwner(path: string): Owner | undefined {
  const text = textOf(path);
  if (text === undefined) return undefined;
  try {
    const { pid, started, place: its, since } = JSON.parse(text) as Owner;
    if (Number.isInteger(pid) && typeof its === "string") return { pid, started, place: its, since };
  } catch {
    // See below.
  }
  return { pid: 0, started: null, place: "unknown", since: "a moment ago" };
}

function ownerHere(): Owner {
  return {
    pid: process.pid,
    started: startOf(process.pid) ?? null,
    place: place(),
    since: new Date().toISOString(),
  };
}

function place(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** When the process began; null for one that has ended and only waits for its parent, undefined where nobody knows. */
function startOf(pid: number): string | null | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  // The name in parentheses may hold spaces and parentheses of its own.
  const [state, ...rest] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  if (state === undefined) return undefined;
  return state === "Z" || state === "X" ? null : rest[18];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function modified(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}
