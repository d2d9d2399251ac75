import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { HOME } from "../architecture/imports.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { LAUNCHER, monosemantic, start } from "./processes.ts";

describe("monosemantic", () => {
  test("alone and with --help: the commands", async () => {
    const [alone, help] = await Promise.all([monosemantic(), monosemantic("--help")]);
    expect(alone).toEqual(help);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    for (const { name } of COMMANDS) expect(help.stdout).toContain(`\n  ${name}`);
  });

  test("--version", async () => {
    expect(await monosemantic("--version")).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
  });

  test.each<[string[], RegExp]>([
    [["frward"], /unknown command "frward"; nearest: forward/],
    [["--model", "x"], /a command comes first, found "--model"/],
    [["forward", "--modle", "x"], /unknown option --modle.*nearest: --model/],
    [["forward", "stray"], /takes options only, found "stray"/],
  ])("%j: one sentence, exit code 2", async (args, sentence) => {
    const { code, stdout, stderr } = await monosemantic(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("COMMAND --help and --json-schema", async () => {
    const [help, schema] = await Promise.all([
      monosemantic("forward", "--help"),
      monosemantic("forward", "--json-schema"),
    ]);
    expect(help.stdout).toContain("--hooks");
    expect(JSON.parse(schema.stdout)).toMatchObject({ type: "object", properties: { hooks: {} } });
  });

  test("--debug adds the stack", async () => {
    const { stderr } = await monosemantic("forward", "--debug");
    expect(stderr).toMatch(/--model is required/);
    expect(stderr).toMatch(/\n +at /);
  });

  test("a closed pipe ends it quietly", async () => {
    const piped = start("sh", ["-c", `"${process.execPath}" "${LAUNCHER}" forward --help | true`]);
    expect(await piped.finished).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("Ctrl-C and TERM", () => {
  const wait = (milliseconds: number) =>
    start(process.execPath, [join(HOME, "test/cli/waiting.ts"), String(milliseconds)]);

  test.each(["SIGINT", "SIGTERM"] as const)("one %s: the work is put away", async (signal) => {
    const waiting = wait(0);
    await waiting.saw("waiting");
    waiting.child.kill(signal);
    const { code, stdout } = await waiting.finished;
    expect(stdout).toMatch(/stopping; press[^]*saved, stopped by (Ctrl-C|TERM)/);
    expect(code).toBe(signal === "SIGINT" ? 130 : 143);
  });

  test("the second one ends the process at once", async () => {
    const waiting = wait(30_000);
    await waiting.saw("waiting");
    waiting.child.kill("SIGINT");
    await waiting.saw("stopping");
    await sleep(400);
    waiting.child.kill("SIGINT");
    const { code, stdout } = await waiting.finished;
    expect([code, waiting.child.signalCode]).toEqual([null, "SIGINT"]);
    expect(stdout).not.toContain("saved");
  });

  test("one press that arrives twice, from the terminal and by the launcher, counts once", async () => {
    const waiting = wait(200);
    await waiting.saw("waiting");
    waiting.child.kill("SIGINT");
    await waiting.saw("stopping");
    waiting.child.kill("SIGINT");
    expect((await waiting.finished).stdout).toContain("saved");
  });
});
