/**
 * Slices of a text (slices.ts), tokenised on their own, as one folder of token shards.
 *
 * Shards are taken over by hard links under new numbers, the first of every slice, then the second of every slice, and so on: whoever reads
 * the beginning reads something of every slice. Where all slices together have more tokens than were asked for, each gives the same
 * number of contexts, those with fewer all they have; a shard of which only a part is wanted is written anew.
 *
 * Beside what slices.ts says of copies, this differs from a text tokenised in one go by the order of contexts and by the incomplete context at
 * the end of each slice, which is dropped. The result depends on the text, the request and the number of slices, not on who made them.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Failure } from "../errors.ts";
import { makeFolder, writeAtomic, writeFailure, writeJson } from "../files/atomic.ts";
import {
  type DocumentStarts,
  readDocumentStarts,
  type SplitName,
  writeDocumentStarts,
} from "./document-starts.ts";
import {
  type KindCounts,
  manifestName,
  readManifest,
  type SplitSummary,
  type TokenManifest,
} from "./manifest.ts";
import { linkOrCopy } from "./share-shards.ts";
import {
  bytesPerToken,
  type HeldoutKinds,
  heldoutKindsName,
  openShards,
  type TokenShards,
} from "./shards.ts";
import { checkEnough } from "./tokenize.ts";

export interface JoinLimits {
  /** Fewer training tokens than this are a failure. */
  readonly minTokens?: number;
  /** Fewer held-out tokens than this are a failure; one context unless given, none when the share is 0. */
  readonly minHeldoutTokens?: number;
}

/**
 * Puts the slices in `folders`, all of one text, into `into`, and returns the manifest, also when that was done before.
 * @throws Failure when a slice is missing, unfinished, damaged or of another request, there are too few tokens, or `into` holds
 *   something else or cannot be written
 */
export function joinShards(folders: readonly string[], into: string, limits: JoinLimits = {}): TokenManifest {
  const slices = inOrder(folders.map((folder) => openShards(folder)));
  const plans = { train: planOf(slices, "train"), heldout: planOf(slices, "heldout") };
  const present = readManifest(into);
  const manifest = present ?? write(slices, plans, into);
  const { request } = joinedManifest(slices, plans, { train: [], heldout: [] });
  if (present !== undefined && !isDeepStrictEqual(present.request, request)) {
    throw new Failure(`${into} holds tokens of another request: choose another folder, or delete this one`);
  }
  checkEnough(manifest, limits);
  return manifest;
}

/** The slices by their numbers. */
function inOrder(slices: readonly TokenShards[]): TokenShards[] {
  const first = slices[0];
  if (first === undefined) throw new Failure("no slices of a text are given to be joined");
  const { slice: _, ...wanted } = first.manifest.request;
  const count = first.manifest.request.slice?.of ?? 0;
  const byIndex = new Map<number, TokenShards>();
  for (const shards of slices) {
    const { slice, ...request } = shards.manifest.request;
    if (slice === undefined || slice.of !== count || !isDeepStrictEqual(request, wanted)) {
      throw new Failure(
        `${shards.folder} is no slice of the text that ${first.folder} is one of: tokenise it again`,
      );
    }
    byIndex.set(slice.index, shards);
  }
  const missing = Array.from({ length: count }, (_, index) => index).find((index) => !byIndex.has(index));
  if (missing !== undefined || slices.length !== count) {
    throw new Failure(
      missing === undefined
        ? `${slices.length} folders are given for ${count} slices: name each slice once`
        : `slice ${missing} of ${count} is missing: tokenise it first`,
    );
  }
  return Array.from({ length: count }, (_, index) => byIndex.get(index)!);
}

/** A shard of the result: the first `contexts` contexts of a slice's shard, which begins with its context `first`. */
interface Piece {
  readonly slice: number;
  readonly shard: SplitSummary["shards"][number];
  readonly first: number;
  readonly contexts: number;
}

type Plans = Readonly<Record<SplitName, readonly Piece[]>>;

function planOf(slices: readonly TokenShards[], side: SplitName): Piece[] {
  const { request } = slices[0]!.manifest;
  const maximum = side === "train" ? request.max_tokens : request.max_heldout_tokens;
  const wanted = maximum === null ? Infinity : Math.ceil(maximum / request.context);
  const quota = shares(
    slices.map((slice) => slice[side].contexts),
    wanted,
  );
  const lists = slices.map(({ manifest }, slice) => {
    const pieces: Piece[] = [];
    let first = 0;
    for (const shard of manifest[side].shards) {
      const contexts = Math.min(shard.contexts, quota[slice]! - first);
      if (contexts > 0) pieces.push({ slice, shard, first, contexts });
      first += shard.contexts;
    }
    return pieces;
  });
  const rounds = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) => lists.flatMap((list) => list[round] ?? [])).flat();
}

/** What each gives of `wanted`: all the same, but none more than it has; what does not divide comes from those that have most. */
function shares(has: readonly number[], wanted: number): number[] {
  const total = has.reduce((sum, count) => sum + count, 0);
  if (total <= wanted) return [...has];
  const given = has.map(() => 0);
  let left = wanted;
  // From the one that has least: what it lacks is shared by those that have more.
  const ascending = has.map((_, i) => i).sort((a, b) => has[a]! - has[b]! || b - a);
  ascending.forEach((slice, done) => {
    given[slice] = Math.min(has[slice]!, Math.floor(left / (ascending.length - done)));
    left -= given[slice]!;
  });
  return given;
}

