/**
 * Parquet as documents, one row group in memory at a time. Either a column of text, or a column of token ids that were
 * made beforehand; ids that the model cannot have are refused, since they came from another tokenizer.
 */

import {
  type FileMetaData,
  type SchemaTree,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { Failure, messageOf } from "../errors.ts";
import type { ByteFile } from "./decompress.ts";
import type { SourceDocument } from "./document.ts";
import { type RecordColumns, kindOfRecord, kindRoots, missingColumn, stemOf } from "./records.ts";
import { countReplacements, wellFormed } from "./utf8.ts";

/** Names under which datasets keep token ids, tried when there is no text column. */
const usualTokenColumns = ["input_ids", "tokens", "token_ids"];

export interface ParquetReading extends RecordColumns {
  /** The model's tokenizer, against which ids are checked; without it columns of ids are refused. */
  readonly tokenizer?: { readonly vocabSize: number; readonly hash: string };
}

/**
 * @param skip rows to pass over; whole row groups of them are not even read
 * @throws Failure when the file is damaged, lacks the column, or holds ids of another vocabulary
 */
export async function* parquetDocuments(
  file: ByteFile,
  reading: ParquetReading,
  skip = 0,
): AsyncGenerator<SourceDocument> {
  const metadata = await readable(file, () => parquetMetadataAsync(file));
  const schema = parquetSchema(metadata);
  const { column, isTokens } = chooseColumn(file.name, schema, reading);
  if (isTokens) checkStatedVocabulary(file.name, metadata, reading);
  const kinds = kindRoots(reading).filter((name) => name !== column && hasColumn(schema, name));
  const columns = [column, ...kinds];
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    const groupEnd = groupStart + Number(group.num_rows);
    const rowStart = Math.max(groupStart, skip);
    if (rowStart < groupEnd) {
      const options = { file, metadata, columns, compressors, rowStart, rowEnd: groupEnd };
      const rows = await readable(file, () => parquetReadObjects(options));
      for (const [i, row] of rows.entries()) {
        const name = `${file.name}#${rowStart + i}`;
        const kind = kindOfRecord(row, reading, stemOf(file.name));
        yield isTokens
          ? { name, kind, ids: checkedIds(name, column, row[column], reading) }
          : { kind, ...rowText(name, column, row[column]) };
      }
    }
    groupStart = groupEnd;
  }
}

async function readable<T>(file: ByteFile, read: () => Promise<T>): Promise<T> {
  if (file.byteLength < 12) throw new Failure(`${file.name} is too short for a Parquet file: fetch it again`);
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${file.name} is no Parquet file, or is damaged or cut short: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function chooseColumn(
  name: string,
  schema: SchemaTree,
  { textColumn, tokensColumn }: ParquetReading,
): { column: string; isTokens: boolean } {
  const columns = schema.children.map((child) => child.element.name);
  const wanted = tokensColumn ?? textColumn;
  if (wanted !== undefined) {
    if (!columns.includes(wanted)) throw missingColumn(name, wanted, columns);
    return { column: wanted, isTokens: tokensColumn !== undefined };
  }
  if (columns.includes("text")) return { column: "text", isTokens: false };
  const tokens = usualTokenColumns.find((column) => columns.includes(column));
  if (tokens === undefined) throw missingColumn(name, "text", columns);
  return { column: tokens, isTokens: true };
}

function hasColumn(schema: SchemaTree, name: string): boolean {
  return schema.children.some((child) => child.element.name === name);
}

/** Some writers say with which tokenizer the ids were made; when that is another one, the ids mean something else. */
function checkStatedVocabulary(name: string, metadata: FileMetaData, { tokenizer }: ParquetReading): void {
  if (tokenizer === undefined)
    throw new Failure(`${name} holds token ids: they can only be read for a model`);
  const stated = new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value]));
  const size = stated.get("vocab_size");
  if (size !== undefined && Number(size) !== tokenizer.vocabSize) {
    throw new Failure(
      `${name} was tokenised with a vocabulary of ${size}, the model's has ${tokenizer.vocabSize}: ` +
        "use the text, or a dataset made with the model's tokenizer",
    );
  }
  const hash = stated.get("tokenizer_sha256");
  if (hash !== undefined && hash !== tokenizer.hash) {
    throw new Failure(
      `${name} was tokenised with another tokenizer.json than the model's: use the text instead`,
    );
  }
}

function rowText(
  name: string,
  column: string,
  value: unknown,
): { name: string; text: string; replaced?: number } {
  if (value === null || value === undefined) return { name, text: "" };
  if (typeof value !== "string") {
    throw new Failure(`${name}: column "${column}" holds ${describe(value)}, not text`);
  }
  const { text } = wellFormed(value);
  const replaced = countReplacements(text);
  return replaced > 0 ? { name, text, replaced } : { name, text };
}

function checkedIds(name: string, column: string, value: unknown, { tokenizer }: ParquetReading): Int32Array {
  if (value === null || value === undefined) return new Int32Array(0);
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) {
    throw new Failure(`${name}: column "${column}" holds ${describe(value)}, not a list of token ids`);
  }
  const vocabSize = tokenizer!.vocabSize;
  return Int32Array.from(value as ArrayLike<number | bigint>, (item) => {
    const id = Number(item);
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) return id;
    throw new Failure(
      `${name}: column "${column}" holds the id ${item}, the model's tokenizer has 0 to ${vocabSize - 1}: ` +
        "it was made with another tokenizer; use the text instead",
    );
  });
}

function describe(value: unknown): string {
  return Array.isArray(value) || ArrayBuffer.isView(value) ? "a list" : `a ${typeof value}`;
}
