/** A store of format 1: read as it is, brought up to date by whoever writes, all of it or nothing. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { FORMAT } from "../../src/store/schema.ts";
import { openStore, type ScoredExplanation, type Store } from "../../src/store/store.ts";
import { fillFormat1 } from "./format-1.ts";
import { queryOf, textOf, unitOf } from "./synthetic.ts";

const folder = mkdtempSync(join(tmpdir(), "migration-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SAID: ScoredExplanation = {
  index: 3,
  text: "fires on something",
  author: "rule",
  chosen: true,
  primary: null,
  details: null,
  scores: [],
};

function childOf(...args: string[]) {
  const script = fileURLToPath(new URL("child.ts", import.meta.url));
  return spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

describe("a store of format 1", () => {
  const copy = (name: string) => {
    const path = join(folder, `${name}.sqlite`);
    if (!existsSync(join(folder, "old.sqlite"))) fillFormat1(join(folder, "old.sqlite"));
    copyFileSync(join(folder, "old.sqlite"), path);
    return path;
  };
  const formatOf = (path: string) => {
    const database = new DatabaseSync(path);
    const { user_version: format } = database.prepare("PRAGMA user_version").get() as {
      user_version: number;
    };
    database.close();
    return format;
  };

  function expectOld(opened: Store): void {
    expect(opened.unit("sae", "feature", 3)!.record).toEqual(unitOf(3, { count: 20, seed: 2 }));
    expect(opened.explanations("sae", "feature", 3)).toEqual([
      {
        id: 9,
        text: "words of old",
        author: "rule",
        created: "2025-01-02T00:00:00.000Z",
        interpretation: null,
        chosen: false,
        score: 0.5,
        scoreKind: "detection",
        interval: null,
        answeredBy: null,
        details: { a: 1 },
      },
    ]);
    expect(opened.rows("sae", "feature", [3])[0]).toMatchObject({ explanation: "words of old", score: 0.5 });
    expect(opened.list("sae", queryOf({ q: "words of" })).rows.map(({ index }) => index)).toEqual([3]);
    expect(opened.list("sae", queryOf({ minScore: 0.4 })).total).toBe(1);
    expect(opened.explanation(9)).toMatchObject({ scores: [], answers: [], index: 3 });
    expect(opened.ratings("sae")).toEqual([]);
  }

  test("is read as it is, without a change, on a read-only disk too", () => {
    const path = copy("read");
    const bytes = readFileSync(path);
    const reader = openStore(path, { readonly: true });
    expectOld(reader);
    expect(() => reader.addExplanation("sae", "feature", 0, { text: "a", author: "person" })).toThrow(
      /cannot (write|modify)/,
    );
    reader.close();
    chmodSync(path, 0o444);
    const sealed = openStore(path, { readonly: true });
    expectOld(sealed);
    sealed.close();
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(formatOf(path)).toBe(1);
  });

  test("is brought up to date by whoever writes, and a reader that was there can tell", () => {
    const path = copy("written");
    const reader = openStore(path, { readonly: true });
    expect(reader.outdated()).toBe(false);
    const writer = openStore(path);
    expect(formatOf(path)).toBe(FORMAT);
    expectOld(writer);
    expectOld(reader);
    expect(reader.outdated()).toBe(true);
    const added = writer.addExplanation("sae", "feature", 3, { text: "new words", author: "person" });
    // Number 10 was given and taken away.
    expect(added.id).toBe(11);
    writer.putInterpretation("sae", "feature", "x", [SAID], {
      replace: true,
      tokenText: textOf,
    });
    expect(writer.removeExplanation(9)).toBe(true);
    expect(writer.list("sae", queryOf({ q: "words of" })).total).toBe(0);
    expect(writer.list("sae", queryOf({ q: "something" })).total).toBe(1);
    const again = openStore(path, { readonly: true });
    expect(again.outdated()).toBe(false);
    expect(again.explanations("sae", "feature", 3)).toHaveLength(2);
    for (const one of [reader, writer, again]) one.close();
    const fresh = join(folder, "fresh.sqlite");
    openStore(fresh).close();
    expect(schemaOf(path)).toEqual(schemaOf(fresh));
  });

  const schemaOf = (path: string) => {
    const database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare("SELECT type, name, sql FROM sqlite_master ORDER BY name").all() as Record<
      string,
      string
    >[];
    database.close();
    return rows.map(({ type, name, sql }) => [type, name, sql?.replaceAll('"', "")]);
  };

  test("stays one when the process that changes it is killed within", async () => {
    const path = copy("killed-migration");
    const child = childOf("migrate-and-die", path);
    await once(child, "exit");
    expect(child.signalCode).toBe("SIGKILL");
    expect(existsSync(`${path}-journal`)).toBe(true);
    const reader = openStore(path, { readonly: true });
    expectOld(reader);
    reader.close();
    expect(formatOf(path)).toBe(1);
    const writer = openStore(path);
    expectOld(writer);
    writer.close();
    expect(formatOf(path)).toBe(FORMAT);
  });

  test("is brought up to date by two at once", async () => {
    const path = copy("two");
    const children = [childOf("label", path, "one", "5"), childOf("label", path, "two", "5")];
    await Promise.all(children.map((child) => once(child, "exit")));
    expect(children.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const reader = openStore(path, { readonly: true });
    expect(reader.list("sae", queryOf({ q: "one" })).total).toBe(5);
    reader.close();
  });
});
