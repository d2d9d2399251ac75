/** The runs that this explorer shows, and which of them the address means. */

import { computed, effect, signal } from "@preact/signals";
import type { RunSummary, SaeSummary } from "../../api.ts";
import { api, forget, sentence } from "../data/data.ts";
import { go, route } from "./router.ts";

export const RUNS = "/api/runs";

/** Null until they have arrived. */
export const runs = signal<readonly RunSummary[] | null>(null);
export const runsError = signal<string | null>(null);

/** The run in the address, the first one where it names none, undefined where there is no such run. */
export const run = computed<RunSummary | undefined>(() => {
  const { run: id } = route.value;
  return id === null ? runs.value?.[0] : runs.value?.find((one) => one.id === id);
});

export const sae = computed<SaeSummary | undefined>(() => {
  const { sae: name } = route.value;
  return name === null ? run.value?.saes[0] : run.value?.saes.find((one) => one.name === name);
});

/** Completes an address that leaves out what it means, so that every link from there on says it. */
export function startPlace(): void {
  effect(() => {
    const { page, run: runNamed, sae: saeNamed } = route.value;
    if (page === "unknown" || run.value === undefined || (runNamed !== null && saeNamed !== null)) return;
    const to = { ...route.value, run: run.value.id, sae: sae.value?.name ?? null };
    if (to.run !== runNamed || to.sae !== saeNamed) go(to, { replace: true });
  });
}

export async function loadRuns(): Promise<void> {
  forget(RUNS);
  runsError.value = null;
  try {
    runs.value = await api<readonly RunSummary[]>(RUNS);
  } catch (error) {
    runsError.value = sentence(error);
  }
}

/** Address of a dictionary's part of the API: `/api/runs/RUN/SAE` and what follows. */
export function saePath(runId: string, saeName: string, rest: string): string {
  return `${RUNS}/${encodeURIComponent(runId)}/${encodeURIComponent(saeName)}/${rest}`;
}
