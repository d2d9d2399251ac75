/** JSON Lines as documents: one JSON object a line, one of its columns the text. Plain, gzip or Zstandard. */

import { Failure, messageOf } from "../errors.ts";
import { type ByteFile, readBytes } from "./decompress.ts";
import type { TextDocument } from "./document.ts";
import { type RecordColumns, kindOfRecord, missingColumn, stemOf } from "./records.ts";
import { decodeUtf8, wellFormed } from "./utf8.ts";

const longestLine = 256 * 1024 * 1024;

/** @throws Failure naming file and line for what is no JSON object or has no text */
export async function* jsonlDocuments(file: ByteFile, columns: RecordColumns): AsyncGenerator<TextDocument> {
  let number = 0;
  for await (const line of lines(file)) {
    number++;
    const { text: json, replaced } = decodeUtf8(line);
    if (json.trim() === "") continue;
    yield parseLine(json, replaced, `${file.name}:${number}`, columns, stemOf(file.name));
  }
}

function parseLine(
  json: string,
  replaced: number,
  name: string,
  columns: RecordColumns,
  stem: string,
): TextDocument {
  let record: unknown;
  try {
    record = JSON.parse(json);
  } catch (error) {
    throw new Failure(`${name} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    throw new Failure(`${name} is not a JSON object with named columns: each line must be one`);
  }
  const { textColumn = "text" } = columns;
  if (!Object.hasOwn(record, textColumn)) throw missingColumn(name, textColumn, Object.keys(record));
  const value = (record as Record<string, unknown>)[textColumn] ?? "";
  if (typeof value !== "string") {
    throw new Failure(
      `${name}: column "${textColumn}" holds ${JSON.stringify(value).slice(0, 40)}, not text`,
    );
  }
  const text = wellFormed(value);
  const broken = replaced + text.replaced;
  const document = { name, kind: kindOfRecord(record, columns, stem), text: text.text };
  return broken > 0 ? { ...document, replaced: broken } : document;
}

/** The lines of the file as bytes, without their ends. */
async function* lines(file: ByteFile): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of readBytes(file)) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const rest = chunk.subarray(start, end);
      yield parts.length === 0 ? rest : Buffer.concat([...parts, rest]);
      parts = [];
      held = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    held += chunk.length - start;
    if (held > longestLine) {
      throw new Failure(
        `${file.name} has a line of more than 256 MiB: it is no JSON Lines file, one record a line`,
      );
    }
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}
