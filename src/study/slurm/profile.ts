/**
 * The site profile: what a cluster wants to hear about a job (partition, account, time, modules, container …), as one JSON file that
 * serves every study there. A stage may have its own values. What is not given is left to the cluster, or follows from the plan.
 */

import { z } from "zod";
import { nearest, UsageError } from "../../errors.ts";
import { readJson } from "../../files/read.ts";
import { speedSchema } from "../forecast/speed.ts";
import { STAGES } from "../plan.ts";
import { retrySchema, type RetryPolicy } from "../retry-policy.ts";

/** As `sbatch --time` takes it. */
const TIME = /^(\d+(:\d{1,2}){0,2}|\d+-\d{1,2}(:\d{1,2}){0,2})$/;
const MEMORY = /^\d+(\.\d+)?[KMGT]?$/;

const line = z
  .string()
  .min(1)
  .regex(/^[^\n\r]*$/, "has to be one line");
const word = line.regex(/^\S+$/, "has to be one word");

const site = {
  partition: word.describe("--partition; several with commas"),
  account: word.describe("--account"),
  qos: word.describe("--qos"),
  time: z
    .union([
      z.literal(["UNLIMITED", "infinite"]),
      z.string().regex(TIME, "has to be like 90, 12:00:00 or 2-00:00:00"),
    ])
    .describe("time limit of a job; shorter than the work is no harm: it goes on from its checkpoint"),
  cpus: z.int().min(1).describe("--cpus-per-task; not given: the threads of the plan"),
  memory: z
    .union([z.literal(0), z.string().regex(MEMORY, "has to be like 16G or 800M")])
    .nullable()
    .describe('"16G"; 0: all of the node; null: no --mem at all; not given: the forecast × memorySafety'),
  gpus: z
    .union([z.int().min(0), word])
    .describe('a number or TYPE:NUMBER, asked for with --gres=gpu:…; "0" for stages without'),
  gres: word.describe("--gres in full, where it is not gpu:…"),
  constraint: line.describe("--constraint: features of nodes, such as a processor"),
  exclude: word.describe("--exclude: nodes not to use"),
  nice: z.int().describe("--nice: lower priority for positive numbers"),
  modules: z.array(word).describe("module load, in this order"),
  setup: z.array(z.string()).describe("lines of bash before the command"),
  container: line.describe('put before the command: "apptainer exec --bind /scratch image.sif"'),
  environment: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no name of a variable"), z.string())
    .describe("variables to export"),
  sbatch: z.array(line).describe('more options of sbatch, one each: "--exclusive"'),
};

const siteSchema = z.strictObject(site).partial();

/** Stages that have jobs, with the one that looks after the others. */
const PLACES = [...STAGES, "tend"] as const;
export type Place = (typeof PLACES)[number];

const TEND_DEFAULTS = { time: "30:00", cpus: 1, memory: "2G", gpus: 0 } as const;

export const profileSchema = siteSchema.extend({
  $schema: z.string().optional(),
  description: z.string().optional(),
  command: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'how a node starts this program: ["node", "/home/me/monosemantic/bin/monosemantic.js"]; not given: as it was started here',
    ),
  maxArraySize: z
    .int()
    .min(2)
    .optional()
    .describe("longest job array; not given: the cluster's MaxArraySize"),
  concurrent: z
    .int()
    .min(1)
    .optional()
    .describe("at most this many parts of a stage at once (%N of an array)"),
  signalSeconds: z.int().min(1).default(120).describe("how long before the time limit a checkpoint is made"),
  memorySafety: z.number().min(1).default(1.3).describe("memory asked for ÷ forecast"),
  tendMinutes: z
    .number()
    .min(0)
    .default(30)
    .describe(
      "how often a job of a few seconds looks after the study; 0: none, where nodes may not submit jobs: then `resume` does it",
    ),
  retries: retrySchema.prefault({}),
  speed: speedSchema
    .optional()
    .describe(
      "how fast a node is, for forecasts: what a sweep on such a node leaves in ~/.cache/monosemantic; not given: as fast as this machine",
    ),
  stages: z
    .partialRecord(z.enum(PLACES), siteSchema)
    .prefault({})
    .describe("values of single stages, and of tend, in place of those above"),
});

