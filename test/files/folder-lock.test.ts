/** The lock of a folder against real processes: alive, killed, replaced by another of the same number, elsewhere. */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { LOCK, lockFolder } from "../../src/files/folder-lock.ts";

const home = mkdtempSync(join(tmpdir(), "monosemantic-lock-"));
afterAll(() => rmSync(home, { recursive: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(home, "folder-"));
});

const lockOf = (where: string) => JSON.parse(readFileSync(join(where, LOCK), "utf8"));
const change = (fields: object) =>
  writeFileSync(join(folder, LOCK), JSON.stringify({ ...lockOf(folder), ...fields }));

/** A process that locks the folder, says whether it could, and waits. */
function owner(where: string) {
  const code = `
    import { lockFolder } from ${JSON.stringify(join(import.meta.dirname, "../../src/files/folder-lock.ts"))};
    try { lockFolder(${JSON.stringify(where)}); console.log("locked"); } catch (error) { console.log(error.message); }
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
  const kill = async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  };
  return { pid: child.pid!, said, kill };
}

test("a living process is refused by number and folder; after kill -9 its lock is taken over", async () => {
  const { pid, said, kill } = owner(folder);
  expect(await said).toBe("locked\n");
  expect(() => lockFolder(folder)).toThrow(`${folder} is in use by process ${pid}, since 20`);
  await kill();
  const lock = lockFolder(folder);
  expect(lockOf(folder).pid).toBe(process.pid);
  lock.release();
  expect(existsSync(join(folder, LOCK))).toBe(false);
});

test("where no other folder would do, none is asked for", () => {
  lockFolder(folder);
  expect(() => lockFolder(folder, null)).toThrow(/wait for it or stop it$/);
});

test("a process of the same number that began at another time is another one", () => {
  lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(/is in use by process/);
  change({ started: "1" });
  expect(() => lockFolder(folder).release()).not.toThrow();
});

test("a lock from elsewhere counts while it is touched", () => {
  lockFolder(folder);
  change({ place: "another-host pid:[1]", pid: 4_000_000 });
  expect(() => lockFolder(folder)).toThrow(
    /is in use by process 4000000 on another-host, .*if it is gone, the lock ends 120 seconds after it/,
  );
  const before = new Date(Date.now() - 121_000);
  utimesSync(join(folder, LOCK), before, before);
  expect(() => lockFolder(folder).release()).not.toThrow();
});

test("half a lock counts until it has aged", () => {
  writeFileSync(join(folder, LOCK), '{"pid": 12');
  expect(() => lockFolder(folder)).toThrow(/is in use/);
  const before = new Date(Date.now() - 121_000);
  utimesSync(join(folder, LOCK), before, before);
  expect(() => lockFolder(folder).release()).not.toThrow();
});

test("of several that find a stale lock at once, one gets the folder", async () => {
  const dead = owner(folder);
  await dead.said;
  await dead.kill();
  const owners = Array.from({ length: 4 }, () => owner(folder));
  const said = await Promise.all(owners.map((each) => each.said));
  expect(said.filter((line) => line === "locked\n")).toHaveLength(1);
  expect(owners[said.indexOf("locked\n")]!.pid).toBe(lockOf(folder).pid);
  await Promise.all(owners.map((each) => each.kill()));
});
