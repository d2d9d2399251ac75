/**
 * Files of the Hugging Face hub: looked up, fetched into the cache, or read in place where they are too large to keep.
 *
 * A branch is resolved to its commit once, and everything after that comes from this commit, so that a model is never
 * put together from two versions. A file of a pinned commit that is in the cache costs no request.
 */

import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { listFiles } from "@huggingface/hub";
import { Failure } from "../errors.ts";
import { writeFailure } from "../files/atomic.ts";
import { type HubBlob, localBlob, remoteBlob } from "./hub-blob.ts";
import { type HubRepo, isCommit, matchesEtag, type RepoCache } from "./hub-cache.ts";
import {
  askCommit,
  cacheOf,
  checkHubNames,
  type Downloaded,
  findCached,
  isOffline,
  type KnownFile,
  lookUp,
  notCached,
  notTheHub,
  type RevisionOptions,
} from "./hub-lookup.ts";
import { Hub, type HubOptions } from "./hub-request.ts";
import { readRange } from "./hub-transfer.ts";

export interface HubFile {
  /** Path in the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * The commit that `revision` of `repo` stands for.
 * @throws HubFailure when the hub does not have it; Failure when it is offline and was never asked before
 */
export async function resolveRevision(repo: HubRepo, options: RevisionOptions = {}): Promise<string> {
  const { revision = "main" } = options;
  checkHubNames(repo, revision);
  if (isCommit(revision)) return revision;
  const cache = cacheOf(repo, options);
  if (isOffline(options)) {
    const commit = cache.commitOf(revision);
    if (commit === undefined) throw notCached(repo, revision, cache);
    return commit;
  }
  const commit = await askCommit(new Hub(options), repo, revision);
  cache.rememberCommit(revision, commit);
  return commit;
}

/**
 * All files of `repo` at a revision, sorted by path; offline, those in the cache.
 * @throws HubFailure when the hub does not have it; Failure when it is offline and nothing is in the cache
 */
export async function listHubFiles(
  repo: HubRepo,
  options: RevisionOptions = {},
): Promise<{ commit: string; files: HubFile[] }> {
  const commit = await resolveRevision(repo, options);
  const files: HubFile[] = [];
  if (isOffline(options)) {
    const cache = cacheOf(repo, options);
    const sizeOf = (path: string) => statSync(cache.snapshot(commit, path)).size;
    files.push(...cache.list(commit).map((path) => ({ path, size: sizeOf(path) })));
    if (files.length === 0) throw notCached(repo, options.revision ?? "main", cache);
    return { commit, files };
  }
  const hub = new Hub(options);
  const what = `the list of files of ${repo.type} ${repo.name}`;
  const query = { repo, revision: commit, recursive: true, hubUrl: hub.endpoint, fetch: hub.fetchFor(what) };
  try {
    for await (const { type, path, size, lfs } of listFiles(query)) {
      if (type === "file") files.push({ path, size: lfs?.size ?? size });
    }
  } catch (error) {
    throw notTheHub(hub, what, error);
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { commit, files };
}

/**
 * Fetches the file `path` of `repo` into the cache, unless it is there.
 * @throws HubFailure when the hub refuses or cannot be reached; Failure when what came is damaged, the cache cannot be
 *   written, or the file is not in the cache and the hub is off
 */
export async function downloadHubFile(
  repo: HubRepo,
  path: string,
  options: RevisionOptions = {},
): Promise<Downloaded> {
  const cache = cacheOf(repo, options);
  const found = findCached(repo, path, options);
  if (found !== undefined) return found;
  const hub = new Hub(options);
  const file = await lookUp(hub, repo, path, options);
  if ("path" in file) return file;
  if (!existsSync(cache.snapshot(file.commit, path))) {
    if (!existsSync(cache.blob(file.etag))) await fetchBlob(hub, cache, file, options);
    cache.link(file.etag, file.commit, path);
  }
  return { path: cache.snapshot(file.commit, path), commit: file.commit };
}

/**
 * Opens the file `path` of `repo` to be read in place, from the cache when it is there.
 * @throws as downloadHubFile does
 */
export async function openHubFile(
  repo: HubRepo,
  path: string,
  options: RevisionOptions = {},
): Promise<HubBlob> {
  const found = findCached(repo, path, options);
  if (found !== undefined) return localBlob(found.path, found.commit);
  const hub = new Hub(options);
  const file = await lookUp(hub, repo, path, options);
  if ("path" in file) return localBlob(file.path, file.commit);
  return remoteBlob(hub, file);
}

/** Fetches a blob, going on where an earlier attempt ended; damaged remains are thrown away and fetched once more. */
async function fetchBlob(hub: Hub, cache: RepoCache, file: KnownFile, options: HubOptions): Promise<void> {
  const partial = cache.claimPartial(file.etag);
  try {
    for (const isLastTry of [false, true]) {
      await collect(hub, file, partial, options);
      if (await matchesEtag(partial, file.etag)) break;
      rmSync(partial);
      if (isLastTry) {
        throw new Failure(
          `cannot get ${file.what}: what arrived twice does not have the hash ${file.etag} that ${hub.endpoint} ` +
            `announced; try again later, or check HF_ENDPOINT`,
        );
      }
    }
    renameSync(partial, cache.blob(file.etag));
  } catch (error) {
    cache.releasePartial(file.etag, partial);
    throw error instanceof Failure ? error : writeFailure(cache.blob(file.etag), error);
  }
}

/** Completes `partial` to the size of `file` and flushes it to the disk. */
async function collect(
  hub: Hub,
  file: KnownFile,
  partial: string,
  { onProgress }: HubOptions,
): Promise<void> {
  let received = statSync(partial, { throwIfNoEntry: false })?.size ?? 0;
  if (received > file.size) {
    rmSync(partial);
    received = 0;
  }
  const output = await open(partial, "a");
  try {
    for await (const piece of readRange(hub, file, received)) {
      await output.appendFile(piece);
      received += piece.length;
      onProgress?.({ file: file.file, received, total: file.size });
    }
    await output.sync();
  } finally {
    await output.close();
  }
}
