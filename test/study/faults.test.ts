/**
 * What happens to a study when its machine fails it: killed at any moment, its disk full, told to stop, done twice at once. Whatever it
 * was, `resume` (or nothing) brings it to its end, with the bits of a study that was left alone.
 */

import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Random } from "../../src/random.ts";
import { PULSE_MS } from "../../src/study/attempts/pulse.ts";
import { writeEngine } from "../../src/study/engine-file.ts";
import { runLocally } from "../../src/study/local/engine.ts";
import { retrySchema } from "../../src/study/retry-policy.ts";
import { LAUNCHER, monosemantic, start } from "../cli/processes.ts";
import { type SmallStudy, writeSmallStudy } from "./small-study.ts";
import { attemptsOf, bitsOf, checkpointOf, endings, until } from "./study-places.ts";

/** Many processes, each of which is fast where nothing else is at work. */
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const folder = mkdtempSync(join(tmpdir(), "monosemantic-study-faults-"));
const random = Random.of(11, "study faults");

/** 48 steps of two dictionaries, with a checkpoint after each. */
const SMALL: SmallStudy = {
  tokens: 12_288,
  checkpointMinutes: 1e-6,
  groups: [["x2-s0", "x4-s0"]],
  until: "train",
};
const PART = "train-g1";

const work = (study: string, part: string) =>
  start(process.execPath, [LAUNCHER, "work", study, "--part", part, "--quiet"]);
const alone = join(folder, "alone");

/** A study whose text is ready: that of the one that is left alone. */
function newStudy(study: string, more: SmallStudy = {}): string {
  writeSmallStudy(study, { ...SMALL, ...more });
  cpSync(join(alone, "parts", "join-t1"), join(study, "parts", "join-t1"), { recursive: true });
  return study;
}
const done = (study: string, part: string) => endings(study, part).includes("done");
function expectSameBits(study: string): void {
  const [bits, expected] = [bitsOf(study), bitsOf(alone)];
  expect(Object.keys(bits).length).toBeGreaterThan(0);
  expect(Object.keys(bits)).toEqual(Object.keys(expected));
  for (const [file, bytes] of Object.entries(bits)) expect(bytes === expected[file], file).toBe(true);
}

