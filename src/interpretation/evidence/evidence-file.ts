/**
 * What a pass over the text found, kept for a job that is stopped and gone on with: reading it again takes minutes where the model is large.
 *
 * The file says what it belongs to and carries a checksum of every number in it. One that is damaged, of another version or of other work
 * is as good as none: its evidence is read anew, for a wrong number in it would be explained and scored in silence.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { Failure } from "../../errors.ts";
import { openSafetensors, type SafetensorsFile } from "../../files/safetensors.ts";
import { type WritableTensor, writeSafetensors } from "../../files/safetensors-write.ts";
import { READING_ORDER } from "../../features/pass/contexts-to-read.ts";
import { type Column, joined, type Passage } from "./passage.ts";
import type { SetEvidence } from "./read-evidence.ts";

const FORMAT = "1";

/**
 * Replaces `path`.
 * @param fingerprint of the model, the text, the units and whatever else the evidence follows from
 * @throws Failure when it cannot be written
 */
export function writeEvidence(path: string, sets: readonly SetEvidence[], fingerprint: string): void {
  const passages = [...new Set(sets.map(({ passage }) => passage))];
  const tensors: Record<string, Int32Array | Float32Array> = {};
  for (const [i, { tokens, starts, documents, sides, places }] of passages.entries()) {
    tensors[`passage-${i}.tokens`] = tokens;
    tensors[`passage-${i}.starts`] = starts;
    tensors[`passage-${i}.documents`] = documents;
    tensors[`passage-${i}.sides`] = Int32Array.from(sides);
    if (places === null) continue;
    tensors[`passage-${i}.splits`] = Int32Array.from(places, ({ split }) => READING_ORDER.indexOf(split));
    tensors[`passage-${i}.contexts`] = Int32Array.from(places, ({ context }) => context);
  }
  for (const [i, { passage, columns }] of sets.entries()) {
    const { rows, values } = joined(columns);
    tensors[`set-${i}.passage`] = Int32Array.of(passages.indexOf(passage));
    tensors[`set-${i}.counts`] = Int32Array.from(columns, (column) => column.rows.length);
    tensors[`set-${i}.rows`] = new Int32Array(rows.buffer);
    tensors[`set-${i}.values`] = values;
  }
  const shaped = Object.entries(tensors).map(([name, data]): [string, WritableTensor] => [
    name,
    { dims: [data.length], data },
  ]);
  const notes = { format: FORMAT, fingerprint, sets: String(sets.length) };
  writeSafetensors(path, Object.fromEntries(shaped), { ...notes, sha256: digest(notes, tensors) });
}

/** The evidence in `path`; undefined when there is none that is whole and of this fingerprint. */
export function openEvidence(
  path: string,
  fingerprint: string,
  tokenText: (id: number) => string,
): SetEvidence[] | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const file = openSafetensors(path);
    try {
      const { sha256, ...notes } = file.metadata;
      if (notes["format"] !== FORMAT || notes["fingerprint"] !== fingerprint) return undefined;
      const tensors = tensorsOf(file);
      if (digest(notes, tensors) !== sha256) return undefined;
      return evidenceOf(tensors, Number(notes["sets"]), tokenText);
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

type Tensors = Readonly<Record<string, Int32Array | Float32Array>>;

function tensorsOf(file: SafetensorsFile): Tensors {
  return Object.fromEntries(
    file.names.map((name) => [
      name,
      file.info(name).dtype === "F32" ? file.readFloats(name) : file.readInts(name),
    ]),
  );
}

function evidenceOf(tensors: Tensors, sets: number, tokenText: (id: number) => string): SetEvidence[] {
  const ints = (name: string) => tensors[name] as Int32Array;
  const passages = new Map<number, Passage>();
  const passageOf = (i: number): Passage => {
    const of = (part: string) => ints(`passage-${i}.${part}`);
    const contexts = tensors[`passage-${i}.contexts`];
    const passage = passages.get(i) ?? {
      tokens: of("tokens"),
      starts: of("starts"),
      documents: of("documents"),
      sides: Uint8Array.from(of("sides")),
      places: contexts
        ? Array.from(contexts, (context, at) => ({ split: READING_ORDER[of("splits")[at]!]!, context }))
        : null,
      tokenText,
    };
    passages.set(i, passage);
    return passage;
  };
  return Array.from({ length: sets }, (_, i) => {
    const rows = ints(`set-${i}.rows`);
    const values = tensors[`set-${i}.values`] as Float32Array;
    const columns: Column[] = [];
    let at = 0;
    for (const count of ints(`set-${i}.counts`)) {
      columns.push({
        rows: new Uint32Array(rows.buffer, rows.byteOffset + 4 * at, count),
        values: values.subarray(at, at + count),
      });
      at += count;
    }
    return { passage: passageOf(ints(`set-${i}.passage`)[0]!), columns };
  });
}

/** Of every note, name, type and number, whatever their order in the file. */
function digest(notes: Readonly<Record<string, string>>, tensors: Tensors): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(notes).sort()) hash.update(`${JSON.stringify([name, notes[name]])}\n`);
  for (const name of Object.keys(tensors).sort()) {
    const data = tensors[name]!;
    hash.update(`${JSON.stringify([name, data.length, data instanceof Float32Array])}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
