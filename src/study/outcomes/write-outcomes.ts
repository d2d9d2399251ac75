/** trials.json, trials.csv and trials.parquet of a study. */

import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { writeAtomic, writeJson } from "../../files/atomic.ts";
import { versions } from "../../version.ts";
import type { StudyOutcomes } from "./outcome.ts";
import { type Column, csvText, wideTable } from "./table.ts";

/** @returns paths of the files. @throws Failure when one cannot be written */
export function writeOutcomes(folder: string, outcomes: StudyOutcomes): string[] {
  const columns = wideTable(outcomes);
  const [json, csv, parquet] = ["trials.json", "trials.csv", "trials.parquet"].map((name) =>
    join(folder, name),
  );
  writeJson(json!, outcomes);
  writeAtomic(csv!, csvText(columns));
  writeAtomic(parquet!, parquetBytes(columns, outcomes.title));
  return [json!, csv!, parquet!];
}

function parquetBytes(columns: readonly Column[], title: string): Uint8Array {
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, type, cells }) => ({
      name,
      type,
      nullable: true,
      data: cells.map((cell) => (cell === null || type !== "STRING" ? cell : String(cell))),
    })),
    kvMetadata: [{ key: "title", value: title }],
    createdBy: `monosemantic ${versions.monosemantic}`,
  });
  return new Uint8Array(buffer);
}
