/** Attempts as files: who counts, what is taken over, who may publish, and what is concluded from what was left. */

import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Failure, OutOfMemory } from "../../src/errors.ts";
import { writeFailure } from "../../src/files/atomic.ts";
import { saveCheckpoint } from "../../src/files/checkpoints.ts";
import { attemptNumbers, readAttempts } from "../../src/study/attempts/attempt-folder.ts";
import { type Attempt, claim } from "../../src/study/attempts/claim.ts";
import { outcome, outcomeOf } from "../../src/study/attempts/ending.ts";
import { Cancelled, Stopped, Superseded, whyToStop } from "../../src/study/attempts/fence.ts";
import { inherit } from "../../src/study/attempts/inherit.ts";
import { publish, removeLeftovers } from "../../src/study/attempts/publish.ts";
import { isAnalysed, reached } from "../../src/study/attempts/reached.ts";
import { overwrite, readReserved, reserve } from "../../src/study/attempts/reserved-file.ts";
import type { Stage } from "../../src/study/plan.ts";
import { readState } from "../../src/study/read-state.ts";
import { workOn } from "../../src/study/work/work.ts";
import { StudyFolder } from "../../src/study/study-folder.ts";
import { writeSmallStudy } from "./small-study.ts";

const PART = "train-g1";
const place = mkdtempSync(join(tmpdir(), "monosemantic-attempts-"));
let folder: StudyFolder;
let count = 0;
beforeEach(() => {
  const study = join(place, String(count++));
  writeSmallStudy(study, { groups: [["x2-s0"]] });
  folder = StudyFolder.open(study);
});
afterAll(() => rmSync(place, { recursive: true }));

const begin = async (stage: "train" | "explain" = "train", base: string | null = null) => {
  const attempt = claim(folder, PART);
  const from = await inherit(folder.attemptsFolder(PART), attempt, stage, base);
  return { attempt, from };
};
const end = (attempt: Attempt, ending: "failed" | "interrupted" = "interrupted") => {
  overwrite(join(attempt.path, "outcome.json"), outcome(ending, "so it was"));
  attempt.lock.release();
};
const checkpoint = (work: string, step: number) =>
  saveCheckpoint(join(work, "checkpoint"), step, { format: 1, fingerprint: "f", anew: "" }, (write) => {
    write("x", { w: { dims: [4], data: Float32Array.of(step, 2, 3, 4) } });
    return {};
  });
const steps = (work: string) =>
  readdirSync(join(work, "checkpoint"))
    .map(Number)
    .sort((a, b) => a - b);

describe("the fence", () => {
  test("numbers go up, and only the latest counts", () => {
    const first = claim(folder, PART);
    expect(whyToStop(folder, PART, first)).toBeUndefined();
    const second = claim(folder, PART);
    expect([first.number, second.number]).toEqual([1, 2]);
    expect(whyToStop(folder, PART, first)).toBeInstanceOf(Superseded);
    expect(whyToStop(folder, PART, second)).toBeUndefined();
    writeFileSync(folder.cancelled, "{}");
    expect(whyToStop(folder, PART, second)).toBeInstanceOf(Cancelled);
  });

  test("what is no attempt's folder is none, and what is there already is stepped over", () => {
    const attempts = folder.attemptsFolder(PART);
    mkdirSync(join(attempts, "9999999999999999999"), { recursive: true });
    mkdirSync(join(attempts, "10000000000000000000"));
    mkdirSync(join(attempts, "7"));
    writeFileSync(join(attempts, "notes.txt"), "");
    expect([claim(folder, PART).number, claim(folder, PART).number]).toEqual([1, 2]);
    expect(attemptNumbers(attempts)).toEqual([1, 2]);
  });

  test("publishing: the latest attempt makes the result, and an earlier one cannot replace it", async () => {
    const { attempt: first } = await begin();
    const { attempt: second } = await begin();
    writeFileSync(join(second.work, "saes"), "second");
    expect(() => publish(folder, PART, first)).toThrow(Superseded);
    publish(folder, PART, second);
    expect(() => publish(folder, PART, first)).toThrow(Superseded);
    expect(readFileSync(join(folder.result(PART), "saes"), "utf8")).toBe("second");
    removeLeftovers(folder, PART);
    expect(existsSync(first.work)).toBe(false);
    expect(existsSync(join(first.path, "attempt.json"))).toBe(true);
  });

  test("what is finished is published, cancelled or not", async () => {
    const { attempt } = await begin();
    writeFileSync(folder.cancelled, "{}");
    publish(folder, PART, attempt);
    expect(folder.isDone(PART)).toBe(true);
  });
});

