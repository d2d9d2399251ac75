/** `monosemantic sweep`: a study, from its file to its report. */

import { z } from "zod";
import { UsageError } from "../../errors.ts";
import { ENGINES, type EngineChoice } from "../../study/engine-file.ts";
import type { Plan } from "../../study/plan.ts";
import type { SlurmProfile } from "../../study/slurm/profile.ts";
import type { StudyRequest } from "../../study/study-request.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../command.ts";
import { freshFolder } from "../run-progress.ts";
import { studyJsonSchema } from "../study-schema.ts";

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
    const { parseProfile, readProfile } = await import("../../study/slurm/profile.ts");
    const site = profile === undefined ? parseProfile({}, "no profile") : readProfile(profile);
    const { readStudy } = await import("../study-file.ts");
    const { name, request, json } = await readStudy(input.study, { threads, memory });
    const plan = await forecasted(request, input.study, context);
    const place = output.out ?? freshFolder("studies", name);
    const { refuseTaken, createStudy } = await import("../../study/create-study.ts");
    refuseTaken(place, plan);
    if (output.dryRun) return dryRun(plan, engine === "slurm" ? { place, site } : null);
    const choice: EngineChoice = engine === "slurm" ? { engine, retry: site.retries } : { engine, jobs };
    createStudy(place, { plan, json, engine: choice });
    context.progress.say(`the study is in ${place}`);
    if (engine === "slurm") {
      const { startSlurm } = await import("../../study/slurm/engine.ts");
      const { StudyFolder } = await import("../../study/study-folder.ts");
      const { submittedResult } = await import("../go-on.ts");
      const hooks = { signal: context.signal, onNote: (line: string) => context.progress.say(line) };
      return submittedResult(place, await startSlurm(StudyFolder.open(place), site, hooks));
    }
    const { goOn } = await import("../go-on.ts");
    return goOn(place, context);
  },
});

/** @throws UsageError that begins with the name of the study file */
async function forecasted(request: StudyRequest, file: string, { progress }: CommandContext): Promise<Plan> {
  const { completePlan, draftPlan } = await import("../../study/make-plan.ts");
  const { forecastParts } = await import("../../study/forecast/forecast-parts.ts");
  const { speedOfThisMachine } = await import("../../study/forecast/machine-speed.ts");
  const draft = withFile(file, () => draftPlan(request));
  progress.phase("measuring the speed of this machine, unless it is known");
  const forecasts = await forecastParts(draft, await speedOfThisMachine(request.threads));
  return completePlan(
    draft,
    draft.parts.map((part) => forecasts.get(part.name)!),
  );
}

function withFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function dryRun(
  plan: Plan,
  slurm: { readonly place: string; readonly site: SlurmProfile } | null,
): Promise<CommandResult> {
  const { planLines } = await import("../../study/plan-text.ts");
  if (slurm === null) return { text: planLines(plan).join("\n"), json: plan };
  const { slurmPreview } = await import("../../study/slurm/preview.ts");
  const jobs = slurmPreview(slurm.place, plan, slurm.site);
  return { text: [...planLines(plan), "", jobs].join("\n"), json: { ...plan, slurm: jobs } };
}
