/**
 * From documents to token shards: read → hash → drop copies → held out or not → tokenise in threads → pack → write.
 *
 * The result depends on the documents and the request alone, never on the number of threads, their timing, or how often
 * the work was interrupted. Memory is bounded by a few batches and one shard a side, whatever the size of the sources.
 */

import { isDeepStrictEqual } from "node:util";
import { Failure, UsageError } from "../errors.ts";
import type { DocumentStream } from "./document.ts";
import { type TokenManifest, type TokenRequest, readManifest } from "./manifest.ts";
import { type DocumentReading, openDocuments } from "./open-documents.ts";
import { checkSlice, type Slice, slicedStream } from "./slices.ts";
import { checkHeldOutShare } from "./split.ts";
import { loadProgress } from "./token-progress.ts";
import { Tokenizing, type TokenizingOptions } from "./tokenizing.ts";

export interface TokenizeOptions extends TokenizingOptions {
  /** What to read: names as `openDocuments` takes them, or a stream of documents. */
  readonly sources: string | readonly string[] | DocumentStream;
  /** How to read it: columns, hub access. */
  readonly reading?: DocumentReading;
  /** Tokens in a context, BOS included. */
  readonly context: number;
  /** Share of the documents that is held out; 0.05 unless given. */
  readonly heldoutShare?: number;
  /** Stop taking training text at this many tokens (rounded up to a context); all there is unless given. */
  readonly maxTokens?: number;
  /** The same for held-out text. Reading goes on until both are reached or the sources end. */
  readonly maxHeldoutTokens?: number;
  /** Fewer training tokens than this are a failure. */
  readonly minTokens?: number;
  /** Fewer held-out tokens than this are a failure; one context unless given, none when the share is 0. */
  readonly minHeldoutTokens?: number;
  /** Tokens a shard holds at most; 8 Mi unless given. */
  readonly shardTokens?: number;
  /** Only this slice of the sources; the maxima are still of the whole, and minima are for those who join the slices (join-shards.ts). */
  readonly slice?: Slice;
}

/**
 * Tokenises the sources into `options.folder` and returns the manifest, also when that was done before.
 * @throws Failure when the text cannot be read, gives too few tokens, the folder holds something else or cannot be written
 */
export async function tokenizeCorpus(options: TokenizeOptions): Promise<TokenManifest> {
  const { tokenizer, folder, heldoutShare = 0.05, slice } = options;
  if (slice !== undefined) checkSlice(slice);
  checkHeldOutShare(heldoutShare);
  if (!Number.isInteger(options.context) || options.context < 2) {
    throw new UsageError(`a context needs at least 2 tokens, ${options.context} were given`);
  }
  const stream = await opened(options);
  try {
    const request: TokenRequest = {
      sources: [...stream.sources],
      source_fingerprint: stream.fingerprint,
      tokenizer_sha256: tokenizer.hash,
      context: options.context,
      heldout_share: heldoutShare,
      max_tokens: options.maxTokens ?? null,
      max_heldout_tokens: options.maxHeldoutTokens ?? null,
      shard_tokens: options.shardTokens ?? 2 ** 23,
      ...(slice && { slice: { index: slice.index, of: slice.of } }),
    };
    let manifest = readManifest(folder);
    if (manifest !== undefined) {
      expectSameRequest(folder, manifest.request, request);
    } else {
      const progress = loadProgress(folder);
      if (progress !== undefined) expectSameRequest(folder, progress.request, request);
      manifest = await new Tokenizing(options, request, stream, progress).run();
    }
    if (slice === undefined) checkEnough(manifest, options);
    return manifest;
  } finally {
    await stream.close();
  }
}

async function opened({ sources, reading, tokenizer, slice }: TokenizeOptions): Promise<DocumentStream> {
  if (!isStream(sources)) return openDocuments(sources, { ...reading, tokenizer }, slice);
  return slice === undefined ? sources : slicedStream(sources, slice);
}

function isStream(sources: TokenizeOptions["sources"]): sources is DocumentStream {
  return typeof sources === "object" && "next" in sources;
}

function expectSameRequest(folder: string, found: TokenRequest, wanted: TokenRequest): void {
  if (isDeepStrictEqual(found, wanted)) return;
  const keys = Object.keys(wanted) as (keyof TokenRequest)[];
  const other = keys.filter((key) => !isDeepStrictEqual(found[key], wanted[key]));
  throw new Failure(
    `${folder} holds tokens of another request (${other.join(", ")} differ): choose another folder, or delete this one`,
  );
}

/** @throws Failure when there are fewer tokens than are needed, naming the sources and what was found */
export function checkEnough(
  manifest: TokenManifest,
  { minTokens = 1, minHeldoutTokens = 1 }: Pick<TokenizeOptions, "minTokens" | "minHeldoutTokens">,
): void {
  const { train, heldout, documents, request } = manifest;
  const where = request.sources.join(", ");
  const found = `${documents.read} documents in ${where}`;
  if (documents.read === 0) throw new Failure(`${where} holds no documents: name a source with text in it`);
  const side = (summary: typeof train) =>
    `${summary.tokens} tokens in ${summary.contexts} whole contexts of ${request.context}`;
  if (train.tokens < minTokens) {
    const dropped = documents.duplicates + documents.empty + documents.skipped_utf8;
    const note = dropped > 0 ? ` (${dropped} of them duplicates, empty or not UTF-8)` : "";
    throw new Failure(
      `${found}${note} give ${side(train)} to train on, ${minTokens} were asked for: add text or ask for fewer tokens`,
    );
  }
  if (request.heldout_share > 0 && heldout.tokens < minHeldoutTokens) {
    throw new Failure(
      `${found} give ${side(heldout)} of held-out text, ${minHeldoutTokens} were asked for: ` +
        "add documents or hold out a larger share",
    );
  }
}
