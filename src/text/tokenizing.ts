/** The work of tokenising, from where it was interrupted if it was: batches in, shards out, progress saved on the way. */

import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { writeJson } from "../files/atomic.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { type DocumentBatch, invalidUtf8Rule, readBatch } from "./document-batches.ts";
import { writeDocumentStarts } from "./document-starts.ts";
import type { DocumentStream } from "./document.ts";
import type { EncodedTexts } from "./encoded-texts.ts";
import { type TokenManifest, type TokenRequest, manifestName } from "./manifest.ts";
import { packingRule } from "./packing.ts";
import { SeenDocuments } from "./seen-documents.ts";
import { heldoutKindsName } from "./shards.ts";
import { sliceMaximum } from "./slices.ts";
import { SplitBuilder } from "./split-builder.ts";
import { heldOutRule } from "./split.ts";
import {
  type DocumentCounts,
  type TokenProgress,
  loadSeen,
  removeProgress,
  saveProgress,
  tailPath,
} from "./token-progress.ts";
import { TokenizePool } from "./tokenize-pool.ts";

export interface TokenizeProgress {
  readonly documents: number;
  /** UTF-8 bytes of the text used. */
  readonly bytes: number;
  readonly trainTokens: number;
  readonly heldoutTokens: number;
}

export interface TokenizingOptions {
  readonly tokenizer: Tokenizer;
  readonly folder: string;
  /** Threads besides the calling one; 2 unless given, 0 for none. */
  readonly workers?: number;
  /** UTF-16 units of text that a thread gets at once; 524,288 unless given, some hundredths of a second's work. */
  readonly batchUnits?: number;
  /** Seconds of work that an interruption may cost; 10 unless given. */
  readonly saveEvery?: number;
  readonly onProgress?: (progress: TokenizeProgress) => void;
  /** Stops with progress saved; the reason is thrown. */
  readonly signal?: AbortSignal;
}

export class Tokenizing {
  readonly #options: TokenizingOptions;
  readonly #request: TokenRequest;
  readonly #stream: DocumentStream;
  readonly #train: SplitBuilder;
  readonly #heldout: SplitBuilder;
  readonly #tokenBytes: Int32Array;
  readonly #seen = new SeenDocuments();
  readonly #counts: DocumentCounts;
  #seenCount = 0;
  #newKeys: number[] = [];
  #sequence = 0;