beforeAll(async () => {
  writeSmallStudy(alone, SMALL);
  expect(await runLocally(alone)).toMatchObject({ complete: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

test("workers and launchers that are killed leave a study that is gone on with", async () => {
  const study = newStudy(join(folder, "killed"));
  // A launcher, and with it what it had started.
  const launcher = start(process.execPath, [LAUNCHER, "resume", study]);
  await until(() => checkpointOf(study, PART, 1) > 5);
  await sleep(random.integer(50));
  launcher.child.kill("SIGKILL");
  await launcher.finished;
  await until(() => endings(study, PART)[0] === "killed");
  // A worker, twice; the launcher starts another each time.
  const second = start(process.execPath, [LAUNCHER, "resume", study]);
  for (const attempt of [2, 3]) {
    await until(() => checkpointOf(study, PART, attempt) > 10 * attempt || done(study, PART));
    await sleep(random.integer(20));
    const pid = attemptsOf(study, PART).find(({ record }) => record.number === attempt)?.record.pid;
    if (pid !== undefined && !done(study, PART)) process.kill(pid, "SIGKILL");
  }
  const { code, stderr } = await second.finished;
  expect(code, stderr).toBe(0);
  expect(endings(study, PART).slice(0, 3)).toEqual(["killed", "killed", "killed"]);
  expect(attemptsOf(study, PART).map(({ record }) => record.continues)).toEqual([null, 1, 2, 3]);
  expect(stderr).toContain("killed by SIGKILL");
  expectSameBits(study);
});

test("of two at one part the second counts, and the first stops and leaves the part to it", async () => {
  const study = newStudy(join(folder, "twice"));
  const first = work(study, PART);
  await until(() => checkpointOf(study, PART, 1) > 5);
  // It stands while the other begins, as on a node that hangs.
  first.child.kill("SIGSTOP");
  const second = work(study, PART);
  await until(() => checkpointOf(study, PART, 2) > 10);
  first.child.kill("SIGCONT");
  expect(await second.finished).toMatchObject({ code: 0 });
  expect(await first.finished).toMatchObject({ code: 0 });
  expect(endings(study, PART)).toEqual(["superseded", "done"]);
  expect(attemptsOf(study, PART)[1]!.record.continues).toBe(1);
  expect(readdirSync(join(study, "parts", PART, "attempts", "0001"))).not.toContain("work");
  expectSameBits(study);
});

test("USR1 and TERM stop a worker with a checkpoint, a damaged one is passed over, and it goes on from the one before", async () => {
  const study = newStudy(join(folder, "told"));
  for (const [attempt, signal] of [
    [1, "SIGUSR1"],
    [2, "SIGTERM"],
  ] as const) {
    const { child, finished } = work(study, PART);
    const before = checkpointOf(study, PART, attempt - 1);
    await until(() => checkpointOf(study, PART, attempt) > before + 5);
    child.kill(signal);
    expect(await finished).toMatchObject({ code: 75 });
    expect(attemptsOf(study, PART)[attempt - 1]!.outcome).toMatchObject({ ending: "interrupted", signal });
  }
  const newest = checkpointOf(study, PART, 2);
  const files = join(
    study,
    "parts",
    PART,
    "attempts",
    "0002",
    "work",
    "checkpoint",
    String(newest).padStart(8, "0"),
  );
  truncateSync(join(files, "x4-s0.safetensors"), 500);
  const state = await runLocally(study);
  expect(state.complete).toBe(true);
  expect(attemptsOf(study, PART)[2]!.record.continues).toBe(2);
  expectSameBits(study);
});

test("cancelled from elsewhere it stands still, and goes on when it is told to", async () => {
  const study = newStudy(join(folder, "cancelled"));
  const launcher = start(process.execPath, [LAUNCHER, "resume", study]);
  await until(() => checkpointOf(study, PART, 1) > 5);
  // It stands until its next look is due, or a fast machine would be done before that.
  const { pid } = attemptsOf(study, PART)[0]!.record;
  process.kill(pid, "SIGSTOP");
  const cancel = await monosemantic("cancel", study);
  await sleep(PULSE_MS);
  process.kill(pid, "SIGCONT");
  expect(cancel.stdout).toMatch(/cancelled: 1 of 2 parts are done/);
  const { code, stderr } = await launcher.finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/cancelled: 1 of 2 parts .* are done; "monosemantic resume .*" goes on/);
  expect(endings(study, PART)).toEqual(["cancelled"]);
  expect(await work(study, PART).finished).toMatchObject({ code: 143 });
  const resumed = await monosemantic("resume", study);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(attemptsOf(study, PART)[1]!.record.continues).toBe(1);
  expectSameBits(study);
});

test("a part that fails is told and does not stop the others; when the cause is gone, retry goes on", async () => {
  const groups = [["x2-s0", "x4-s0"], ["x2-s1"]];
  const study = newStudy(join(folder, "failing"), { groups, until: "measure" });
  const plan = readFileSync(join(study, "plan.json"), "utf8");
  const broken = JSON.parse(plan);
  broken.groups[1].stream.model = join(folder, "gone");
  writeFileSync(join(study, "plan.json"), JSON.stringify(broken));
  const { code, stderr } = await monosemantic("resume", study);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /3 of 5 parts .* are done; train-g2 failed 2 times: .*gone.* "monosemantic retry .*" tries again/,
  );
  const status = await monosemantic("status", study);
  expect(status.stdout).toMatch(/train-g2: failed, failed 2 times: .*gone/);
  expect(status.stdout).toMatch(/measure {3}1 of 2 done, 1 waiting/);
  expect(done(study, "measure-g1")).toBe(true);
  writeFileSync(join(study, "plan.json"), plan);
  const wrong = await monosemantic("retry", study, "--part", "train-g1");
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("train-g1 has not failed; failed: train-g2"),
  });
  const again = await monosemantic("retry", study);
  expect(again.code, again.stderr).toBe(0);
  expect(endings(study, "train-g1")).toEqual(["done"]);
  expect(endings(study, "train-g2")).toEqual(["failed", "failed", "done"]);
});

test("a study is driven by one process on a machine", async () => {
  const study = newStudy(join(folder, "driven"));
  const first = start(process.execPath, [LAUNCHER, "resume", study]);
  await until(() => checkpointOf(study, PART, 1) > 0);
  const second = await monosemantic("resume", study);
  expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/in use by process \d+/) });
  first.child.kill("SIGINT");
  const { code, stderr } = await first.finished;
  expect(code).toBe(130);
  expect(stderr).toMatch(/stopped: 1 of 2 parts .*"monosemantic resume .*" goes on/);
  expect(endings(study, PART)).toEqual(["interrupted"]);
});

describe.skipIf(!mayMount())("on a disk that fills", () => {
  test("a study waits until there is room, and goes on by itself", async () => {
    const study = join(folder, "disk");
    mkdirSync(study);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m", "monosemantic", study]);
    try {
      newStudy(study);
      writeEngine({ path: study }, { engine: "local", retry: retrySchema.parse({ diskFullWait: 0.5 }) });
      const launcher = start(process.execPath, [LAUNCHER, "resume", study]);
      await until(() => checkpointOf(study, PART, 1) > 5);
      const filler = join(study, "filler");
      fill(filler);
      await until(() => endings(study, PART)[0] === "disk-full");
      const waits = await monosemantic("status", study);
      expect(waits.stdout).toMatch(/train-g1: (interrupted|running)/);
      rmSync(filler);
      const { code, stderr } = await launcher.finished;
      expect(code, stderr).toBe(0);
      expect(endings(study, PART).at(-1)).toBe("done");
      expectSameBits(study);
    } finally {
      execFileSync("umount", ["-l", study]);
    }
  });
});

/** Every block that is left. */
function fill(path: string): void {
  for (let size = 2 ** 20; size >= 4096; size /= 2) {
    for (;;) {
      try {
        writeFileSync(path, new Uint8Array(size), { flag: "a" });
      } catch {
        break;
      }
    }
  }
}

/** Whether this process may mount: as root outside of most containers. */
function mayMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), "monosemantic-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "monosemantic", place], { stdio: "ignore" });
    execFileSync("umount", [place], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