function write(slices: readonly TokenShards[], plans: Plans, into: string): TokenManifest {
  try {
    makeFolder(into);
    const shards = {
      train: writeSide(slices, plans.train, "train", into),
      heldout: writeSide(slices, plans.heldout, "heldout", into),
    };
    writeJson(join(into, heldoutKindsName), joinedKinds(slices, plans.heldout));
    const starts = joinedStarts(slices, plans);
    if (starts !== undefined) writeDocumentStarts(into, starts);
    const manifest = joinedManifest(slices, plans, shards);
    // Last: without it a folder counts as unfinished.
    writeJson(join(into, manifestName), manifest);
    return manifest;
  } catch (error) {
    throw error instanceof Failure ? error : writeFailure(into, error);
  }
}

function writeSide(
  slices: readonly TokenShards[],
  pieces: readonly Piece[],
  side: SplitName,
  into: string,
): SplitSummary["shards"] {
  return pieces.map(({ slice, shard, contexts }, number) => {
    const { folder, manifest } = slices[slice]!;
    const file = `${side}-${String(number).padStart(5, "0")}.${manifest.dtype}`;
    const from = join(folder, shard.file);
    if (contexts === shard.contexts) {
      linkOrCopy(from, join(into, file));
      return { file, contexts, sha256: shard.sha256 };
    }
    const whole = readFileSync(from);
    if (createHash("sha256").update(whole).digest("hex") !== shard.sha256) {
      throw new Failure(
        `token shard ${from} is damaged (its checksum is not the manifest's): tokenise that slice again`,
      );
    }
    const bytes = whole.subarray(0, contexts * manifest.request.context * bytesPerToken(manifest.dtype));
    writeAtomic(join(into, file), bytes);
    return { file, contexts, sha256: createHash("sha256").update(bytes).digest("hex") };
  });
}

function joinedManifest(
  slices: readonly TokenShards[],
  plans: Plans,
  shards: Readonly<Record<SplitName, SplitSummary["shards"]>>,
): TokenManifest {
  const manifests = slices.map(({ manifest }) => manifest);
  const { request, ...first } = manifests[0]!;
  const { slice: _, ...whole } = request;
  const sum = (of: (manifest: TokenManifest) => number) =>
    manifests.reduce((total, manifest) => total + of(manifest), 0);
  const side = (name: SplitName): SplitSummary => {
    const contexts = plans[name].reduce((total, piece) => total + piece.contexts, 0);
    const tokens = contexts * request.context;
    return {
      documents: sum((manifest) => manifest[name].documents),
      bytes: sum((manifest) => manifest[name].bytes),
      contexts,
      tokens,
      dropped_tokens: sum((manifest) => manifest[name].tokens + manifest[name].dropped_tokens) - tokens,
      kinds: joinedCounts(manifests.map((manifest) => manifest[name].kinds)),
      shards: shards[name],
    };
  };
  return {
    ...first,
    request: { ...whole, slices: slices.length },
    exhausted: manifests.every(({ exhausted }) => exhausted),
    documents: {
      read: sum(({ documents }) => documents.read),
      duplicates: sum(({ documents }) => documents.duplicates),
      empty: sum(({ documents }) => documents.empty),
      repaired_utf8: sum(({ documents }) => documents.repaired_utf8),
      skipped_utf8: sum(({ documents }) => documents.skipped_utf8),
    },
    train: side("train"),
    heldout: side("heldout"),
  };
}

function joinedCounts(lists: readonly (readonly KindCounts[])[]): KindCounts[] {
  const byKind = new Map<string, KindCounts>();
  for (const { kind, documents, bytes, tokens } of lists.flat()) {
    const sum = byKind.get(kind) ?? { kind, documents: 0, bytes: 0, tokens: 0 };
    byKind.set(kind, {
      kind,
      documents: sum.documents + documents,
      bytes: sum.bytes + bytes,
      tokens: sum.tokens + tokens,
    });
  }
  return [...byKind.values()];
}

function joinedKinds(slices: readonly TokenShards[], pieces: readonly Piece[]): HeldoutKinds {
  const tables = slices.map((slice) => slice.heldoutKinds());
  const kinds = [...new Set(tables.flatMap((table) => table.kinds))];
  const number = new Map(kinds.map((kind, i) => [kind, i]));
  const of = <T>(values: (table: HeldoutKinds) => readonly T[]) =>
    pieces.flatMap(({ slice, first, contexts }) => values(tables[slice]!).slice(first, first + contexts));
  return {
    kinds,
    kind: of((table) => table.kind.map((index) => number.get(table.kinds[index]!)!)),
    bytes: of((table) => table.bytes),
  };
}

/** Undefined when a slice does not say where its documents begin. */
function joinedStarts(slices: readonly TokenShards[], plans: Plans): DocumentStarts | undefined {
  const starts = slices.map(({ folder }) => readDocumentStarts(folder));
  if (starts.includes(undefined)) return undefined;
  const side = (name: SplitName): number[] => {
    const sets = starts.map((one) => new Set(one![name]));
    const found: number[] = [];
    let at = 0;
    for (const { slice, first, contexts } of plans[name]) {
      for (let i = 0; i < contexts; i++) {
        // What a shard begins with does not go on from the shard of another slice before it.
        if (i === 0 || sets[slice]!.has(first + i)) found.push(at + i);
      }
      at += contexts;
    }
    return found;
  };
  return { train: side("train"), heldout: side("heldout") };
}
