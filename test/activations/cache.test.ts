/** Activations on disk: what was written is what is read, whatever happened on the way, and never those of something else. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ActivationSource } from "../../src/activations/activation-source.ts";
import { type CacheOptions, openCache } from "../../src/activations/cache.ts";
import type { CacheHooks } from "../../src/activations/cache-harvest.ts";
import { refuseWithoutRoom } from "../../src/activations/cache-shards.ts";
import { ActivationRounds } from "../../src/activations/rounds.ts";
import { sharedFloats } from "../../src/engine/tensor.ts";
import { Failure } from "../../src/errors.ts";
import { start } from "../cli/processes.ts";
import { BATCH, CONTEXT, D_IN, identity, numbered, SHARD_BYTES, value } from "./numbered.ts";

/** Five shards: four of four contexts and one of three. */
const CONTEXTS = 19;
const ROW_VALUES = CONTEXT * D_IN;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "activations-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(options: Partial<CacheOptions> = {}, source = numbered(CONTEXTS), hooks: CacheHooks = {}) {
  return openCache(
    source,
    { folder, identity: identity(CONTEXTS), threads: 2, shardBytes: SHARD_BYTES, ...options },
    hooks,
  );
}

/** Opens the cache, reads contexts out of it and closes it. */
async function reading(contexts: readonly number[], options: Partial<CacheOptions> = {}, source = untouched) {
  const cache = await open(options, source);
  const into = sharedFloats(contexts.length * ROW_VALUES);
  await cache.read(contexts, into);
  await cache.close();
  return Array.from(into);
}

async function fill(options: Partial<CacheOptions> = {}): Promise<void> {
  await (await open(options)).close();
}

const untouched = numbered(CONTEXTS, () => {
  throw new Error("the model was run");
});

const expected = (contexts: readonly number[]) =>
  contexts.flatMap((context) =>
    Array.from({ length: ROW_VALUES }, (_, i) => value(context * CONTEXT + Math.floor(i / D_IN), i % D_IN)),
  );

const manifest = () => JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
const files = () =>
  Object.fromEntries(
    readdirSync(folder)
      .toSorted()
      .map((name) => [
        name,
        createHash("sha256")
          .update(readFileSync(join(folder, name)))
          .digest("hex"),
      ]),
  );

test("a filled cache gives any contexts in any order without the model, and says what it holds", async () => {
  const notes: string[] = [];
  await (
    await open({}, numbered(CONTEXTS), {
      onNote: (line) => {
        // Before anything is written.
        expect(readdirSync(folder)).toEqual(["lock.json"]);
        notes.push(line);
      },
    })
  ).close();
  expect(notes).toEqual([
    `the cache in ${folder} takes 0.000912 MB: 76 activations of 3 numbers as f32 in 5 shards, 0 of them finished`,
  ]);
  expect(readdirSync(folder).toSorted()).toEqual([
    ...[0, 1, 2, 3, 4].map((i) => `activations-0000${i}.f32`),
    "manifest.json",
  ]);
  expect(manifest()).toMatchObject({
    format: 1,
    version: expect.stringMatching(/^\d/),
    identity: identity(CONTEXTS),
    d_in: D_IN,
    dtype: "f32",
    rows: CONTEXTS * CONTEXT,
    shard_contexts: 4,
  });
  expect(manifest().shards.map(({ rows, bytes }: { rows: number; bytes: number }) => [rows, bytes])).toEqual([
    ...Array.from({ length: 4 }, () => [16, 16 * D_IN * 4]),
    [12, 12 * D_IN * 4],
  ]);
  const order = [18, 3, 0, 7, 4, 17, 5, 5];
  expect(await reading(order)).toEqual(expected(order));
});

test("many contexts are read by several tasks at once", async () => {
  const many = 200;
  const options = { identity: identity(many), shardBytes: 1e6 };
  await (await open(options, numbered(many))).close();
  const order = Array.from({ length: many }, (_, i) => (i * 77) % many);
  expect(await reading(order, options, numbered(many))).toEqual(expected(order));
});

