/** How much memory the jobs of a stage ask for. */

import type { Plan } from "../plan.ts";
import { memoryBytes, siteOf, type Place, type SlurmProfile } from "./profile.ts";

/** Of a process that has only been started, and its libraries. */
const LEAST_BYTES = 512 * 2 ** 20;
const STEP_BYTES = 100 * 2 ** 20;

/** Bytes; 0: all of a node; null: nothing is asked for. */
export function stageMemory(profile: SlurmProfile, plan: Plan, place: Place): number | null {
  const { memory } = siteOf(profile, place);
  if (memory === null) return null;
  if (memory !== undefined) return memoryBytes(memory) ?? 0;
  const forecasts = plan.parts.flatMap(({ stage, forecast }) =>
    stage === place ? [forecast.memoryBytes] : [],
  );
  return rounded(Math.max(LEAST_BYTES, ...forecasts.map((bytes) => bytes * profile.memorySafety)));
}

/** `factor` times as much, after parts ran out of it; null: what the script asks for. */
export function grownMemory(profile: SlurmProfile, plan: Plan, place: Place, factor: number): number | null {
  const bytes = stageMemory(profile, plan, place);
  return factor === 1 || bytes === null || bytes === 0 ? null : rounded(bytes * factor);
}

/** The value of `--mem`. */
export function memoryWord(bytes: number): string {
  return bytes === 0 ? "0" : `${Math.ceil(bytes / 2 ** 20)}M`;
}

function rounded(bytes: number): number {
  return Math.ceil(bytes / STEP_BYTES) * STEP_BYTES;
}
