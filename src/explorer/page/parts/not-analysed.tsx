/** What stands where features would be: why there are none, and what to do. */

import type { RunSummary } from "../../api.ts";
import { sentence } from "../data/data.ts";
import { href, there } from "../shell/router.ts";
import { Nothing } from "../shell/states.tsx";

/** @param does what the command would do for this page */
export function NotAnalysed({ run: { status, error }, does }: { run: RunSummary; does: string }) {
  if (status === "running")
    return (
      <Nothing title="Still training">
        <p>
          Features can be looked at when the dictionary is trained and analysed.{" "}
          <a href={href(there({ page: "run" }))}>Its curves</a>
        </p>
      </Nothing>
    );
  if (status === "complete" && error !== null)
    return (
      <Nothing title="The analysis cannot be read">
        <p>{sentence(new Error(error))}</p>
      </Nothing>
    );
  return (
    <Nothing title="Not analysed yet">
      <p>
        <code>monosemantic features RUN</code> {does}.
      </p>
    </Nothing>
  );
}
