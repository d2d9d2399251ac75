/**
 * A run as a folder that opens without a server: the page, its two files, and everything that is stored of the run in chunks
 * (static-data.ts). index.html is written last: a folder without it is an export that was interrupted.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { deflateRawSync } from "node:zlib";
import { Failure, UsageError } from "../errors.ts";
import type { AnalysisRecord } from "../features/records.ts";
import type { UnitKind } from "../features/units.ts";
import { writeAtomic, writeFailure } from "../files/atomic.ts";
import type { RunHooks } from "../run/request.ts";
import type { Store } from "../store/store.ts";
import { unitPage } from "./answers.ts";
import type { ExplanationPage, ListQuery, RunSummary, UnitPage, UnitRow } from "./api.ts";
import { explanationPage } from "./explanation-page.ts";
import { loadPage, SCRIPT, STYLE } from "./page-build.ts";
import { pageShell } from "./page-shell.ts";
import { ratingResults } from "./rating-results.ts";
import { Explored } from "./server/explored.ts";
import { shownInterpretations } from "./server/interpretation-routes.ts";
import { RunCatalogue } from "./server/run-catalogue.ts";
import {
  CHUNK_FUNCTION,
  DATA_FOLDER,
  EXPLANATIONS_PER_CHUNK,
  MODE_ATTRIBUTE,
  packRows,
  type StaticPlace,
  staticPlace,
  UNITS_PER_CHUNK,
} from "./static-data.ts";

export interface HtmlExportRequest {
  readonly run: string;
  /** New, empty, or an earlier export, which is replaced. */
  readonly folder: string;
  /** Names of dictionaries; all unless given. */
  readonly saes?: readonly string[] | undefined;
}

export interface HtmlExport {
  /** The file to open. */
  readonly index: string;
  readonly units: number;
  readonly bytes: number;
}

const INDEX = "index.html";

const NOT_LIVE =
  "An exported page has no model: open the run with `monosemantic explore` to compute anything.";

/**
 * @throws UsageError for a folder that holds something else, or names of dictionaries that are not there; Failure when run.json or
 * the analysis is damaged, and as the parts do
 */
export async function exportHtml(request: HtmlExportRequest, hooks: RunHooks = {}): Promise<HtmlExport> {
  const folder = resolve(request.folder);
  const catalogue = new RunCatalogue([request.run]);
  const [run, another] = catalogue.runs();
  if (run === undefined || another !== undefined) {
    throw new UsageError(`${request.run} holds several runs: export one of them at a time`);
  }
  const explored = new Explored(catalogue, () => ({ possible: false, reason: NOT_LIVE }));
  try {
    // A page shows what is left of a damaged run; an export that left something out would be taken for all of it.
    run.record();
    explored.store(run).readIfThere()?.analyses();
    const summary = chosen(explored.summaries()[0]!, request);
    const page = await loadPage();
    clear(folder, request.folder);
    const writer = new ChunkWriter(folder);
    writer.answer("/api/runs", [summary]);
    const address = `/api/runs/${encodeURIComponent(run.id)}`;
    writer.answer(`${address}/curves`, run.curves(-1));
    const { saes } = run.quality();
    const names = new Set(summary.saes.map(({ name }) => name));
    writer.answer(`${address}/quality`, { saes: saes.filter(({ name }) => names.has(name)) });
    let units = 0;
    for (const { name, analyses } of summary.saes) {
      const explanations: ExplanationSet = { stand: [], all: [] };
      for (const record of analyses) {
        const store = explored.analysed(run.id, name).store;
        await exportUnits(writer, store, { address, name, record }, explanations, hooks);
        units += record.count;
      }
      const below = `${address}/${encodeURIComponent(name)}`;
      writer.answer(`${below}/interpretations`, shownInterpretations(run.interpretations(name)));
      if (analyses.length === 0) continue;
      const { store } = explored.analysed(run.id, name);
      writer.answer(`${below}/ratings`, ratingResults(store, name));
      await exportExplanations(writer, store, { below, name, explanations }, hooks);
    }
    writer.text(SCRIPT, page.script);
    writer.text(STYLE, page.style);
    const title = `${run.name} · monosemantic`;
    const shell = pageShell({ mode: "export", title, script: `./${SCRIPT}`, style: `./${STYLE}` });
    writeAtomic(join(folder, INDEX), shell);
    return { index: join(folder, INDEX), units, bytes: writer.bytes + shell.length };
  } finally {
    explored.close();
  }
}

interface UnitSet {
  /** Of the run. */
  readonly address: string;
  readonly name: string;
  readonly record: AnalysisRecord;
}

async function exportUnits(
  writer: ChunkWriter,
  store: Store,
  { address, name, record: { kind, count } }: UnitSet,
  explanations: ExplanationSet,
  { onPhase, onProgress, signal }: RunHooks,
): Promise<void> {
  const below = `${address}/${encodeURIComponent(name)}`;
  onPhase?.(`exporting the ${kind}s of ${name}`, count, `${kind}s`);
  writer.answer(`${below}/units?kind=${kind}`, packRows(allRows(store, name, kind)));
  if (kind === "feature") writer.answer(`${below}/map`, store.map(name, kind));
  for (let first = 0; first < count; first += UNITS_PER_CHUNK) {
    signal?.throwIfAborted();
    const pages = new Map<string, UnitPage>();
    for (let index = first; index < Math.min(count, first + UNITS_PER_CHUNK); index++) {
      const page = unitPage(store, name, kind, index);
      if (page === undefined) {
        throw new Failure(
          `the analysis in ${store.path} was replaced while it was exported: give the command again`,
        );
      }
      pages.set(`${below}/units/${kind}/${index}`, page);
      explanations.all.push(...page.explanations.map(({ id }) => id));
      const stands = page.explanations.find(({ author }) => author !== "person");
      if (stands !== undefined) explanations.stand.push(stands.id);
    }
    writer.answers(pages);
    onProgress?.(Math.min(count, first + UNITS_PER_CHUNK));
    await setImmediate();
  }
}