test.each([
  ["bf16", 2 ** -8],
  ["f16", 2 ** -11],
] as const)("%s rounds to the nearest value and takes half the space", async (dtype, error) => {
  await fill({ dtype });
  const all = Array.from({ length: CONTEXTS }, (_, i) => i);
  // The dtype need not be said again.
  const rows = await reading(all);
  rows.forEach((x, i) => {
    const exact = expected(all)[i]!;
    expect(Math.abs(x - exact)).toBeLessThanOrEqual(Math.abs(exact) * error + 1e-7);
  });
  expect(rows).not.toEqual(expected(all));
  expect(manifest().shards[0].bytes).toBe(16 * D_IN * 2);
  await expect(open({ dtype: "f32" })).rejects.toThrow(
    `the cache ${folder} holds activations as ${dtype}, not as f32`,
  );
});

test("the stream from a cache is the stream from the model, row for row, over several passes", async () => {
  const options = { seed: 3, bufferBytes: 3 * BATCH * ROW_VALUES * 4 };
  const cache = await open();
  const [fromModel, fromCache] = [numbered(CONTEXTS), cache].map((source) => {
    const rounds = new ActivationRounds(source, options);
    return { rounds, into: new Float32Array(2.5 * rounds.rowsPerPass * D_IN) };
  });
  for (const { rounds, into } of [fromModel!, fromCache!]) await rounds.take(0, into.length / D_IN, into);
  expect(fromCache!.into).toEqual(fromModel!.into);
  expect(fromCache!.rounds.rowsPerPass).toBe(72);
  await cache.close();
});

test("an activation beyond f16 is refused with what would hold it", async () => {
  const source = numbered(CONTEXTS);
  const large: ActivationSource = {
    ...source,
    read: async (contexts, into) => void into.fill(1e5, 0, contexts.length),
  };
  await expect(open({ dtype: "f16" }, large)).rejects.toThrow(
    /^an activation of 1\.000e\+5 is beyond what f16 can hold .*--cache-dtype bf16/,
  );
  expect(readdirSync(folder)).toEqual(["manifest.json"]);
  expect(manifest().shards).toEqual([]);
});

describe("a harvest that", () => {
  const child = (stopAt: number, how: "kill" | "wait") => [
    join(import.meta.dirname, "harvest-killed.ts"),
    folder,
    String(CONTEXTS),
    String(stopAt),
    how,
  ];

  test("is killed three times goes on behind its last finished shard and gives the same bytes", async () => {
    await fill();
    const undisturbed = files();
    rmSync(folder, { recursive: true });
    // The fifth pass begins when the first shard is finished.
    for (const stopAt of [5, 5, 1]) {
      expect(spawnSync(process.execPath, child(stopAt, "kill")).signal).toBe("SIGKILL");
    }
    const finished = manifest().shards.length;
    expect(finished).toBeGreaterThan(1);
    expect(finished).toBeLessThan(5);
    writeFileSync(join(folder, "activations-00004.f32.123-abcd.tmp"), "left by a killed process");
    let passes = 0;
    await (
      await open(
        {},
        numbered(CONTEXTS, () => void passes++),
      )
    ).close();
    expect(passes).toBe(10 - 2 * finished);
    expect(files()).toEqual(undisturbed);
  });

  test("is under way keeps a second process out", async () => {
    const { child: first, finished, saw } = start(process.execPath, child(1, "wait"));
    await saw("waiting");
    const before = files();
    await expect(open()).rejects.toThrow(
      new RegExp(`^${folder} is in use by process ${first.pid}, .*another folder with --cache$`),
    );
    expect(files()).toEqual(before);
    first.kill("SIGKILL");
    await finished;
    await fill();
    expect(await reading([0, 18])).toEqual(expected([0, 18]));
  });

  test("is told to stop keeps what is finished", async () => {
    const stop = new AbortController();
    let passes = 0;
    const source = numbered(CONTEXTS, () => void (++passes === 7 && stop.abort()));
    await expect(open({}, source, { signal: stop.signal })).rejects.toThrow(/^stopped while the cache/);
    expect(manifest().shards).toHaveLength(3);
    expect(existsSync(join(folder, "lock.json"))).toBe(false);
    await fill();
    expect(await reading([11, 12])).toEqual(expected([11, 12]));
  });
});

