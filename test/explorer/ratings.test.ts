/** People rate intervals of units without knowing which; every rating that was answered is there, whatever happens then. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RatingItem, RatingResults } from "../../src/explorer/api.ts";
import { exportRatings } from "../../src/explorer/export-ratings.ts";
import { described } from "../../src/explorer/server/described.ts";
import { StoreBusy } from "../../src/store/connection.ts";
import { openStore, STORE_FILE } from "../../src/store/store.ts";
import { monosemantic } from "../cli/processes.ts";
import { D_IN, D_SAE, exploredRun, HOSTILE } from "./explored-run.ts";
import { plantInterpretation } from "./planted-interpretation.ts";
import { serve, type Served } from "./served.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-ratings-"));
const run = join(folder, "run");
let served: Served;

beforeAll(() => {
  exploredRun(run);
  plantInterpretation(run);
  served = serve([run]);
});
afterAll(async () => {
  expect(served.bugs).toEqual([]);
  await served.close();
  rmSync(folder, { recursive: true });
});

const POINTS = { confidence: 3, activations: 4, logits: 2, separation: 1, specificity: 2 };

async function next(rater: string, from = served): Promise<RatingItem> {
  const response = await from.get(`/api/runs/run/a/rating/next?rater=${encodeURIComponent(rater)}`);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as RatingItem;
}

async function rate(body: object): Promise<{ status: number; error?: string } & Partial<RatingItem>> {
  const response = await served.post("/api/runs/run/a/ratings", { ...POINTS, interpretation: "", ...body });
  return { status: response.status, ...((await response.json()) as RatingItem) };
}

async function results(from = served): Promise<RatingResults> {
  return (await (await from.get("/api/runs/run/a/ratings")).json()) as RatingResults;
}

describe("an item", () => {
  test("shows contexts of one interval and all others, in shares of the maximum, and no magnitude", async () => {
    const item = await next("A");
    expect(item).toMatchObject({ done: 0, intervals: 11, interpretation: "" });
    // 69 features and 63 neurons fired, each in two intervals.
    expect(item.total).toBe(2 * (D_SAE - 1 + D_IN - 1));
    expect([5, 10]).toContain(item.interval);
    expect(item.overview.map(({ interval }) => interval)).toEqual([10, 5]);
    expect(item.contexts).toHaveLength(1);
    const [context] = item.contexts;
    // The token is number 3 of its context, so there are eight behind it and three before.
    expect(context).toMatchObject({ position: 3, tokens: { length: 12 }, activations: { length: 12 } });
    expect(context!.activations.filter((value) => value > 0)).toEqual([1, 0.5]);
    expect(context!.activations[3]).toBe(1);
    expect(item.overview.find(({ interval }) => interval === item.interval)!.contexts).toEqual(item.contexts);
    expect(item.logits).toEqual([{ token: expect.any(String), value: 1 }]);
  });

  test("says nothing of which unit it is, whatever kind that is", async () => {
    const blind = serve([run]);
    const shapes = new Map<string, Set<string>>();
    const store = openStore(join(run, STORE_FILE));
    let item = await next("blind", blind);
    for (let i = 0; i < 30; i++) {
      const said = JSON.stringify(item);
      expect(said).not.toMatch(/feature|neuron|"index"|"kind"|"max"|density/);
      const answer = await blind.post("/api/runs/run/a/ratings", {
        ...POINTS,
        rater: "blind",
        item: item.item,
        interpretation: "",
      });
      const { kind } = store.ratings("a").at(-1)!;
      const shape = JSON.stringify(item, (key, value: unknown) =>
        typeof value === "string" && key !== ""
          ? "text"
          : typeof value === "number" && key === "done"
            ? 0
            : value,
      );
      shapes.set(kind, (shapes.get(kind) ?? new Set()).add(shape));
      item = (await answer.json()) as RatingItem;
    }
    // But for tokens, which are the text's, features and neurons of this run look the same.
    expect([...shapes.keys()].sort()).toEqual(["feature", "neuron"]);
    expect(shapes.get("feature")).toEqual(shapes.get("neuron"));
    for (const { id } of store.ratings("a")) store.removeRating(id);
    store.close();
    await blind.close();
  });

  test("is the same for every rater, and after a restart", async () => {
    const again = serve([run]);
    expect(await next("B")).toEqual(await next("A"));
    expect(await next("A", again)).toEqual(await next("A"));
    await again.close();
  });

  test("comes with the next one, and with what was written of the same unit before", async () => {
    const store = openStore(join(run, STORE_FILE), { readonly: true });
    let item = await next("writer");
    const words = new Map<string, string>();
    let met = 0;
    for (let i = 0; i < 60; i++) {
      const answer = await rate({ rater: "writer", item: item.item, interpretation: `words ${i}` });
      expect(answer).toMatchObject({ status: 200, done: i + 1 });
      const { kind, index } = store.ratings("a").findLast(({ rater }) => rater === "writer")!;
      const unit = `${kind} ${index}`;
      expect(item.interpretation).toBe(words.get(unit) ?? "");
      met += Number(words.has(unit));
      words.set(unit, `words ${i}`);
      item = answer as unknown as RatingItem;
    }
    expect(met).toBeGreaterThan(3);
    store.close();
  });
});

describe("a rating", () => {
  test("is checked by the rubric, and a sentence names what is wrong", async () => {
    const { item } = await next("A");
    for (const [body, sentence] of [
      [{ logits: 3 }, /separation: does not apply/],
      [
        { logits: 3, separation: null, confidence: 4 },
        /confidence: found 4, expected a whole number from 0 to 3/,
      ],
      [{ separation: null }, /separation: 0 or 1 is wanted/],
      [{ activations: 6 }, /activations/],
      [{ activations: "5" }, /activations/],
      [{ specificity: undefined }, /specificity/],
      [{ interpretation: "x".repeat(2001) }, /interpretation/],
      [{ rater: " " }, /rater: a rater needs a name/],
      [{ rater: "x".repeat(61) }, /rater/],
      [{ rater: "a\nb" }, /control characters/],
      [{ rater: "\u200b" }, /letter or a digit/],
      [{ rater: undefined }, /rater/],
      [{ item: "" }, /item/],
    ] as const) {
      const answer = await rate({ rater: "A", item, ...body });
      expect(answer.status).toBe(400);
      expect(answer.error).toMatch(sentence);
    }
    expect(await rate({ rater: "A", item: "none" })).toMatchObject({ status: 404, error: /reload the page/ });
    const without = await served.get("/api/runs/run/a/rating/next");
    expect(without.status).toBe(400);
    expect((await without.json()) as object).toMatchObject({ error: /rater=NAME: a rater needs a name/ });
    expect((await results()).ratings.filter(({ rater }) => rater === "A")).toEqual([]);
    expect((await served.get("/api/runs/run/b/rating/next?rater=A")).status).toBe(409);
  });

  test("counts once for each rater, the newest; results say what it was of, beside the automated score", async () => {
    const hostile = `O'Brien "${HOSTILE[0]}"`;
    const { item } = await next(hostile);
    await rate({ rater: hostile, item, interpretation: HOSTILE[1] });
    await rate({ rater: ` ${hostile} `, item, interpretation: HOSTILE[1], confidence: 0 });
    await rate({ rater: "Zoë", item });
    const { ratings, raters, medians, agreement } = await results();
    expect(raters).toEqual(["writer", hostile, "Zoë"]);
    const own = ratings.filter(({ rater }) => rater === hostile);
    expect(own).toEqual([
      {
        ...POINTS,
        confidence: 0,
        rater: hostile,
        kind: expect.stringMatching(/^(feature|neuron)$/),
        index: expect.any(Number),
        interval: expect.any(Number),
        total: 9,
        interpretation: HOSTILE[1],
        created: expect.any(String),
        score: own[0]!.kind === "feature" ? own[0]!.index / 100 : null,
      },
    ]);
    expect(ratings.find(({ kind }) => kind === "feature")!.score).toBeGreaterThan(0);
    expect(ratings.find(({ kind }) => kind === "neuron")!.score).toBeNull();
    expect(medians).toEqual({ feature: 12, neuron: 12 });
    expect(agreement.items).toBe(1);
  });

  test("ends with nothing more to rate", async () => {
    const { item, total } = await next("all");
    expect(await rate({ rater: "all", item })).toMatchObject({ done: 1, total });
    const database = new DatabaseSync(join(run, STORE_FILE));
    const insert = database.prepare(
      `INSERT OR IGNORE INTO rating (sae, kind, subject, idx, interval, rater, confidence, activations, logits, specificity, interpretation, created)
       VALUES ('a', ?, '', ?, ?, 'all', 0, 0, 3, 0, '', '')`,
    );
    database.exec("BEGIN");
    for (const kind of ["feature", "neuron"]) {
      for (let index = 1; index < D_SAE; index++)
        for (const interval of [5, 10]) insert.run(kind, index, interval);
    }
    database.exec("COMMIT");
    expect(await next("all")).toMatchObject({
      item: null,
      contexts: [],
      overview: [],
      logits: [],
      done: total,
    });
    database.exec("DELETE FROM rating WHERE rater = 'all'");
    database.close();
  });

  test("waits for another process that writes, and says so when that takes too long", async () => {
    const { item } = await next("patient");
    const script = `
      const { DatabaseSync } = require("node:sqlite");
      const database = new DatabaseSync(process.argv[1]);
      database.exec("BEGIN EXCLUSIVE");
      require("node:fs").writeSync(1, "begun");
      setTimeout(() => database.exec("COMMIT"), 400);
    `;
    const other = spawn(process.execPath, ["-e", script, join(run, STORE_FILE)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(other.stdout, "data");
    const started = performance.now();
    expect((await rate({ rater: "patient", item })).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(100);
    await once(other, "exit");
    expect(described(new StoreBusy("in use"))).toEqual({ status: 503, sentence: "in use", isBug: false });
  });

  test("that was answered is there, whenever the server is killed, and rating goes on where it was", async () => {
    const own = exploredRun(join(folder, "killed"));
    const script = fileURLToPath(new URL("rating-child.ts", import.meta.url));
    const answered: string[] = [];
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [script, own, "A"], { stdio: ["ignore", "pipe", "inherit"] });
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      while (said === "" && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 3));
      await new Promise((resolve) => setTimeout(resolve, 23 * round));
      child.kill("SIGKILL");
      await once(child, "close");
      // The last line may be cut, and the last rating was perhaps written and not answered.
      answered.push(...said.split("\n").slice(0, -1));
      const store = openStore(join(own, STORE_FILE), { readonly: true });
      const stored = store.ratings("a").map(({ interpretation }) => interpretation);
      store.close();
      for (const item of answered) expect(stored).toContain(`of ${item}`);
      expect(stored.length).toBeLessThanOrEqual(answered.length + round + 1);
      expect(new Set(stored).size).toBe(stored.length);
    }
    expect(new Set(answered).size).toBe(answered.length);
    expect(answered.length).toBeGreaterThan(2);
  });
});

describe("export --ratings", () => {
  test("as JSON has all of it, as CSV a line for each, with hostile text as text", async () => {
    const csv = join(folder, "ratings.csv");
    await rate({ rater: "=cmd", item: (await next("=cmd")).item, interpretation: 'a, "b"\nc' });
    const { ratings } = await results();
    expect(exportRatings({ run, file: csv })).toEqual({
      file: csv,
      ratings: ratings.length,
      raters: new Set(ratings.map(({ rater }) => rater)).size,
    });
    const text = readFileSync(csv, "utf8");
    expect(text.split("\r\n")[0]).toBe(
      "sae,kind,index,interval,rater,confidence,activations,logits,separation,specificity,total,interpretation,created,score",
    );
    expect(text.split("\r\n")).toHaveLength(ratings.length + 2);
    expect(text).toContain(`"a, ""b""\nc"`);
    expect(text).toContain(",'=cmd,");
    expect(text).toContain(`"O'Brien ""${HOSTILE[0]}"""`);
    const json = join(folder, "ratings.json");
    const made = await monosemantic("export", run, "--ratings", json, "--json");
    expect(JSON.parse(made.stdout)).toMatchObject({ ratings: { file: json, ratings: ratings.length } });
    expect(JSON.parse(readFileSync(json, "utf8"))).toEqual({
      format: 1,
      version: expect.any(String),
      run: "run",
      saes: { a: await results() },
    });
  });

  test("is refused for another ending, another dictionary, and where nobody has rated", async () => {
    expect(() => exportRatings({ run, file: "ratings.txt" })).toThrow(/ends in \.json or \.csv/);
    expect(() => exportRatings({ run, file: "r.csv", saes: ["b"] })).toThrow(/no analysis of "b": it has a/);
    const fresh = exploredRun(join(folder, "fresh"));
    expect(() => exportRatings({ run: fresh, file: join(folder, "none.csv") })).toThrow(/nobody has rated/);
    expect(() =>
      exportRatings({ run: exploredRun(join(folder, "no"), { analysed: false }), file: "r.csv" }),
    ).toThrow(/monosemantic features/);
  });
});
