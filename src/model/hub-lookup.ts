/**
 * Which bytes a name on the hub stands for: the commit of a revision, the size and hash of a file, or what the cache
 * knows of them without a request.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { datasetInfo, modelInfo } from "@huggingface/hub";
import { Failure } from "../errors.ts";
import { defaultCacheFolder, type HubRepo, isCommit, RepoCache } from "./hub-cache.ts";
import { type Hub, HubFailure, type HubOptions } from "./hub-request.ts";
import type { RemoteFile } from "./hub-transfer.ts";

export interface RevisionOptions extends HubOptions {
  /** Branch, tag or commit; the default branch is `main`. */
  readonly revision?: string;
}

export interface Downloaded {
  /** Place in the cache. The other files of the commit lie beside it. */
  readonly path: string;
  readonly commit: string;
}

/** A file of the hub as the hub describes it. */
export interface KnownFile extends RemoteFile {
  /** In the repository. */
  readonly file: string;
  readonly commit: string;
  /** What the hub calls these bytes: their hash, as matchesEtag reads it. */
  readonly etag: string;
}

/**
 * Refuses names that would leave the cache folder, or the address, that they are put into.
 * @throws Failure
 */
export function checkHubNames(repo: HubRepo, revision: string, path?: string): void {
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(repo.name) || /(^|\/)\.\.?(\/|$)|--/.test(repo.name)) {
    throw new Failure(`"${repo.name}" is not a ${repo.type} of the hub, expected owner/name`);
  }
  if (!/^[\w./-]+$/.test(revision) || !isRelative(revision)) {
    throw new Failure(
      `"${revision}" is not a revision of ${repo.name}, expected a branch, a tag or a commit`,
    );
  }
  if (path !== undefined && !isRelative(path)) {
    throw new Failure(`${JSON.stringify(path)} is not a path in ${repo.name}, expected folder/file`);
  }
}

function isRelative(path: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\\\u0000-\u001f]/.test(path) && path.split("/").every((part) => !["", ".", ".."].includes(part));
}

export function cacheOf(repo: HubRepo, options: HubOptions): RepoCache {
  return new RepoCache(options.cacheFolder ?? defaultCacheFolder(), repo);
}

export function isOffline(options: HubOptions): boolean {
  return options.offline ?? /^(1|true|yes|on)$/i.test(process.env["HF_HUB_OFFLINE"] ?? "");
}

/**
 * The commit that a branch or tag stands for now.
 * @throws HubFailure when the hub does not have it
 */
export async function askCommit(hub: Hub, repo: HubRepo, revision: string): Promise<string> {
  const what = `revision ${revision} of ${repo.type} ${repo.name}`;
  const query = { name: repo.name, revision, hubUrl: hub.endpoint, fetch: hub.fetchFor(what) };
  try {
    const info =
      repo.type === "model"
        ? await modelInfo({ ...query, additionalFields: ["sha"] })
        : await datasetInfo({ ...query, additionalFields: ["sha"] });
    if (isCommit(info.sha)) return info.sha;
  } catch (error) {
    throw notTheHub(hub, what, error);
  }
  throw notTheHub(hub, what, undefined);
}

/** The sentence for an answer that is not of the hub's kind, such as a login page. */
export function notTheHub(hub: Hub, what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(
    `cannot get ${what}: the answer of ${hub.endpoint} is not one of a hub; check HF_ENDPOINT and the network`,
    { cause: error },
  );
}

/** The file without a request: always for a pinned commit that is here, and offline for a branch that was. */
export function findCached(repo: HubRepo, path: string, options: RevisionOptions): Downloaded | undefined {
  const { revision = "main" } = options;
  checkHubNames(repo, revision, path);
  const cache = cacheOf(repo, options);
  const offline = isOffline(options);
  const commit = isCommit(revision) ? revision : offline ? cache.commitOf(revision) : undefined;
  if (commit !== undefined && existsSync(cache.snapshot(commit, path))) {
    return { path: cache.snapshot(commit, path), commit };
  }
  if (commit !== undefined && cache.isKnownMissing(commit, path)) {
    throw new HubFailure(
      `${repo.type} ${repo.name} has no file ${path}; check the name and the revision`,
      404,
      true,
    );
  }
  if (offline) throw notCached(repo, revision, cache, path);
  return undefined;
}

