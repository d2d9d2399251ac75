/** The studies that this explorer shows, and which of them the address means. */

import { computed, signal } from "@preact/signals";
import type { StudySummary } from "../../study-api.ts";
import { api, exported, forget } from "../data/data.ts";
import { route, studyRoute } from "./router.ts";
import type { Route } from "./route.ts";

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

let last: Route | null = null;

/** Called by a study's page whenever its address is another, so that the way back leads to the same filter and order. */
export function rememberStudy(): void {
  if (route.value.page === "study") last = route.value;
}

/** The study as it was left; from its own page, the whole of it. */
export function studyAddress(): Route {
  const id = study.value?.id ?? null;
  return last !== null && last.study === id && route.value.page !== "study" ? last : studyRoute(id);
}

/** An export has none. */
export async function loadStudies(): Promise<void> {
  forget(STUDIES);
  studies.value = exported ? [] : await api<readonly StudySummary[]>(STUDIES);
}