  constructor(
    options: TokenizingOptions,
    request: TokenRequest,
    stream: DocumentStream,
    progress: TokenProgress | undefined,
  ) {
    this.#options = options;
    this.#request = request;
    this.#stream = stream;
    this.#tokenBytes = bytesOfTokens(options.tokenizer);
    const { max_tokens, max_heldout_tokens, slice } = request;
    this.#train = this.#builder("train", sliceMaximum(max_tokens, slice), progress);
    this.#heldout = this.#builder("heldout", sliceMaximum(max_heldout_tokens, slice), progress);
    this.#counts = {
      read: 0,
      duplicates: 0,
      empty: 0,
      repaired_utf8: 0,
      skipped_utf8: 0,
      ...progress?.documents,
    };
    if (progress === undefined) return;
    stream.seek(progress.cursor);
    this.#sequence = progress.sequence;
    this.#seenCount = progress.seen;
    for (const key of loadSeen(options.folder, progress)) this.#seen.add(key);
  }

  #builder(
    side: "train" | "heldout",
    maximum: number | null,
    progress: TokenProgress | undefined,
  ): SplitBuilder {
    const { context, shard_tokens: shardTokens } = this.#request;
    const { tokenizer, folder } = this.#options;
    const layout = {
      folder,
      prefix: side,
      dtype: tokenizer.vocabSize <= 65536 ? ("u16" as const) : ("u32" as const),
      context,
      shardContexts: Math.max(1, Math.floor(shardTokens / context)),
    };
    const limit = maximum === null ? Infinity : Math.ceil(maximum / context);
    const kept = side === "heldout" ? { tokenBytes: this.#tokenBytes } : {};
    const builder = new SplitBuilder({ layout, bosId: tokenizer.bosId, limit, ...kept }, progress?.[side]);
    if (progress !== undefined) builder.writer.loadTail(tailPath(folder, progress.sequence, side));
    return builder;
  }

  async run(): Promise<TokenManifest> {
    const {
      tokenizer,
      workers = 2,
      batchUnits = 2 ** 19,
      saveEvery = 10,
      signal,
      onProgress,
    } = this.#options;
    const pool = new TokenizePool(tokenizer, workers);
    const queue: { batch: DocumentBatch; encoded: Promise<EncodedTexts> }[] = [];
    let allRead = false;
    let saved = performance.now();
    let shards = this.#shardCount();
    try {
      // The first save shows at once whether the folder can be written.
      if (this.#sequence === 0) this.#save(this.#stream.cursor());
      while (!this.#isFull()) {
        while (!allRead && queue.length < workers + 2) {
          const batch = await readBatch(this.#stream, this.#seen, {
            heldoutShare: this.#request.heldout_share,
            batchUnits,
            wanted: (isHeldOut) => !(isHeldOut ? this.#heldout : this.#train).isFull,
          });
          const encoded = pool.encode(batch.texts);
          // It is awaited in its turn; until then a rejection is not yet anybody's.
          encoded.catch(() => {});
          queue.push({ batch, encoded });
          allRead = batch.isLast;
        }
        const first = queue.shift();
        if (first === undefined) break;
        this.#consume(first.batch, await first.encoded);
        onProgress?.({
          documents: this.#counts.read,
          bytes: this.#train.bytes + this.#heldout.bytes,
          trainTokens: this.#train.tokens,
          heldoutTokens: this.#heldout.tokens,
        });
        const due = performance.now() - saved > saveEvery * 1000 || this.#shardCount() > shards;
        if (due || signal?.aborted === true) {
          this.#save(first.batch.cursor);
          saved = performance.now();
          shards = this.#shardCount();
        }
        signal?.throwIfAborted();
        await setImmediate();
      }
    } finally {
      await pool.close();
    }
    return this.#finish();
  }

  #isFull(): boolean {
    return this.#train.isFull && (this.#heldout.isFull || this.#request.heldout_share === 0);
  }

  #shardCount(): number {
    return this.#train.writer.shards.length + this.#heldout.writer.shards.length;
  }

  #consume(batch: DocumentBatch, { ids, ends }: EncodedTexts): void {
    for (const entry of batch.entries) {
      if (this.#isFull()) return;
      this.#counts.read++;
      if (entry.verdict === "invalid UTF-8") {
        this.#counts.skipped_utf8++;
        continue;
      }
      if (entry.verdict === "duplicate") {
        this.#counts.duplicates++;
        continue;
      }
      this.#newKeys.push(entry.key);
      if (entry.repaired) this.#counts.repaired_utf8++;
      const builder = entry.isHeldOut ? this.#heldout : this.#train;
      if (builder.isFull) continue;
      const at = entry.text;
      const own = at === undefined ? entry.ids! : ids.subarray(at === 0 ? 0 : ends[at - 1], ends[at]);
      const bytes = entry.bytes ?? own.reduce((sum, id) => sum + this.#tokenBytes[id]!, 0);
      if (own.length === 0) this.#counts.empty++;
      else builder.add(own, entry.kind, bytes);
    }
  }

  #save(cursor: unknown): void {
    this.#seenCount += this.#newKeys.length;
    this.#sequence++;
    const builders = { train: this.#train, heldout: this.#heldout };
    const state = { request: this.#request, sequence: this.#sequence, cursor, documents: this.#counts };
    saveProgress(this.#options.folder, { ...state, seen: this.#seenCount }, builders, this.#newKeys);
    this.#newKeys = [];
  }

  #finish(): TokenManifest {
    const { folder, tokenizer } = this.#options;
    const manifest: TokenManifest = {
      format: 1,
      request: this.#request,
      dtype: tokenizer.vocabSize <= 65536 ? "u16" : "u32",
      vocab_size: tokenizer.vocabSize,
      bos_token_id: tokenizer.bosId,
      packing: packingRule,
      held_out: heldOutRule,
      invalid_utf8: invalidUtf8Rule,
      exhausted: !this.#isFull(),
      documents: this.#counts,
      train: this.#train.finish(),
      heldout: this.#heldout.finish(),
    };
    writeJson(join(folder, heldoutKindsName), this.#heldout.heldoutKinds());
    writeDocumentStarts(folder, { train: this.#train.starts, heldout: this.#heldout.starts });
    writeJson(join(folder, manifestName), manifest);
    removeProgress(folder);
    return manifest;
  }
}

/** UTF-8 bytes that each id stands for; the separator stands for none. */
function bytesOfTokens(tokenizer: Tokenizer): Int32Array {
  const length = (id: number) =>
    tokenizer.tokenBytes(id)?.length ?? Buffer.byteLength(tokenizer.tokenText(id));
  const bytes = Int32Array.from({ length: tokenizer.vocabSize }, (_, id) => length(id));
  bytes[tokenizer.bosId] = 0;
  return bytes;
}