/** The sentence for what only the hub could give while it must not be asked. */
export function notCached(repo: HubRepo, revision: string, cache: RepoCache, path?: string): HubFailure {
  const what = `${path === undefined ? "" : `${path} of `}${repo.type} ${repo.name} at revision ${revision}`;
  return new HubFailure(
    `${what} is not in the cache ${cache.folder}, and the hub is off; run once without --offline and HF_HUB_OFFLINE`,
    undefined,
    true,
  );
}

/**
 * What the hub says about a file. When the hub cannot be reached and an earlier answer is in the cache, that file.
 * Large files are redirected to storage, and only the redirection tells their hash and size.
 */
export async function lookUp(
  hub: Hub,
  repo: HubRepo,
  path: string,
  options: RevisionOptions,
): Promise<KnownFile | Downloaded> {
  const { revision = "main" } = options;
  const cache = cacheOf(repo, options);
  const what = `${path} of ${repo.type} ${repo.name}`;
  let head: FileHead;
  try {
    head = await readHead(hub, resolveUrl(hub, repo, revision, path), what);
  } catch (error) {
    if (!(error instanceof HubFailure)) throw error;
    const commit = isCommit(revision) ? revision : cache.commitOf(revision);
    if (commit !== undefined && error.status === undefined && existsSync(cache.snapshot(commit, path))) {
      return { path: cache.snapshot(commit, path), commit };
    }
    if (error.isMissingFile && isCommit(revision)) cache.rememberMissing(revision, path);
    throw error;
  }
  const commit = head.commit ?? (isCommit(revision) ? revision : await askCommit(hub, repo, revision));
  if (isCommit(revision) && commit !== revision) {
    throw new Failure(`${hub.endpoint} gave ${what} from commit ${commit}, expected ${revision}`);
  }
  if (!isCommit(revision)) cache.rememberCommit(revision, commit);
  const etag = head.etag ?? `unnamed-${createHash("sha256").update(`${commit}/${path}`).digest("hex")}`;
  return { url: resolveUrl(hub, repo, commit, path), what, file: path, commit, etag, size: head.size };
}

function resolveUrl(hub: Hub, { type, name }: HubRepo, revision: string, path: string): string {
  const folder = type === "model" ? "" : `${type}s/`;
  const file = path.split("/").map(encodeURIComponent).join("/");
  return `${hub.endpoint}/${folder}${name}/resolve/${encodeURIComponent(revision)}/${file}`;
}

interface FileHead {
  readonly commit: string | undefined;
  readonly etag: string | undefined;
  readonly size: number;
}

/** The headers about the file itself, from the first response of a chain of redirections that has each. */
async function readHead(hub: Hub, url: string, what: string): Promise<FileHead> {
  let commit: string | undefined;
  let etag: string | undefined;
  let size: string | undefined;
  for (let redirections = 0; redirections < 10; redirections++) {
    const { status, headers } = await hub.request(url, { what, method: "HEAD", redirect: "manual" });
    const isLast = status < 300;
    commit ??= headers.get("x-repo-commit") ?? undefined;
    etag ??= headers.get("x-linked-etag") ?? (isLast ? headers.get("etag") : null) ?? undefined;
    size ??= headers.get("x-linked-size") ?? (isLast ? headers.get("content-length") : null) ?? undefined;
    if (isLast || (etag !== undefined && size !== undefined)) break;
    const location = headers.get("location") ?? "";
    if (!URL.canParse(location, url)) break;
    url = new URL(location, url).href;
  }
  if (size === undefined || !/^\d{1,15}$/.test(size)) {
    throw new HubFailure(
      `cannot get ${what}: ${hub.endpoint} does not say how large it is`,
      undefined,
      false,
    );
  }
  const name = etag?.replace(/^W\//, "").replaceAll('"', "");
  const isName = name !== undefined && /^[\w-][\w.-]{0,199}$/.test(name);
  return {
    commit: commit !== undefined && isCommit(commit) ? commit : undefined,
    etag: isName ? name : undefined,
    size: Number(size),
  };
}
