/**
 * The store at its largest size: a synthetic analysis is written, then lists, searches and units are read from it, in turn.
 *
 *     node bench/store.ts [--units 98304] [--examples 80] [--rounds 15] [--out build/bench/store.json]
 *
 * Costs about two minutes and a gigabyte in the temporary folder. A list should take less than 20 ms; the first one of a process also
 * reads the columns that lists are sorted by. Milliseconds of processor time beside those that passed say how disturbed it was.
 */

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeJson } from "../src/files/atomic.ts";
import type { ListQuery } from "../src/store/listing.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { queryOf, writeAnalysis } from "../test/store/synthetic.ts";
import { median } from "./contest.ts";
import { describeMachine } from "./machine.ts";

const { values: options } = parseArgs({
  options: {
    units: { type: "string", default: "98304" },
    examples: { type: "string", default: "80" },
    rounds: { type: "string", default: "15" },
    out: { type: "string", default: "build/bench/store.json" },
  },
});
const count = Number(options.units);
const rounds = Number(options.rounds);
const machine = describeMachine();
const folder = mkdtempSync(join(tmpdir(), "bench-store-"));
const path = join(folder, "features.sqlite");
const WORDS = ["fires", "on", "Hangul", "syllables", "code", "French", "numbers", "dates", "names", "the"];

interface Cost {
  readonly milliseconds: number;
  readonly processor: number;
}

function costOf(work: () => void): Cost {
  const before = process.cpuUsage();
  const start = performance.now();
  work();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { milliseconds, processor: (user + system) / 1000 };
}

function write(): void {
  const store = openStore(path);
  const shape = { count, vocabulary: 50_257, contexts: 4_000, context: 128, dead: 20 };
  writeAnalysis(store, "sae", { ...shape, examples: Number(options.examples) });
  const explanations = Array.from({ length: count }, (_, index) => ({
    index,
    text: `fires on ${WORDS[index % 10]} and ${WORDS[(index * 7) % 10]}, ${index % 100} % of active tokens`,
    author: "rule",
    score: Math.sin(index),
  }));
  store.addExplanations("sae", "feature", explanations);
  store.close();
}

const list = (query: Partial<ListQuery>) => (store: Store) => void store.list("sae", queryOf(query));
const filters = { minDensity: 0.01, maxDensity: 0.05, minMax: 2, filter: "single" } as const;

const READS: Readonly<Record<string, (store: Store, round: number) => void>> = {
  "list by number": list({}),
  "list by density": list({ sort: "density", descending: true }),
  "list by score": list({ sort: "score", descending: true }),
  "list by max, near the end": list({ sort: "max", offset: count - 100 }),
  "list by density, four conditions": list({ sort: "density", ...filters }),
  "search for a number": list({ q: "42" }),
  "search for a token": list({ q: " t4000", sort: "max" }),
  "search for the beginning of 1,111 tokens": list({ q: "t31" }),
  "search for a word of every explanation": list({ q: "fires", sort: "density" }),
  "a unit with its contexts": (store, round) => {
    const index = (round * 7919 + 1) % count;
    if (store.unit("sae", "feature", index) === undefined) throw new Error(`no unit ${index}`);
  },
};

try {
  const writing = costOf(write);
  const megabytes = statSync(path).size / 1e6;
  const store = openStore(path, { readonly: true });
  const first = costOf(() => READS["list by number"]!(store, 0));
  const all = Object.entries(READS).map(([name, read]) => ({ name, read, costs: [] as Cost[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const { read, costs } of all) costs.push(costOf(() => read(store, round)));
  }
  store.close();
  const results = all.map(({ name, costs: [cold, ...warm] }) => ({
    name,
    first: cold!.milliseconds,
    milliseconds: median(warm.map(({ milliseconds }) => milliseconds)),
    processor: median(warm.map(({ processor }) => processor)),
  }));
  const round = (value: number) => value.toFixed(1);
  console.log(
    [
      `${count} units written in ${round(writing.milliseconds / 1000)} s (drawing them included), ${round(megabytes)} MB; ` +
        `first list of a process ${round(first.milliseconds)} ms`,
      "",
      "| read | first time, ms | median, ms | processor, ms |",
      "|---|---|---|---|",
      ...results.map(
        ({ name, first: cold, milliseconds, processor }) =>
          `| ${name} | ${round(cold)} | ${round(milliseconds)} | ${round(processor)} |`,
      ),
    ].join("\n"),
  );
  writeJson(options.out, { benchmark: "the store", machine, count, megabytes, writing, first, results });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
