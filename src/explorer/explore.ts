/** `monosemantic explore`: the server on its runs and studies, until it is told to stop. */

import { messageOf } from "../errors.ts";
import { openBrowser } from "./open-browser.ts";
import { loadPage } from "./page-build.ts";
import { explorerApp } from "./server/app.ts";
import { Explored } from "./server/explored.ts";
import { listen } from "./server/listen.ts";
import { RunCatalogue } from "./server/run-catalogue.ts";
import { StudyCatalogue } from "./server/study-catalogue.ts";
import { Workbench } from "./server/workbench.ts";

export interface ExploreRequest {
  /** Run directories and studies, or folders that hold several. */
  readonly runs: readonly string[];
  /** The next free one is taken when it is in use; 0: any. */
  readonly port: number;
  /** Whether a browser is to be opened, where there is a display. */
  readonly open: boolean;
  /** Where the model of every run is, when it is no longer where run.json says. */
  readonly model?: string | undefined;
  readonly threads?: number;
}

/** What stands for a run or a study in addresses, and where it is. */
export interface ExploredPlace {
  readonly id: string;
  readonly path: string;
}

export interface ExploreHooks {
  readonly onReady: (
    address: string,
    runs: readonly ExploredPlace[],
    studies: readonly ExploredPlace[],
  ) => void;
  readonly onNote: (line: string) => void;
  /** Aborted when it shall end. */
  readonly signal: AbortSignal;
}

/** @throws Failure when there is no run and no study, no port, or the page is missing */
export async function explore(
  request: ExploreRequest,
  { onReady, onNote, signal }: ExploreHooks,
): Promise<void> {
  const studies = new StudyCatalogue(request.runs);
  const catalogue = new RunCatalogue(request.runs, studies);
  const page = await loadPage();
  const workbench = new Workbench(request);
  const explored = new Explored(catalogue, (run, saes) => workbench.liveness(run, saes));
  const onBug = (error: unknown) => onNote(`unexpected error: ${messageOf(error)}`);
  const server = await listen(
    (port) => explorerApp({ explored, workbench, page, port, onBug }),
    request.port,
  );
  try {
    const place = ({ id, path }: ExploredPlace) => ({ id, path });
    onReady(server.address, catalogue.runs().map(place), studies.studies().map(place));
    for (const { saes, id, error } of explored.summaries()) {
      if (saes.some(({ analyses }) => analyses.length > 0)) continue;
      const { path } = catalogue.run(id);
      onNote(
        error === null
          ? `${id} has no analysis yet, so only its curves are shown: monosemantic features ${path} makes one`
          : `${id} has no features to show: ${error}`,
      );
    }
    if (request.open) openBrowser(server.address);
    await aborted(signal);
  } finally {
    await server.close();
    await workbench.close();
    explored.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
