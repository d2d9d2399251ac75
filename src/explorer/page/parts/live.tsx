/** What stands in the place of an experiment where none can run: in an exported page, or without the model. */

import type { RunSummary } from "../../api.ts";
import { exported, sentence } from "../data/data.ts";
import { Nothing } from "../shell/states.tsx";

/** Null where experiments can run. */
export function whyNotLive(live: RunSummary["live"]): string | null {
  if (exported) return "This is an exported page, and this part computes with the model.";
  return live.possible ? null : sentence(new Error(live.reason ?? "the model cannot be loaded"));
}

export function NotLive({ run, what }: { run: RunSummary; what: string }) {
  return (
    <Nothing title={what}>
      <p>{whyNotLive(run.live)}</p>
      {exported && (
        <p>
          <code>monosemantic explore RUN</code> opens the run with it.
        </p>
      )}
    </Nothing>
  );
}
