/** A study of every stage on an undisturbed cluster: what it will do is said beforehand, and what comes out is what this machine alone gives. */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Cluster, missing } from "./clusters.ts";
import { expectSame, Study, until } from "./studies.ts";

const folder = inject("sharedFolder");
const wide = join(folder, "wide.json");
const why = missing();

describe.skipIf(why !== undefined)(`undisturbed${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start(join(folder, "whole"), 2);
  });
  afterAll(() => cluster?.stop());

  test("a dry run prints scripts and commands and writes nothing; the study gives the bits of this machine", async () => {
    const path = join(folder, "whole-study");
    const profile = join(folder, "whole.profile.json");
    writeFileSync(profile, JSON.stringify({ memory: "1500M", concurrent: 3 }));
    const dry = await cluster.monosemantic(
      "sweep",
      wide,
      "--engine",
      "slurm",
      "--profile",
      profile,
      "--out",
      path,
      "--dry-run",
    );
    expect(dry.code, dry.stderr).toBe(0);
    expect(existsSync(path)).toBe(false);
    for (const line of [
      /^tokenise=\$\(sbatch --parsable --job-name=whole-study-\w+-tokenise --array=1-2 .*tokenise\.sbatch 0\)$/m,
      /^join=.*"--dependency=afterok:\$tokenise"/m,
      /^train=.*--array=1-2 "--dependency=afterok:\$join"/m,
      /^measure=.*--array=1-2 "--dependency=aftercorr:\$train"/m,
      /^explain=.*--array=1-2 "--dependency=aftercorr:\$measure"/m,
      /^report=.*"--dependency=afterok:\$measure,afterok:\$explain,afterok:\$compare_1,afterok:\$compare_2"/m,
      /^sbatch .*"--dependency=afterany:\$tokenise:\$join:\$train:\$measure:\$explain:\$compare_1:\$compare_2:\$report"/m,
    ]) {
      expect(dry.stdout).toMatch(line);
    }

    const study = await Study.submit(cluster, wide, path, { memory: "1500M", concurrent: 3 });
    for (const name of readdirSync(study.folder.slurm).filter((one) => /\.(sbatch|sh)$/.test(one))) {
      const text = readFileSync(join(study.folder.slurm, name), "utf8");
      expect(dry.stdout).toContain(text.trim());
      expect(spawnSync("bash", ["-n"], { input: text }).status, name).toBe(0);
    }
    await study.complete();
    const alone = new Study(cluster, join(folder, "wide-here"));
    await until("the run to compare with is done", () => alone.isDone());
    expectSame(study, alone);
    for (const part of study.folder.plan.parts) expect(study.attempts(part.name).length, part.name).toBe(1);
    await until("nobody looks after it any more", () => {
      const { stdout } = spawnSync("squeue", ["-h"], {
        env: { ...process.env, ...cluster.environment },
        encoding: "utf8",
      });
      return stdout.trim() === "";
    });
  });

  test("what the site does not take is said before anything is in its queue", async () => {
    const path = join(folder, "refused");
    const profile = join(folder, "refused.profile.json");
    writeFileSync(profile, JSON.stringify({ stages: { report: { partition: "nowhere" } } }));
    const { code, stderr } = await cluster.monosemantic(
      "sweep",
      wide,
      "--engine",
      "slurm",
      "--profile",
      profile,
      "--out",
      path,
      "--quiet",
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Slurm would not take slurm\/report\.sbatch: .*invalid partition.*: correct slurm\/profile\.json, .*resume/i,
    );
    expect(await cluster.output("squeue", "-h", "-n", "refused")).toBe("");
  });
});