describe("inheriting", () => {
  test("from the one that got furthest, whichever that is; tensors are links, the rest is copied", async () => {
    const { attempt: first, from } = await begin();
    expect(from).toBeNull();
    checkpoint(first.work, 10);
    checkpoint(first.work, 20);
    writeFileSync(join(first.work, "metrics.jsonl"), "1\n");
    writeFileSync(join(first.work, "lock.json"), "{}");
    const { attempt: second } = await begin();
    // The first did not know yet that it no longer counted.
    checkpoint(first.work, 30);
    const { attempt: third, from: furthest } = await begin();
    expect(furthest).toBe(1);
    expect(steps(third.work)).toEqual([20, 30]);
    expect(steps(second.work)).toEqual([10, 20]);
    expect(readdirSync(third.work).sort()).toEqual(["checkpoint", "metrics.jsonl"]);
    const inode = (path: string) => statSync(path).ino;
    const tensors = join("checkpoint", "00000030", "x.safetensors");
    expect(inode(join(third.work, tensors))).toBe(inode(join(first.work, tensors)));
    expect(inode(join(third.work, "metrics.jsonl"))).not.toBe(inode(join(first.work, "metrics.jsonl")));
  });

  test("past a damaged checkpoint to the one before, and past a damaged attempt to another", async () => {
    const { attempt: first } = await begin();
    checkpoint(first.work, 10);
    const { attempt: second } = await begin();
    checkpoint(second.work, 20);
    checkpoint(second.work, 30);
    const damage = (step: string) => {
      const file = join(second.work, "checkpoint", step, "x.safetensors");
      rmSync(file);
      writeFileSync(file, "no tensors");
    };
    damage("00000030");
    const { attempt: third, from } = await begin();
    expect([from, steps(third.work)]).toEqual([2, [20]]);
    rmSync(third.path, { recursive: true });
    damage("00000020");
    const again = await begin();
    expect([again.from, steps(again.attempt.work)]).toEqual([1, [10]]);
    // Nothing of the one that was damaged was touched.
    expect(steps(second.work)).toEqual([20, 30]);
  });

  test("begins as the result of the stage before again, where an earlier attempt saved nothing", async () => {
    const base = join(place, `mended-${count}`);
    mkdirSync(base);
    writeFileSync(join(base, "x.safetensors"), "damaged");
    const { attempt: first } = await begin("explain", base);
    end(first, "failed");
    rmSync(join(base, "x.safetensors"));
    writeFileSync(join(base, "x.safetensors"), "mended");
    const { attempt, from } = await begin("explain", base);
    expect(from).toBeNull();
    expect(readFileSync(join(attempt.work, "x.safetensors"), "utf8")).toBe("mended");
  });

  test("begins as the result of the stage before, with a store of its own", async () => {
    const base = join(place, `base-${count}`);
    mkdirSync(base);
    const database = new DatabaseSync(join(base, "features.sqlite"));
    database.exec("CREATE TABLE a (b); INSERT INTO a VALUES (1)");
    // Someone writes and has not committed.
    database.exec("BEGIN IMMEDIATE; INSERT INTO a VALUES (2)");
    const { attempt } = await begin("explain", base);
    database.exec("COMMIT");
    database.close();
    const copy = new DatabaseSync(join(attempt.work, "features.sqlite"));
    expect(copy.prepare("SELECT b FROM a").all()).toEqual([{ b: 1 }]);
    copy.close();
  });
});

describe("how far work goes", () => {
  const write = (work: string, path: string, text = "{}") => {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), text);
  };
  const grows = (stage: Stage, steps: readonly ((work: string) => void)[]) => {
    const work = join(place, `grows-${count}`);
    mkdirSync(work);
    const numbers = steps.map((step) => {
      step(work);
      return reached(stage, work) ?? -1;
    });
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  };

  test("does not fall when an analysis ends and its checkpoint goes, and grows with effects", () => {
    const analysis = (step: string) => join("analysis", "checkpoint", step, "state.json");
    grows("measure", [
      (work) => write(work, "saes/a/evaluation.json"),
      (work) => write(work, analysis("00000010")),
      (work) => write(work, analysis("00000020")),
      (work) => {
        write(work, "features.sqlite", "");
        rmSync(join(work, "analysis"), { recursive: true });
      },
      (work) => write(work, "effects/a.json"),
    ]);
  });

  test("does not fall when training has ended and its checkpoints go", () => {
    grows("train", [
      (work) => write(work, "run.json", '{"status": "running"}'),
      (work) => write(work, "checkpoint/00000010/state.json"),
      (work) => {
        write(work, "run.json", '{"status": "complete"}');
        rmSync(join(work, "checkpoint"), { recursive: true });
      },
    ]);
  });

  test("grows while the text is read for explanations", () => {
    grows("explain", [
      () => {},
      (work) => write(work, "interpretation/a/reading-1f/00000010/state.json"),
      (work) => write(work, "interpretation/a/reading-1f/00000020/state.json"),
      (work) => write(work, "interpretation/a/bricken.json"),
    ]);
  });

  test("an analysis that was stopped after its first findings has not ended", () => {
    const work = join(place, `analysed-${count}`);
    write(work, "features.sqlite", "");
    expect(isAnalysed(work)).toBe(true);
    mkdirSync(join(work, "analysis"));
    expect(isAnalysed(work)).toBe(false);
  });
});

