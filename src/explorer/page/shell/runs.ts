/** The runs that this explorer shows, those of studies that were looked at, and which of them the address means. */

import { computed, effect, signal } from "@preact/signals";
import type { RunSummary, SaeSummary } from "../../api.ts";
import { api, forget, sentence } from "../data/data.ts";
import { go, route, studyRoute } from "./router.ts";
import { loadStudies, studies, studyOfRun } from "./studies.ts";

export const RUNS = "/api/runs";

/** Null until they have arrived. Those of studies are not among them. */
export const runs = signal<readonly RunSummary[] | null>(null);
export const runsError = signal<string | null>(null);

/** Groups of studies, each opened when it is looked at: the run, or why there is none. */
export const opened = signal<ReadonlyMap<string, RunSummary | { readonly problem: string }>>(new Map());
const opening = new Set<string>();

/** The run in the address, the first one where it names none, undefined where there is no such run. */
export const run = computed<RunSummary | undefined>(() => {
  const { run: id } = route.value;
  if (id === null) return runs.value?.[0];
  return runs.value?.find((one) => one.id === id) ?? openedRun(id);
});

export const sae = computed<SaeSummary | undefined>(() => {
  const { sae: name } = route.value;
  return name === null ? run.value?.saes[0] : run.value?.saes.find((one) => one.name === name);
});

/** A group's run, as far as it is known. */
export function openedRun(id: string): RunSummary | undefined {
  const found = opened.value.get(id);
  return found === undefined || "problem" in found ? undefined : found;
}

/** Completes an address that leaves out what it means, so that every link from there on says it. */
export function startPlace(): void {
  effect(() => {
    const { page, run: runNamed, sae: saeNamed, query, study: studyNamed } = route.value;
    if (page === "unknown" || runs.value === null || studies.value === null) return;
    if (page === "study") {
      const [first] = studies.value;
      if (studyNamed === null && first !== undefined) go(studyRoute(first.id, query), { replace: true });
      return;
    }
    if (runNamed === null && runs.value.length === 0 && studies.value.length > 0) {
      return go(studyRoute(studies.value[0]!.id), { replace: true });
    }
    if (runNamed !== null && run.value === undefined && studyOfRun(runNamed) !== undefined) {
      if (!opened.value.has(runNamed)) void openRun(runNamed);
      return;
    }
    if (run.value === undefined || (runNamed !== null && saeNamed !== null)) return;
    const to = { ...route.value, run: run.value.id, sae: sae.value?.name ?? null };
    if (to.run !== runNamed || to.sae !== saeNamed) go(to, { replace: true });
  });
}

/** Opens a group of a study as a run. What could not be opened says why, until it is asked for again. */
export async function openRun(id: string): Promise<void> {
  if (opening.has(id)) return;
  opening.add(id);
  const path = `${RUNS}/${encodeURIComponent(id)}`;
  try {
    forget(path);
    const found = await api<RunSummary>(path);
    opened.value = new Map([...opened.value, [id, found]]);
  } catch (error) {
    opened.value = new Map([...opened.value, [id, { problem: sentence(error) ?? "" }]]);
  } finally {
    opening.delete(id);
  }
}

/** Results have come: groups that are looked at next are opened anew. */
export function closeRuns(): void {
  forget(`${RUNS}/`);
  opened.value = new Map();
}

export async function loadRuns(): Promise<void> {
  forget(RUNS);
  runsError.value = null;
  try {
    const [found] = await Promise.all([api<readonly RunSummary[]>(RUNS), loadStudies()]);
    runs.value = found;
    await Promise.all([...opened.value.keys()].map(openRun));
  } catch (error) {
    runsError.value = sentence(error);
  }
}

/** Address of a dictionary's part of the API: `/api/runs/RUN/SAE` and what follows. */
export function saePath(runId: string, saeName: string, rest: string): string {
  return `${RUNS}/${encodeURIComponent(runId)}/${encodeURIComponent(saeName)}/${rest}`;
}
