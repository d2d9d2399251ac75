/** What a store survives: kill -9 anywhere, a full disk, other processes at the same file, damage. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Failure } from "../../src/errors.ts";
import { connect, FORMAT } from "../../src/store/schema.ts";
import { SqliteStore } from "../../src/store/sqlite-store.ts";
import { openStore } from "../../src/store/store.ts";
import { analysisOf, contextsOf, queryOf, textOf, unitOf, writeAnalysis } from "./synthetic.ts";

let folder: string;
let made: string;
const shape = { count: 300, seed: 1 };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "store-"));
  made = join(folder, "made.sqlite");
  const store = openStore(made);
  writeAnalysis(store, "sae", shape, { finished: "seed 1" });
  store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function copyOf(name: string): string {
  const path = join(folder, `${name}.sqlite`);
  copyFileSync(made, path);
  return path;
}

function child(...args: string[]): ChildProcess {
  const script = fileURLToPath(new URL("child.ts", import.meta.url));
  return spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

async function ends(process: ChildProcess): Promise<number | null> {
  if (process.exitCode === null && process.signalCode === null) await once(process, "exit");
  return process.exitCode;
}

/** All that was stored of one seed is there, and nothing of another. */
function expectWhole(path: string, seed: number): void {
  const store = openStore(path, { readonly: true });
  const expected = { ...shape, seed };
  expect(store.analyses().map(({ record }) => record.finished)).toEqual([`seed ${seed}`]);
  for (let index = 0; index < shape.count; index += 37) {
    expect(store.unit("sae", "feature", index)!.record).toEqual(unitOf(index, expected));
  }
  const places = contextsOf(expected);
  expect(store.contexts("sae", "feature", places)).toEqual(places);
  expect(store.list("sae", queryOf()).total).toBe(shape.count);
  store.close();
}

describe("kill -9", () => {
  test("at any time leaves a whole analysis, and the next one is written as if nothing had been", async () => {
    const path = copyOf("killed");
    let committed = 1;
    for (let round = 0; round < 4; round++) {
      const writer = child("write", path, String(committed + 1), String(shape.count));
      let output = "";
      writer.stdout!.on("data", (chunk: Buffer) => (output += chunk.toString()));
      while (output === "") await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 11 * round));
      writer.kill("SIGKILL");
      await ends(writer);
      const said = Number(output.trim().split("\n").at(-1));
      const store = openStore(path, { readonly: true });
      // It may have died between the commit and the line.
      const seed = Number(store.analyses()[0]!.record.finished.slice("seed ".length));
      store.close();
      expect([said, said + 1]).toContain(seed);
      expectWhole(path, seed);
      committed = seed;
    }
    const store = openStore(path);
    writeAnalysis(store, "sae", { ...shape, seed: 99 }, { finished: "seed 99" });
    store.close();
    expectWhole(path, 99);
    expect(rowsOf(path, "analysis")).toBe(1);
    expect(rowsOf(path, "detail")).toBe(shape.count);
  });

  test("within a transaction is undone by the next reader", async () => {
    const path = copyOf("hot");
    const dying = child("die", path);
    await ends(dying);
    expect(dying.signalCode).toBe("SIGKILL");
    expect(readFileSync(path).equals(readFileSync(made))).toBe(false);
    expect(existsSync(`${path}-journal`)).toBe(true);
    expectWhole(path, 1);
    expect(existsSync(`${path}-journal`)).toBe(false);
  });

  test("within a transaction is undone by a reader that was open before", async () => {
    const path = copyOf("hot-open");
    const reader = openStore(path, { readonly: true });
    const before = reader.list("sae", queryOf({ sort: "max" }));
    await ends(child("die", path));
    expect(reader.list("sae", queryOf({ sort: "max" }))).toEqual(before);
    expect(reader.unit("sae", "feature", 3)!.record).toEqual(unitOf(3, shape));
    reader.close();
  });
});

function rowsOf(path: string, table: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const { n } = database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };
  database.close();
  return n;
}

