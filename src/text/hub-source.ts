/**
 * Datasets of the Hugging Face hub as lists of files: `hf://datasets/owner/name[@revision][/path or glob]`. Files are
 * read in place, so a dataset larger than the disk can be streamed; what is in the hub's cache is read from there.
 */

import { posix } from "node:path";
import { Failure, UsageError } from "../errors.ts";
import { type HubFile, listHubFiles, openHubFile, resolveRevision } from "../model/hub.ts";
import type { HubOptions } from "../model/hub-request.ts";
import type { ParquetReading } from "./parquet-documents.ts";
import { type SourceFile, isReadable, isRecordFile, sourceFile } from "./source-file.ts";

export const hubPrefix = "hf://";

/**
 * The files of the dataset that `name` stands for, in the commit that the revision means now.
 * @throws UsageError when `name` is misspelt; Failure when the dataset or its files cannot be had
 */
export async function hubFiles(
  name: string,
  reading: ParquetReading,
  hub: HubOptions,
): Promise<{ commit: string; files: SourceFile[] }> {
  const { dataset, revision, path } = parseHubName(name);
  const repo = { type: "dataset", name: dataset } as const;
  const { commit, files } = await listHubFiles(repo, { ...hub, revision });
  const chosen = path === undefined ? usualFiles(files) : matchingFiles(files, path);
  if (chosen.length === 0) {
    const there = files.map((file) => file.path);
    const some = there.slice(0, 5).join(", ");
    throw new Failure(
      `${name} has no file ${path === undefined ? "with text (.jsonl, .parquet, .txt)" : `like ${path}`}: ` +
        `the dataset has ${there.length} files (${some}${there.length > 5 ? ", …" : ""})`,
    );
  }
  const at = { ...hub, revision: commit };
  return {
    commit,
    files: chosen.map((file) => {
      const label = `${hubPrefix}datasets/${dataset}/${file.path}`;
      const open = async () => {
        const blob = await openHubFile(repo, file.path, at);
        return { ...blob, name: label };
      };
      return sourceFile(label, file.size, open, reading);
    }),
  };
}

/**
 * The same name with the commit that its revision stands for now: whoever opens it later finds the same files.
 * @throws as hubFiles
 */
export async function pinnedHubName(name: string, hub: HubOptions): Promise<string> {
  const { dataset, revision, path } = parseHubName(name);
  const commit = await resolveRevision({ type: "dataset", name: dataset }, { ...hub, revision });
  return `${hubPrefix}datasets/${dataset}@${commit}${path === undefined ? "" : `/${path}`}`;
}

/** `hf://datasets/owner/name@revision/path` in its parts. */
export function parseHubName(name: string): { dataset: string; revision: string; path: string | undefined } {
  const pattern = /^hf:\/\/datasets\/([^/@]+\/[^/@]+)(?:@(refs\/(?:convert|pr)\/[^/]+|[^/]+))?(?:\/(.+))?$/;
  const [, dataset, revision = "main", path] = pattern.exec(name) ?? [];
  if (dataset === undefined) {
    throw new UsageError(
      `${name} is no dataset of the hub: write hf://datasets/owner/name[@revision][/path or glob]`,
    );
  }
  // The hub's own clients write the branch of converted datasets so.
  const full = revision === "~parquet" ? "refs/convert/parquet" : revision.replaceAll(/%2f/gi, "/");
  return { dataset, revision: full, path };
}

function matchingFiles(files: readonly HubFile[], path: string): HubFile[] {
  const wanted = path.replace(/\/$/, "");
  const exact = files.filter((file) => file.path === wanted);
  if (exact.length > 0) return exact;
  const matching = files.filter(
    (file) => file.path.startsWith(`${wanted}/`) || posix.matchesGlob(file.path, wanted),
  );
  return matching.filter((file) => isReadable(file.path) && file.size > 0);
}

/** Records if there are any, else text files; of those whose path names a split, the training split. */
function usualFiles(files: readonly HubFile[]): HubFile[] {
  const records = files.filter((file) => isRecordFile(file.path));
  const texts = files.filter((file) => /\.txt(\.(gz|zst))?$/i.test(file.path));
  const chosen = records.length > 0 ? records : texts;
  const training = chosen.filter((file) => /(^|[/._-])train/i.test(file.path));
  return training.length > 0 ? training : chosen;
}