/** Numbers of a dictionary's explanations. */
interface ExplanationSet {
  /** Those that stand for their units. With the text that they were scored on, all of them would be several times as much. */
  readonly stand: number[];
  readonly all: number[];
}

async function exportExplanations(
  writer: ChunkWriter,
  store: Store,
  { below, name, explanations }: { below: string; name: string; explanations: ExplanationSet },
  { onPhase, onProgress, signal }: RunHooks,
): Promise<void> {
  const chunkOf = (id: number) => Math.floor(id / EXPLANATIONS_PER_CHUNK);
  const standing = Map.groupBy(explanations.stand, chunkOf);
  onPhase?.(`exporting what stands for the units of ${name}`, explanations.stand.length, "explanations");
  let done = 0;
  for (const chunk of new Set(explanations.all.map(chunkOf))) {
    signal?.throwIfAborted();
    const pages = new Map<string, ExplanationPage>();
    for (const id of standing.get(chunk) ?? []) {
      const page = explanationPage(store, name, id);
      if (page !== undefined) pages.set(`${below}/explanations/${id}`, page);
    }
    writer.chunk(`${below}/explanations/${chunk * EXPLANATIONS_PER_CHUNK}`, pages);
    onProgress?.((done += pages.size));
    await setImmediate();
  }
}

/** Rows of one page of the list. */
const ROWS = 1000;

function allRows(store: Store, sae: string, kind: UnitKind): UnitRow[] {
  const query: ListQuery = {
    kind,
    q: "",
    sort: "index",
    descending: false,
    offset: 0,
    limit: ROWS,
    minDensity: null,
    maxDensity: null,
    minMax: null,
    minScore: null,
    filter: "all",
  };
  const rows: UnitRow[] = [];
  for (;;) {
    const part = store.list(sae, { ...query, offset: rows.length });
    rows.push(...part.rows);
    if (part.rows.length < ROWS) return rows;
  }
}

/** Puts answers where the page will look for them. */
class ChunkWriter {
  readonly #folder: string;
  bytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  answer(path: string, value: unknown): void {
    this.answers(new Map([[path, value]]));
  }

  /** Answers that lie in one chunk, of which there has to be one. */
  answers(answers: ReadonlyMap<string, unknown>): void {
    const [first] = answers.keys();
    if (first === undefined) throw new Error("a chunk without an answer");
    this.chunk(first, answers);
  }

  /** Answers that lie in the chunk of `path`; there may be none. */
  chunk(path: string, answers: ReadonlyMap<string, unknown>): void {
    const { file } = placeOf(path);
    const values: Record<string, unknown> = {};
    for (const [answered, value] of answers) {
      const place = placeOf(answered);
      if (place.file !== file) throw new Error(`${answered} is not in the chunk of ${path}`);
      values[place.key] = value;
    }
    const packed = deflateRawSync(JSON.stringify(values)).toString("base64");
    this.text(`${DATA_FOLDER}/${file}`, `${CHUNK_FUNCTION}(${JSON.stringify(file)},"${packed}")\n`);
  }

  /** Not flushed one by one, which would take longer than all the rest: the folder is finished when index.html is there. */
  text(file: string, text: string): void {
    const path = join(this.#folder, file);
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    } catch (error) {
      throw writeFailure(path, error);
    }
    this.bytes += Buffer.byteLength(text);
  }
}

function placeOf(path: string): StaticPlace {
  const place = staticPlace(path);
  if (place === null) throw new Error(`an export has no place for ${path}`);
  return place;
}

function chosen(summary: RunSummary, { run, saes }: HtmlExportRequest): RunSummary {
  if (saes === undefined) return summary;
  const names = summary.saes.map(({ name }) => name);
  const unknown = saes.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`${run} has no dictionary "${unknown}": it has ${names.join(", ")}`);
  }
  return { ...summary, saes: summary.saes.filter(({ name }) => saes.includes(name)) };
}

/** Makes room. Only what an earlier export left is removed. */
function clear(folder: string, asked: string): void {
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new UsageError(`${asked} is a file, expected a folder for the export`);
  }
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const own = new Set([INDEX, SCRIPT, STYLE, DATA_FOLDER]);
  const index = join(folder, INDEX);
  const isForeign =
    names.some((name) => !own.has(name)) ||
    (existsSync(index) && !readFileSync(index, "utf8").includes(`${MODE_ATTRIBUTE}="export"`));
  if (isForeign) {
    throw new UsageError(
      `${asked} is not an empty folder, nor an earlier export: give a new one, so that nothing is overwritten`,
    );
  }
  try {
    // The page first: what is left after an interruption is no export.
    rmSync(index, { force: true });
    rmSync(join(folder, DATA_FOLDER), { recursive: true, force: true });
  } catch (error) {
    throw writeFailure(folder, error);
  }
}
