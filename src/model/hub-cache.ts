/**
 * Files of the hub on this disk, in the layout of Python's huggingface_hub: what one has fetched, the other finds.
 *
 *     <cache>/models--<owner>--<name>/refs/<branch>                      the commit that a branch stood for
 *                                     blobs/<etag>                        contents, under the hash that the hub gave
 *                                     snapshots/<commit>/<path>           links to them
 *                                     .no_exist/<commit>/<path>           known not to be there
 *
 * A blob appears under its name only when it is whole and verified. Until then it lies in a file that belongs to one
 * process; when that process is gone, the next one takes over what has arrived.
 */

import { createHash, randomBytes } from "node:crypto";
import {
  copyFileSync,
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { homedir, hostname } from "node:os";
import { dirname, join, relative } from "node:path";
import { makeFolder, writeAtomic, writeFailure } from "../files/atomic.ts";

export interface HubRepo {
  readonly type: "model" | "dataset";
  /** `owner/name`, or the bare name of an old model. */
  readonly name: string;
}

/** A partial file of another machine that nobody has written to for so many milliseconds is taken over. */
const ABANDONED = 15 * 60_000;

/** Where huggingface_hub keeps its cache. */
export function defaultCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const home = env["HF_HOME"] || join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "huggingface");
  return env["HF_HUB_CACHE"] || env["HUGGINGFACE_HUB_CACHE"] || join(home, "hub");
}

export class RepoCache {
  readonly folder: string;

  constructor(cacheFolder: string, { type, name }: HubRepo) {
    this.folder = join(cacheFolder, `${type}s--${name.replaceAll("/", "--")}`);
  }

  /** The commit that `revision` stood for when the hub was last asked. */
  commitOf(revision: string): string | undefined {
    try {
      const commit = readFileSync(join(this.folder, "refs", revision), "utf8").trim();
      return isCommit(commit) ? commit : undefined;
    } catch {
      return undefined;
    }
  }

  rememberCommit(revision: string, commit: string): void {
    if (this.commitOf(revision) !== commit) writeAtomic(join(this.folder, "refs", revision), commit);
  }

  /** Where the file `path` of `commit` is or would be. */
  snapshot(commit: string, path = ""): string {
    return join(this.folder, "snapshots", commit, path);
  }

  blob(etag: string): string {
    return join(this.folder, "blobs", etag);
  }

  isKnownMissing(commit: string, path: string): boolean {
    return existsSync(join(this.folder, ".no_exist", commit, path));
  }

  rememberMissing(commit: string, path: string): void {
    writeAtomic(join(this.folder, ".no_exist", commit, path), "");
  }

  /** Paths of the files of `commit` that are here. */
  list(commit: string): string[] {
    const folder = this.snapshot(commit);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile())
      .sort();
  }

  /** Makes the blob of `etag` the file `path` of `commit`; gives its place. */
  link(etag: string, commit: string, path: string): string {
    const place = this.snapshot(commit, path);
    const temporary = `${place}.${randomBytes(4).toString("hex")}.tmp`;
    try {
      makeFolder(dirname(place));
      try {
        symlinkSync(relative(dirname(place), this.blob(etag)), temporary);
      } catch {
        copyFileSync(this.blob(etag), temporary);
      }
      renameSync(temporary, place);
    } catch (error) {
      throw writeFailure(place, error);
    }
    return place;
  }

  /**
   * A file of this process's own to collect the blob of `etag` in, with what an earlier, ended process left of it.
   * @throws Failure when the cache cannot be written
   */
  claimPartial(etag: string): string {
    const blob = this.blob(etag);
    const own = `${blob}.${hostname()}.${process.pid}.${randomBytes(4).toString("hex")}.partial`;
    try {
      makeFolder(dirname(blob));
    } catch (error) {
      throw writeFailure(blob, error);
    }
    for (const abandoned of this.#abandonedPartials(etag)) {
      try {
        renameSync(abandoned, own);
        return own;
      } catch {
        // Another process was faster.
      }
    }
    return own;
  }

  /** Leaves what has arrived to whoever asks next, this process included. */
  releasePartial(etag: string, partial: string): void {
    if (existsSync(partial)) renameSync(partial, `${this.blob(etag)}.partial`);
  }

  /** Partial files of `etag` that no living process writes to, the fullest first. */
  #abandonedPartials(etag: string): string[] {
    const folder = dirname(this.blob(etag));
    return readdirSync(folder)
      .filter((name) => name.startsWith(`${etag}.`) && name.endsWith(".partial"))
      .map((name) => ({ path: join(folder, name), owner: ownerOf(name, etag) }))
      .flatMap(({ path, owner }) => {
        const stats = statSync(path, { throwIfNoEntry: false });
        if (stats === undefined) return [];
        const isFree =
          owner === undefined ||
          (owner.host === hostname() ? !isAlive(owner.pid) : Date.now() - stats.mtimeMs > ABANDONED);
        return isFree ? [{ path, size: stats.size }] : [];
      })
      .sort((a, b) => b.size - a.size)
      .map(({ path }) => path);
  }
}

export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/**
 * Whether the bytes of `path` are those that the hub named by `etag`: a SHA-256 for large files, git's SHA-1 of
 * `blob <size>\0<bytes>` for small ones. Any other tag says nothing about the bytes.
 */
export async function matchesEtag(path: string, etag: string): Promise<boolean> {
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(etag)) return true;
  const hash = createHash(etag.length === 64 ? "sha256" : "sha1");
  if (etag.length === 40) hash.update(`blob ${statSync(path).size}\0`);
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
  return hash.digest("hex") === etag;
}

function ownerOf(name: string, etag: string): { host: string; pid: number } | undefined {
  const match = /^(.*)\.(\d+)\.[0-9a-f]{8}\.partial$/.exec(name.slice(etag.length + 1));
  return match ? { host: match[1]!, pid: Number(match[2]) } : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
