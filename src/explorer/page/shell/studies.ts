/** The studies that this explorer shows, and which of them the address means. */

import { computed, signal } from "@preact/signals";
import type { StudySummary } from "../../study-api.ts";
import { api, exported, forget } from "../data/data.ts";
import { route } from "./router.ts";

export const STUDIES = "/api/studies";

/** Null until they have arrived. */
export const studies = signal<readonly StudySummary[] | null>(null);

/** The study in the address, the one of the run in it, or the first one; undefined where there is none. */
export const study = computed<StudySummary | undefined>(() => {
  const { page, study: id, run } = route.value;
  if (page === "study" && id !== null) return studies.value?.find((one) => one.id === id);
  return studyOfRun(run) ?? studies.value?.[0];
});

/** The study of which a run is a group. */
export function studyOfRun(run: string | null): StudySummary | undefined {
  return studies.value?.find(({ groups }) => groups.some((group) => group.run === run));
}

/** An export has none. */
export async function loadStudies(): Promise<void> {
  forget(STUDIES);
  studies.value = exported ? [] : await api<readonly StudySummary[]>(STUDIES);
}