describe("several at once", () => {
  test("processes that write, label and read do not disturb each other", async () => {
    const path = copyOf("several");
    const writer = child("write", path, "2", "200");
    const others = [
      child("label", path, "one", "25"),
      child("label", path, "two", "25"),
      child("read", path, "60"),
    ];
    expect(await Promise.all(others.map(ends))).toEqual([0, 0, 0]);
    writer.kill("SIGKILL");
    await ends(writer);
    const store = openStore(path, { readonly: true });
    const labels = Array.from({ length: 10 }, (_, index) =>
      store.explanations("sae", "feature", index),
    ).flat();
    expect(labels).toHaveLength(50);
    expect(store.list("sae", queryOf({ q: "one" })).total).toBe(10);
    store.close();
  });

  test("a writer that began earlier is refused, and the later one stands", () => {
    const path = copyOf("two-writers");
    const [one, two] = [openStore(path), openStore(path)];
    const first = one.begin("sae", analysisOf(shape), { tokenText: textOf });
    first.putUnit(unitOf(0, shape));
    writeAnalysis(two, "sae", { ...shape, seed: 7 }, { finished: "seed 7" });
    for (let index = 1; index < shape.count; index++) first.putUnit(unitOf(index, shape));
    expect(() => first.commit()).toThrow(/another process began to analyse the features of sae/);
    one.close();
    two.close();
    expectWhole(path, 7);
  });

  test("two create the same store", () => {
    const path = join(folder, "created.sqlite");
    const [one, two] = [openStore(path), openStore(path)];
    writeAnalysis(one, "sae", shape, { finished: "seed 1" });
    expect(two.list("sae", queryOf()).total).toBe(shape.count);
    one.close();
    two.close();
  });
});

test("a full disk ends the analysis in one sentence and leaves the old one", () => {
  const path = copyOf("full");
  const connection = connect(path, false);
  const { page_count: pages } = connection.get<{ page_count: number }>("PRAGMA page_count")!;
  // SQLite says the same of this as of a disk without space.
  connection.execute(`PRAGMA max_page_count = ${pages + 20}`);
  const store = new SqliteStore(connection);
  const write = () =>
    writeAnalysis(store, "sae", { ...shape, seed: 2, examples: 80 }, { finished: "seed 2" });
  expect(write).toThrow(Failure);
  expect(write).toThrow(`cannot write ${path}: the disk is full`);
  expect(store.list("sae", queryOf()).total).toBe(shape.count);
  store.close();
  expectWhole(path, 1);
});

describe("a file that cannot be used", () => {
  const opening =
    (path: string, readonly = true) =>
    () =>
      openStore(path, { readonly }).analyses();

  test("is named when it is not there, or was only just made", () => {
    expect(opening(join(folder, "absent.sqlite"))).toThrow(/absent\.sqlite holds no analysis: make one/);
    expect(existsSync(join(folder, "absent.sqlite"))).toBe(false);
    writeFileSync(join(folder, "empty.sqlite"), "");
    expect(opening(join(folder, "empty.sqlite"))).toThrow(/holds no analysis/);
    expect(opening(join(folder, "empty.sqlite"), false)()).toEqual([]);
    expect(opening(join(folder, "no", "folder.sqlite"), false)).toThrow(/cannot open .*folder\.sqlite/);
  });

  test("is named when it is of another program or a later version", () => {
    const other = join(folder, "other.sqlite");
    const database = new DatabaseSync(other);
    database.exec("CREATE TABLE cookies (a)");
    database.close();
    expect(opening(other)).toThrow(/is an SQLite file of another program/);
    const later = copyOf("later");
    const changed = new DatabaseSync(later);
    changed.exec(`PRAGMA user_version = ${FORMAT + 1}`);
    changed.close();
    expect(opening(later)).toThrow(
      `has format ${FORMAT + 1}, and this version of monosemantic reads up to ${FORMAT}`,
    );
  });

  test("is named when it is damaged", () => {
    const noise = join(folder, "noise.sqlite");
    writeFileSync(noise, "This is no database. ".repeat(1000));
    expect(opening(noise)).toThrow(/noise\.sqlite is damaged .*move it away/);
    const cut = copyOf("cut");
    truncateSync(cut, 20_000);
    const store = () => {
      const opened = openStore(cut, { readonly: true });
      opened.list("sae", queryOf());
      opened.unit("sae", "feature", 250);
    };
    expect(store).toThrow(/cut\.sqlite is damaged/);
  });

  test("is named when only a value in it is damaged", () => {
    const path = copyOf("value");
    const database = new DatabaseSync(path);
    database.exec(
      "UPDATE detail SET record = CAST(substr(record, 1, 100) || x'00' || substr(record, 102) AS BLOB) WHERE idx = 5",
    );
    database.close();
    const store = openStore(path, { readonly: true });
    expect(() => store.unit("sae", "feature", 5)).toThrow(/value\.sqlite is damaged \(feature 5 of sae/);
    expect(store.unit("sae", "feature", 6)).toBeDefined();
    store.close();
  });

  test("a reader creates and changes nothing", () => {
    const path = copyOf("read");
    const store = openStore(path, { readonly: true });
    expect(() => store.addExplanation("sae", "feature", 0, { text: "a", author: "person" })).toThrow(
      /cannot write .*read-only/,
    );
    store.list("sae", queryOf({ q: "t1" }));
    store.close();
    expect(readFileSync(path).equals(readFileSync(made))).toBe(true);
  });
});
