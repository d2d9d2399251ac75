/** `monosemantic sweep`: a study, from its file to its report. */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { UsageError } from "../../errors.ts";
import { ENGINES } from "../../study/engine-file.ts";
import type { Speed } from "../../study/forecast/speed.ts";
import type { Plan } from "../../study/plan.ts";
import { memoryWarning, planLines } from "../../study/plan-text.ts";
import type { StudyRequest } from "../../study/study-request.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { freshFolder } from "../run-progress.ts";
import { MOST_THREADS } from "../sections.ts";
import { studyJsonSchema } from "../study-schema.ts";
import { withFile } from "../with-file.ts";

export const sweepCommand = defineCommand({
  name: "sweep",
  summary:
    "a study: many dictionaries over a grid of options, here or on Slurm, with a report on what each option does",
  description:
    `Reads the study from a JSON file: options that all trials share (base), and what differs, as a grid, random draws or a list,
    once for each of its seeds. The whole file is checked, with every trial's model, hook point, text and memory, before
    anything is written. Trials on the same activations are trained together, as many as fit in the memory of one part; then they are
    evaluated, analysed, explained and compared as far as the file asks for it.
    Everything lies in the folder that --out names: status, resume, cancel, retry and report work on it from any machine that sees
    it, at any time. --json-schema prints the schema of the study file.`.replaceAll(/\n +/g, " "),
  examples: [
    { what: "what it would do, and take", command: "monosemantic sweep studies/example.json --dry-run" },
    {
      what: "a small one, in about two minutes",
      command: "monosemantic sweep studies/example.json --out studies/example",
    },
    {
      what: "on a cluster",
      command:
        "monosemantic sweep my-study.json --engine slurm --profile cluster.json --out /scratch/me/my-study",
    },
  ],
  positional: "study",
  fileSchema: studyJsonSchema,
  sections: {
    input: {
      title: "Input",
      schema: z.object({
        study: z.string().min(1).describe("the study file (JSON)").meta({ placeholder: "FILE" }),
      }),
    },
    output: {
      title: "Study directory",
      schema: z.object({
        out: z
          .string()
          .min(1)
          .optional()
          .describe("folder for everything the study leaves (default: a new one under studies/)")
          .meta({ placeholder: "FOLDER" }),
        dryRun: z
          .boolean()
          .default(false)
          .describe(
            "print trials, groups and parts with their time, memory and disk, and every job script; write nothing",
          ),
      }),
    },
    engine: {
      title: "Engine",
      schema: z.object({
        engine: z
          .enum(ENGINES)
          .default("local")
          .describe("processes on this machine, or jobs of a Slurm cluster"),
        profile: z
          .string()
          .min(1)
          .optional()
          .describe(
            "what the Slurm site wants to hear about a job: partition, account, times, modules (JSON)",
          )
          .meta({ placeholder: "FILE" }),
        jobs: z
          .int()
          .positive()
          .optional()
          .describe("local: parts at work at once, at most (default: as many as memory and cores allow)"),
        threads: z
          .int()
          .positive()
          .max(1024)
          .optional()
          .describe("CPU threads of each part, in place of what the study file says"),
        memory: z
          .number()
          .positive()
          .optional()
          .describe("bytes that one part may take, such as 8G, in place of what the study file says")
          .meta({ placeholder: "BYTES" }),
      }),
    },
  },
  async run({ input, output, engine: asked }, context) {
    const { engine, profile, jobs, threads, memory } = asked;
    if (engine === "local" && profile !== undefined) {
      throw new UsageError(`--profile ${profile} is of a Slurm site: add --engine slurm, or leave it out`);
    }
    if (engine === "slurm" && jobs !== undefined) {
      throw new UsageError(
        `--jobs ${jobs} is for --engine local: on Slurm, "concurrent" in the profile says it`,
      );
    }
    const site = engine === "slurm" ? await siteFor(profile) : undefined;
    const { readStudy } = await import("../study-file.ts");
    const { name, request, json } = await readStudy(input.study, { threads, memory }, site?.node);
    if (engine === "local" && request.threads > MOST_THREADS) {
      throw new UsageError(
        `${input.study}: ${request.threads} threads are asked for, expected at most ${MOST_THREADS} on this machine: change "threads" ` +
          "there, or give --threads",
      );
    }
    const place = output.out ?? freshFolder("studies", name);
    const { plan, assumption } = await forecasted(request, input.study, site?.profile.speed, context);
    const { refuseTaken, createStudy } = await import("../../study/create-study.ts");
    refuseTaken(place, plan);
    if (output.dryRun) {
      const lines = [...planLines(plan), ...(assumption === undefined ? [] : [assumption])];
      if (site === undefined) return { text: lines.join("\n"), json: plan };
      const slurm = site.preview(place, plan);
      return { text: [...lines, "", slurm].join("\n"), json: { ...plan, slurm } };
    }
    const choice = { engine, jobs, ...(site && { retry: site.profile.retries }) };
    createStudy(place, { plan, json, engine: choice }, site?.write);
    const warning = memoryWarning(plan);
    for (const line of [warning, `the study is in ${place}`])
      if (line !== undefined) context.progress.say(line);
    const { goOn } = await import("../go-on.ts");
    return goOn(place, context);
  },
});

/** What the profile of a Slurm site says, before there is a study. @throws UsageError for a profile that is wrong */
async function siteFor(path: string | undefined) {
  const { memoryBytes, parseProfile, readProfile, siteOf } = await import("../../study/slurm/profile.ts");
  const { writeProfile } = await import("../../study/slurm/site-folder.ts");
  const { slurmPreview } = await import("../../study/slurm/preview.ts");
  const profile = path === undefined ? parseProfile({}, "no profile") : readProfile(path);
  const { cpus, memory } = siteOf(profile, "train");
  const bytes = memory === undefined || memory === null ? null : memoryBytes(memory);
  return {
    profile,
    /** Groups are cut for the node that trains them, and not for the one on which we are. */
    node: {
      threads: cpus,
      memory: bytes === null ? undefined : Math.floor(bytes / profile.memorySafety),
    },
    preview: (place: string, plan: Plan) => slurmPreview(place, plan, profile),
    write: (folder: string) => writeProfile({ slurm: join(folder, "slurm") }, profile),
  };
}

/** @throws UsageError that begins with the name of the study file */
async function forecasted(
  request: StudyRequest,
  file: string,
  known: Speed | undefined,
  { progress }: CommandContext,
): Promise<{ plan: Plan; assumption: string | undefined }> {
  const { forecastAssumption } = await import("../../study/forecast/forecast-parts.ts");
  const { speedOfThisMachine } = await import("../../study/forecast/machine-speed.ts");
  const { draftPlan } = await import("../../study/make-plan.ts");
  const { fittedPlan } = await import("../../study/fitted-plan.ts");
  // What is wrong with the study is said before the machine is measured.
  withFile(file, () => draftPlan(request));
  const phase = progress.phase("looking how fast this machine is");
  // A node may have many more: the forecast makes rates of its threads from ours.
  const speed = known ?? (await speedOfThisMachine(Math.min(request.threads, availableParallelism())));
  phase.end();
  const plan = await fittedPlan(request, speed);
  return { plan, assumption: forecastAssumption(plan, speed) };
}
