/** What stands where features would be: why there are none, and what to do. */

import type { RunSummary } from "../../api.ts";
import { sentence } from "../data/data.ts";
import { href, studyRoute, there } from "../shell/router.ts";
import { Nothing } from "../shell/states.tsx";
import { studyOfRun } from "../shell/studies.ts";

/** @param does what the command would do for this page */
export function NotAnalysed({ run: { id, status, error }, does }: { run: RunSummary; does: string }) {
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
  const ofStudy = studyOfRun(id);
  if (ofStudy !== undefined)
    return (
      <Nothing title="Not analysed yet">
        <p>
          These dictionaries of the study are trained; their features can be looked at when it has measured
          them, where its plan has that in it. <a href={href(studyRoute(ofStudy.id))}>To the study</a>
        </p>
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