test("what was left behind by one that was killed after it had published is removed", async () => {
  const { attempt } = await begin();
  const { attempt: second } = await begin();
  publish(folder, PART, second);
  expect(existsSync(attempt.work)).toBe(true);
  expect(await workOn(folder, PART)).toMatchObject({ ending: "done" });
  expect(existsSync(attempt.work)).toBe(false);
});

test("a plan that somebody has damaged is said to be none", () => {
  const { plan, path } = folder;
  const open = (other: object) => {
    writeFileSync(join(path, "plan.json"), JSON.stringify(other));
    return () => StudyFolder.open(path);
  };
  expect(open(plan)).not.toThrow();
  for (const damage of [{ title: 3 }, { groups: null }, { parts: [{ name: "x" }] }, { parts: [null] }])
    expect(open({ ...plan, ...damage })).toThrow(/is no plan of a study that this version can read/);
  const [first] = plan.parts;
  expect(open({ ...plan, parts: [{ ...first, name: "../elsewhere" }] })).toThrow(/is no plan/);
});

describe("what is left of an attempt", () => {
  test("a part that failed has failed, also while the study is cancelled: retry finds it", async () => {
    for (let i = 0; i < 2; i++) end(claim(folder, "join-t1"), "failed");
    writeFileSync(folder.cancelled, "{}");
    const { parts, failed } = await readState(folder);
    expect([parts[0]!.status, parts[1]!.status, failed]).toEqual(["failed", "cancelled", 1]);
  });

  test("at work, ended, gone without a word, never begun", async () => {
    const attempt = claim(folder, PART);
    expect(readAttempts(folder.attemptsFolder(PART))[0]).toMatchObject({ outcome: null, progress: null });
    expect((await readState(folder)).parts[1]).toMatchObject({ status: "running" });
    end(attempt);
    expect(readAttempts(folder.attemptsFolder(PART))[0]!.outcome).toMatchObject({ ending: "interrupted" });
    const gone = claim(folder, PART);
    gone.lock.release();
    expect(readAttempts(folder.attemptsFolder(PART))[1]!.outcome).toMatchObject({ ending: "killed" });
    mkdirSync(join(folder.attemptsFolder(PART), "0003"));
    expect(readAttempts(folder.attemptsFolder(PART))).toHaveLength(2);
    expect(claim(folder, PART).number).toBe(4);
  });

  test("its room is taken at the start, and never grows", () => {
    const path = join(place, "reserved.json");
    reserve(path);
    const { size } = statSync(path);
    expect(readReserved(path)).toBeNull();
    linkSync(path, `${path}.same`);
    expect(overwrite(path, { a: "long".repeat(500) })).toBe(true);
    expect(overwrite(path, { a: 1 })).toBe(true);
    expect(readReserved(`${path}.same`)).toEqual({ a: 1 });
    expect(statSync(path).size).toBe(size);
    expect(overwrite(path, { a: "x".repeat(10_000) })).toBe(false);
    expect(() => reserve(path)).toThrow(Failure);
  });

  test.each<[string, unknown, unknown, string]>([
    ["disk", writeFailure("/a", Object.assign(new Error("no"), { code: "ENOSPC" })), undefined, "disk-full"],
    [
      "quota",
      new Failure("x", { cause: Object.assign(new Error("no"), { code: "EDQUOT" }) }),
      undefined,
      "disk-full",
    ],
    ["disk in a thread", new Error("ENOSPC: no space left on device, write"), undefined, "disk-full"],
    ["memory", new RangeError("Array buffer allocation failed"), undefined, "out-of-memory"],
    ["forecast", new OutOfMemory("the run needs more"), undefined, "out-of-memory"],
    ["a failure", new Failure("bad file"), undefined, "failed"],
    ["a bug", new TypeError("x is not a function"), undefined, "failed"],
    ["a signal", new Failure("stopped at step 3"), new Stopped("SIGUSR1"), "interrupted"],
    ["cancel", new Failure("stopped at step 3"), new Cancelled("c"), "cancelled"],
    ["another attempt", new Error("ENOENT"), new Superseded("s"), "superseded"],
  ])("how it ended: %s", (_, error, reason, ending) => {
    expect(outcomeOf(error, reason).ending).toBe(ending);
  });
});
