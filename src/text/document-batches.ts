/**
 * Reads documents into batches ready for tokenising: hashed, copies recognised, sides decided. What happens here depends
 * only on the documents and their order.
 */

import type { DocumentStream, SourceDocument } from "./document.ts";
import { documentHash } from "./hash.ts";
import { type SeenDocuments, documentKey } from "./seen-documents.ts";
import { isHeldOut } from "./split.ts";

const batchDocuments = 4096;

/** Of a text with more invalid characters than this share, too little is text. */
const mostReplaced = 0.01;

/** The rule in words. */
export const invalidUtf8Rule =
  "bytes that are no UTF-8 become U+FFFD; a document in which more than 1 % of the characters are such is left out";

export type Verdict = "use" | "duplicate" | "invalid UTF-8";

export interface BatchEntry {
  readonly verdict: Verdict;
  readonly isHeldOut: boolean;
  readonly key: number;
  readonly kind: string;
  readonly repaired: boolean;
  /** UTF-8 bytes of the text; of documents of ids unknown here. */
  readonly bytes: number | undefined;
  /** Where the text is in `texts`; absent for documents of ids and for those that are not used. */
  readonly text?: number;
  readonly ids?: Int32Array;
}

export interface DocumentBatch {
  readonly entries: readonly BatchEntry[];
  readonly texts: readonly string[];
  /** The stream's place behind the batch. */
  readonly cursor: unknown;
  readonly isLast: boolean;
}

export interface BatchOptions {
  readonly heldoutShare: number;
  /** Texts are gathered to about this many UTF-16 units. */
  readonly batchUnits: number;
  /** Whether text for the held-out (true) or training (false) side is still needed; what is not is not sent on. */
  readonly wanted: (isHeldOut: boolean) => boolean;
}

/** The next batch of `stream`. */
export async function readBatch(
  stream: DocumentStream,
  seen: SeenDocuments,
  { heldoutShare, batchUnits, wanted }: BatchOptions,
): Promise<DocumentBatch> {
  const entries: BatchEntry[] = [];
  const texts: string[] = [];
  let units = 0;
  let isLast = false;
  while (units < batchUnits && entries.length < batchDocuments) {
    const document = await stream.next();
    if (document === undefined) {
      isLast = true;
      break;
    }
    const judged = judge(document, seen, heldoutShare);
    units += "text" in document ? document.text.length : document.ids.length;
    if (judged.verdict !== "use" || !wanted(judged.isHeldOut)) entries.push(judged);
    else if ("ids" in document) entries.push({ ...judged, ids: document.ids });
    else entries.push({ ...judged, text: texts.push(document.text) - 1 });
  }
  return { entries, texts, cursor: stream.cursor(), isLast };
}

function judge(document: SourceDocument, seen: SeenDocuments, heldoutShare: number): BatchEntry {
  const { kind } = document;
  const isText = "text" in document;
  const replaced = isText ? (document.replaced ?? 0) : 0;
  const hash = documentHash(document);
  const judged = {
    isHeldOut: isHeldOut(hash, heldoutShare),
    key: documentKey(hash),
    kind,
    repaired: replaced > 0,
    bytes: isText ? Buffer.byteLength(document.text) : undefined,
  };
  if (isText && replaced > mostReplaced * document.text.length)
    return { ...judged, verdict: "invalid UTF-8" };
  return { ...judged, verdict: seen.add(judged.key) ? "use" : "duplicate" };
}
