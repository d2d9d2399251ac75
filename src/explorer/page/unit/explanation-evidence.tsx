/** One explanation opened: all of its scores, and the text and answers that they were computed from. */

import type { ExplanationPage, ShownTask } from "../../api.ts";
import { formatCount } from "../../../report/format.ts";
import { useApi } from "../data/use-api.ts";
import { explainedBy } from "../run/evaluation-table.tsx";
import { chanceOf, definitionOf, intervalText, scoreText } from "../../../report/scores/score-words.ts";
import { Problem, Waiting } from "../shell/states.tsx";
import { plainText } from "../tokens/token-text.ts";
import { IntruderTrials, JudgedExcerpts, JudgedTokens } from "./judged-items.tsx";
import { SimulatedExcerpts } from "./simulated-excerpts.tsx";

/** Other measures of the same answers, as people call them. */
const MEASURES: Readonly<Record<string, string>> = {
  pearson: "Pearson",
  spearman_raw: "Spearman unrounded",
  r_squared: "R²",
  absolute_deviation_explained: "absolute deviation explained",
  auc: "AUC",
  f1: "F1",
};

/** @param path of the explanation in the API */
export function ExplanationEvidence({ path }: { path: string }) {
  const { data, stale, error, again } = useApi<ExplanationPage>(path);
  if (error !== null) return <Problem error={error} again={again} />;
  if (data === undefined) return <Waiting what="Opening the explanation" />;
  const { scores, tasks, details } = data;
  if (scores.length === 0)
    return <p class="quiet">It was not scored: a person’s words are compared with nothing.</p>;
  return (
    <div class={stale ? "evidence-of stale" : "evidence-of"}>
      <ScoreTable scores={scores} />
      {tasks.map((task, at) => (
        <ShownAnswers key={at} task={task} />
      ))}
      {tasks.length === 0 && <p class="quiet">The answers that it was scored by were not kept.</p>}
      {details !== null && details !== undefined && (
        <details class="raw-details">
          <summary>What else is kept with it</summary>
          <pre>{plainLines(JSON.stringify(details, null, 2))}</pre>
        </details>
      )}
    </div>
  );
}

function ShownAnswers({ task }: { task: ShownTask }) {
  switch (task.type) {
    case "simulation":
      return <SimulatedExcerpts task={task} />;
    case "intruder":
      return <IntruderTrials task={task} />;
    case "logits":
      return <JudgedTokens task={task} />;
    default:
      return <JudgedExcerpts task={task as Parameters<typeof JudgedExcerpts>[0]["task"]} />;
  }
}

function ScoreTable({ scores }: { scores: ExplanationPage["scores"] }) {
  return (
    <div class="scroll">
      <table class="score-list">
        <thead>
          <tr>
            <th scope="col">Score</th>
            <th scope="col" class="n">
              Value
            </th>
            <th scope="col" class="n">
              95 % interval
            </th>
            <th scope="col" class="n">
              Chance
            </th>
            <th scope="col" class="n" title="Excerpts, items, trials or tokens asked about">
              Asked
            </th>
            <th scope="col" class="n" title="Without a usable answer: left out of the value">
              Failed
            </th>
            <th scope="col">Also</th>
            <th scope="col">Answered by</th>
          </tr>
        </thead>
        <tbody>
          {scores.map((score, at) => (
            <tr key={at}>
              <th scope="row">
                <dfn tabIndex={0} {...explainedBy(definitionOf(score.kind))}>
                  {score.kind}
                </dfn>
              </th>
              <td class="n">
                <b>{scoreText(score.value)}</b>
                {score.degenerate && (
                  <small title="The prediction, or the truth, was the same everywhere: that counts as 0">
                    {" "}
                    constant
                  </small>
                )}
              </td>
              <td class="n">{intervalText(score.interval) || "–"}</td>
              <td class="n">{scoreText(chanceOf(score.kind))}</td>
              <td class="n">{formatCount(score.asked)}</td>
              <td class="n">{formatCount(score.failed)}</td>
              <td class="wide-cell">{othersText(score.others)}</td>
              <td class="wide-cell">
                <bdi>{plainText(score.answeredBy)}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function othersText(others: Readonly<Record<string, number | null>>): string {
  return Object.entries(others)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${MEASURES[name] ?? name.replaceAll("_", " ")} ${scoreText(value)}`)
    .join(", ");
}

/** JSON has its own line breaks, which stay. */
function plainLines(text: string): string {
  return text.split("\n").map(plainText).join("\n");
}
