/**
 * `manifest.json` of a folder of token shards: what text, with which tokenizer, by which rules, and the checksums that
 * tell a damaged shard. It holds no dates and no machine's paths beyond the sources as they were named, so the same
 * request over the same text gives the same bytes.
 */

import { join } from "node:path";
import { z } from "zod";
import { Failure, messageOf } from "../errors.ts";
import { readTextIfThere } from "../files/read.ts";

const count = z.number().int().nonnegative();

const shard = z.object({
  file: z.string().regex(/^[a-z]+-\d{5,}\.u(16|32)$/),
  contexts: count,
  sha256: z.string(),
});

const split = z.object({
  /** Documents of which at least a part was used, and their UTF-8 bytes (for documents of ids: of the ids' text). */
  documents: count,
  bytes: count,
  contexts: count,
  /** contexts × context length, the leading separators included. */
  tokens: count,
  /** Tokens of the last, incomplete context. */
  dropped_tokens: count,
  /** Documents, bytes and tokens by kind of text, in the order in which the kinds were met. */
  kinds: z.array(z.object({ kind: z.string(), documents: count, bytes: count, tokens: count })),
  shards: z.array(shard),
});

const schema = z.object({
  format: z.literal(1),
  /** What was asked for; another request refuses to write into the same folder. */
  request: z.object({
    sources: z.array(z.string()),
    source_fingerprint: z.string(),
    tokenizer_sha256: z.string(),
    context: count.min(2),
    heldout_share: z.number(),
    max_tokens: count.nullable(),
    max_heldout_tokens: count.nullable(),
    shard_tokens: count,
    /** Of a slice of the text (slices.ts): which one. The maxima are those of all slices together. */
    slice: z.object({ index: count, of: count.min(1) }).optional(),
    /** Of joined slices: how many there were. */
    slices: count.min(1).optional(),
  }),
  dtype: z.enum(["u16", "u32"]),
  vocab_size: count,
  bos_token_id: count,
  /** The rules by which contexts were made of documents, in words. */
  packing: z.string(),
  held_out: z.string(),
  invalid_utf8: z.string().optional(),
  /** Whether the sources were read to their end; otherwise the maximum was reached. */
  exhausted: z.boolean(),
  documents: z.object({
    read: count,
    duplicates: count,
    /** Documents that gave no tokens. */
    empty: count,
    /** Kept with U+FFFD in place of bytes that are no UTF-8, and left out because there were too many of them. */
    repaired_utf8: count,
    skipped_utf8: count,
  }),
  train: split,
  heldout: split,
});

export type TokenManifest = z.infer<typeof schema>;
export type SplitSummary = z.infer<typeof split>;
export type KindCounts = SplitSummary["kinds"][number];
export type ShardSummary = z.infer<typeof shard>;
export type TokenRequest = TokenManifest["request"];

export const manifestName = "manifest.json";

/**
 * The manifest in `folder`, `undefined` when there is none.
 * @throws Failure when it cannot be read or is no manifest of token shards
 */
export function readManifest(folder: string): TokenManifest | undefined {
  const path = join(folder, manifestName);
  const text = readTextIfThere(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Failure(`${path} is not JSON: ${messageOf(error)}; delete the folder and tokenise again`, {
      cause: error,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [problem] = parsed.error.issues;
  throw new Failure(
    `${path} is no manifest of token shards: ${problem?.path.join(".")}: ${problem?.message}`,
  );
}