export type SlurmProfile = z.output<typeof profileSchema>;
export type Site = z.output<typeof siteSchema>;
export type { RetryPolicy };

/**
 * Reads and checks a profile.
 * @throws UsageError naming the file, the key, what was found and what was expected
 */
export function readProfile(path: string): SlurmProfile {
  return parseProfile(readJson(path, "a profile of a Slurm site"), path);
}

/** @param where how a message calls it */
export function parseProfile(value: unknown, where: string): SlurmProfile {
  const parsed = profileSchema.safeParse(value);
  if (!parsed.success)
    throw new UsageError(`--profile: ${where}: ${sentenceOf(parsed.error.issues[0]!, value)}`);
  const profile = parsed.data;
  for (const place of PLACES) refuseShort(profile, place, where);
  return profile;
}

/** What a stage asks for: its own values over the general ones. Lists replace lists. */
export function siteOf(profile: SlurmProfile, place: Place): Site {
  const general = Object.fromEntries(
    Object.keys(site).flatMap((key) => {
      const value = profile[key as keyof Site];
      return value === undefined ? [] : [[key, value]];
    }),
  ) as Site;
  const environment = { ...general.environment, ...profile.stages[place]?.environment };
  const merged = { ...general, ...(place === "tend" ? TEND_DEFAULTS : {}), ...profile.stages[place] };
  return Object.keys(environment).length === 0 ? merged : { ...merged, environment };
}

/** Bytes of "16G" (Slurm counts in megabytes where there is no letter); null for 0, all of a node. */
export function memoryBytes(text: string | 0): number | null {
  if (text === 0) return null;
  const factor = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }[/[KMGT]$/.exec(text)?.[0] ?? "M"]!;
  return Number.parseFloat(text) * factor;
}

/** Seconds of a time limit; Infinity for none. */
export function timeSeconds(time: string): number {
  if (!TIME.test(time)) return Infinity;
  const [days, rest] = time.includes("-") ? (time.split("-") as [string, string]) : [undefined, time];
  const numbers = rest.split(":").map(Number);
  const [a = 0, b = 0, c = 0] = numbers;
  if (days !== undefined) return Number(days) * 86_400 + a * 3600 + b * 60 + c;
  if (numbers.length === 1) return a * 60;
  return numbers.length === 2 ? a * 60 + b : a * 3600 + b * 60 + c;
}

function refuseShort(profile: SlurmProfile, place: Place, where: string): void {
  const { time } = siteOf(profile, place);
  if (place === "tend" || time === undefined || timeSeconds(time) > profile.signalSeconds) return;
  throw new UsageError(
    `--profile: ${where}: the time limit ${time} of ${place} is not longer than signalSeconds (${profile.signalSeconds}), ` +
      "so that jobs would be told to stop before they begin: raise one or lower the other",
  );
}

function sentenceOf(issue: z.core.$ZodIssue, value: unknown): string {
  const key = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const unknown = issue.keys[0]!;
    const stage = issue.path[0] === "stages";
    const known =
      stage && issue.path.length === 1
        ? PLACES
        : stage
          ? Object.keys(site)
          : Object.keys(profileSchema.shape);
    return `unknown key "${[...issue.path, unknown].join(".")}"; nearest: ${nearest(unknown, known).join(", ")}`;
  }
  const found = JSON.stringify(at(value, issue.path)) ?? "nothing";
  return key === "" ? `found ${found}, expected a JSON object` : `"${key}" is ${found}: ${reasonOf(issue)}`;
}

/** Of alternatives that all failed, the one that says what is expected. */
function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_union") return issue.message;
  const reasons = issue.errors.flat().map(({ message }) => message);
  return reasons.find((message) => message.startsWith("has to")) ?? reasons.join(", or ");
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? inner[key as keyof typeof inner] : undefined,
    value,
  );
}