describe("refused in one sentence", () => {
  test.each([
    [
      { model: { name: "other", weights_sha256: "d4".repeat(32), config_sha256: "b2".repeat(32) } },
      /holds activations of the model toy \(weights a1a1.*\), not of other \(weights d4d4/,
    ],
    [
      { model: { name: "toy", weights_sha256: "a1".repeat(32), config_sha256: "d4".repeat(32) } },
      /configuration b2b2.*configuration d4d4/,
    ],
    [
      { hook: "blocks.1.hook_mlp_out" },
      /activations at blocks\.0\.hook_mlp_out, not at blocks\.1\.hook_mlp_out: give another folder/,
    ],
    [{ context: 8 }, /in contexts of 4 tokens, not of 8/],
    [
      { text: { sources: ["books"], contexts: 40, sha256: "d4".repeat(32) } },
      /on 19 contexts of corpus \(tokens c3c3.*\), not on 40 contexts of books \(tokens d4d4/,
    ],
  ])("a cache of another source: %j", async (other, message) => {
    await fill();
    const before = files();
    const error = await open({ identity: identity(CONTEXTS, other) }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).message).toMatch(message);
    expect(files()).toEqual(before);
  });

  test("a shard that is cut short, by name", async () => {
    await fill();
    truncateSync(join(folder, "activations-00002.f32"), 100);
    await expect(open()).rejects.toThrow(
      `activation shard ${join(folder, "activations-00002.f32")} is damaged (it has 100 bytes, not 192): delete that file`,
    );
  });

  test("a shard with a flipped bit, by name; deleted, it alone is made again", async () => {
    await fill();
    const before = files();
    const path = join(folder, "activations-00003.f32");
    const bytes = readFileSync(path);
    bytes[17]! ^= 4;
    writeFileSync(path, bytes);
    await expect(open()).rejects.toThrow(
      `activation shard ${path} is damaged (its checksum is not the manifest's): delete that file`,
    );
    rmSync(path);
    let passes = 0;
    await (
      await open(
        {},
        numbered(CONTEXTS, () => void passes++),
      )
    ).close();
    expect(passes).toBe(2);
    expect(files()).toEqual(before);
  });

  test("a folder with other files, a manifest of something else, half a manifest", async () => {
    writeFileSync(join(folder, "thesis.txt"), "");
    await expect(open()).rejects.toThrow(/holds files \(thesis\.txt\) but no cache/);
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
    writeFileSync(join(folder, "manifest.json"), '{"format": 2}');
    await expect(open()).rejects.toThrow(/no manifest of cached activations \(format: /);
    writeFileSync(join(folder, "manifest.json"), '{"format"');
    await expect(open()).rejects.toThrow(/no manifest of cached activations \(it is not JSON: /);
  });

  test("more than the disk has room for, in advance", () => {
    expect(() => refuseWithoutRoom(folder, 1e18, "f32")).toThrow(
      /^the cache needs 1000000000 GB more and the disk of .* has [\d.]+ [MG]B left: give a folder .*halve it with --cache-dtype f16/,
    );
    expect(() => refuseWithoutRoom(folder, 1e18, "bf16")).toThrow(
      /on another disk with --cache, or train on/,
    );
    expect(() => refuseWithoutRoom(folder, 1, "f32")).not.toThrow();
  });
});
