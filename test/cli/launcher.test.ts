import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { HOME } from "../architecture/imports.ts";
import { LAUNCHER, olderNode, start } from "./processes.ts";

const made: string[] = [];
afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true })));

/** A package around the real launcher, with `files` in it. */
function packageWith(files: Record<string, string>, home = ""): string {
  const root = mkdtempSync(join(tmpdir(), "monosemantic-launcher-"));
  made.push(root);
  const folder = join(root, home);
  mkdirSync(join(folder, "bin"), { recursive: true });
  cpSync(LAUNCHER, join(folder, "bin", "monosemantic.js"));
  for (const [path, text] of Object.entries({ "package.json": '{"type":"module"}', ...files })) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const launch = (node: string, folder: string, ...args: string[]) =>
  start(node, [join(folder, "bin", "monosemantic.js"), ...args]);

const says = (text: string) => `process.stdout.write(${JSON.stringify(text)});`;

describe("which program is started", () => {
  const both = { "src/cli/main.ts": says("source"), "dist/cli/main.js": says("built") };

  test("the sources in a checkout, the built one where they are absent", async () => {
    const built = { "dist/cli/main.js": both["dist/cli/main.js"] };
    expect((await launch(process.execPath, packageWith(both)).finished).stdout).toBe("source");
    expect((await launch(process.execPath, packageWith(built)).finished).stdout).toBe("built");
  });

  test("the built one under node_modules, where no types are stripped", async () => {
    const folder = packageWith(both, "node_modules/monosemantic");
    expect((await launch(process.execPath, folder).finished).stdout).toBe("built");
  });

  test("with neither, a sentence", async () => {
    const { code, stderr } = await launch(process.execPath, packageWith({})).finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^monosemantic: .*main\.js is missing: run "npm run build"/);
  });
});

const older = olderNode();
describe.skipIf(older === undefined)("under an older Node", () => {
  const interruption = JSON.stringify(join(HOME, "src/cli/interruption.ts"));
  const waits = `
    import { endWithLauncher, interruptionSignal } from ${interruption};
    endWithLauncher();
    const signal = interruptionSignal(() => {});
    signal.addEventListener("abort", () => { console.log("saved"); process.exit(signal.reason.exitCode); });
    setInterval(() => {}, 1000);
    console.log("waiting", process.pid, process.version, ...process.argv.slice(2));
  `;
  function bundled(main: string): string {
    const folder = packageWith({ "src/cli/main.ts": main });
    symlinkSync(join(HOME, "node_modules"), join(folder, "node_modules"));
    return folder;
  }

  test("the real command line answers, with its exit codes", async () => {
    const [version, wrong] = await Promise.all([
      start(older!, [LAUNCHER, "--version"]).finished,
      start(older!, [LAUNCHER, "nonsense"]).finished,
    ]);
    expect(version).toMatchObject({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s is passed on, and arguments are", async (signal) => {
    const waiting = launch(older!, bundled(waits), "a b", "--c");
    await waiting.saw("waiting");
    waiting.child.kill(signal);
    const { code, stdout } = await waiting.finished;
    expect(stdout).toMatch(/waiting \d+ v24\.\S+ a b --c\nsaved/);
    expect(code).toBe(signal === "SIGINT" ? 130 : 143);
  });

  test("killed, it takes the program with it", async () => {
    const waiting = launch(older!, bundled(waits));
    await waiting.saw("waiting");
    waiting.child.kill("SIGKILL");
    const { stdout } = await waiting.finished;
    const pid = Number(/waiting (\d+)/.exec(stdout)![1]);
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  test("a program that a signal killed gives the shell's exit code", async () => {
    const dying = bundled(`process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);`);
    expect((await launch(older!, dying).finished).code).toBe(137);
  });

  test("without a bundled Node, a sentence that says what to install", async () => {
    const { code, stderr } = await launch(older!, packageWith({ "src/cli/main.ts": says("never") })).finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^monosemantic needs Node 24 or newer, this is Node \d+\.\S+ and no bundled one/);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
