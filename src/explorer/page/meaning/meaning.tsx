/**
 * Do the features mean one thing? The scores of their explanations beside the controls that say whether such a score means anything,
 * and what all of it allows one to conclude.
 */

import type { Interpretation } from "../../api.ts";
import type { SaeSummary } from "../../api.ts";
import { moneyText, paidInAll } from "../../../interpretation/endpoint/paid.ts";
import type { Split } from "../../../interpretation/result.ts";
import type { ScoreKind } from "../../../interpretation/scores/score.ts";
import { formatCount, formatTime } from "../../../report/format.ts";
import { briefPercent } from "../charts/numbers.ts";
import { useApi } from "../data/use-api.ts";
import { exported } from "../data/data.ts";
import type { PageProps } from "../page.ts";
import { Choice } from "../parts/choice.tsx";
import { Facts } from "../parts/facts.tsx";
import { explainedBy } from "../run/evaluation-table.tsx";
import { definitionOf, intervalText, scoreText } from "../../../report/scores/score-words.ts";
import { route, setQuery } from "../shell/router.ts";
import { saePath } from "../shell/runs.ts";
import { Nothing, Problem, Waiting } from "../shell/states.tsx";
import { plainText } from "../tokens/token-text.ts";
import { cellOf, COLUMNS, columnsOf, kindsOf, rowsOf } from "../../../report/scores/compared-columns.ts";
import { MadeHow } from "./made-how.tsx";
import { ScoreFigures } from "./score-figures.tsx";
import { ScoreHistograms } from "./score-histograms.tsx";
import { ScoreTable } from "./score-table.tsx";
import "../charts/charts.css";
import "../compare/compare.css";
import "./meaning.css";

const SPLITS: readonly (readonly [Split, string])[] = [
  ["all", "all units"],
  ["single-token", "single-token"],
  ["other", "others"],
];

export function MeaningPage({ run, sae }: PageProps) {
  if (sae === null) return null;
  return <Interpretations key={`${run.id}/${sae.name}`} run={run.id} sae={sae} />;
}

interface PartProps {
  readonly run: string;
  readonly sae: SaeSummary;
}

function Interpretations({ run, sae }: PartProps) {
  const { data, error, again } = useApi<readonly Interpretation[]>(saePath(run, sae.name, "interpretations"));
  if (error !== null) return <Problem error={error} again={again} />;
  if (data === undefined) return <Waiting what="Reading the interpretations" />;
  const chosen = data.find(({ name }) => name === route.value.query["of"]) ?? data[0];
  if (chosen === undefined)
    return (
      <Nothing title="Not interpreted yet">
        <p>
          {exported && "This export has no interpretation of the dictionary. "}
          <code>monosemantic explain RUN</code> explains its features, predicts their activations from the
          explanations, and scores the predictions beside controls. It needs no language model.
        </p>
        <p>
          <code>monosemantic explain RUN --model MODEL --base-url URL</code> asks one.
        </p>
      </Nothing>
    );
  return (
    <div class="page">
      <header class="page-head">
        <div class="with-choice">
          <h1>Meaning</h1>
          {data.length > 1 ? (
            <label class="sort">
              <span>Interpretation</span>
              <select
                value={chosen.name}
                onChange={(event) => {
                  const { value } = event.currentTarget;
                  setQuery({ of: value === data[0]!.name ? null : value, explainer: null }, false);
                }}
              >
                {data.map((one) => (
                  <option key={one.name} value={one.name}>
                    {titleOf(one)}
                  </option>
                ))}
              </select>
            </label>
          ) : (
            <span class="quiet">{titleOf(chosen)}</span>
          )}
        </div>
        <p class="conclusion">{plainText(chosen.conclusion)}</p>
      </header>
      <Cautions interpretation={chosen} />
      <Headline interpretation={chosen} />
      <Scores run={run} sae={sae} interpretation={chosen} />
      <section class="part">
        <h2>Cost and method</h2>
        <MadeHow interpretation={chosen} />
      </section>
    </div>
  );
}

function titleOf({ name, endpoint, started }: Interpretation): string {
  return [
    name,
    endpoint === null ? "no language model" : plainText(endpoint.model),
    formatTime(started),
  ].join(" · ");
}

function Cautions({ interpretation: { stopped, notes } }: { interpretation: Interpretation }) {
  const all = [...(stopped === null ? [] : [`It ended early: ${stopped}.`.replace("..", ".")]), ...notes];
  if (all.length === 0) return null;
  return (
    <ul class="cautions">
      {all.map((note) => (
        <li key={note} class="caution">
          {plainText(note)}
        </li>
      ))}
    </ul>
  );
}

/** The score that stands for the whole, of features and of what they have to beat. */
function Headline({ interpretation }: { interpretation: Interpretation }) {
  const { primary, subjects, asked, failed, endpoint } = interpretation;
  const [row] = rowsOf(interpretation, primary, "all");
  if (row === undefined) return null;
  const of = (id: string) =>
    cellOf(
      row,
      COLUMNS.find((column) => column.id === id)!,
    );
  const [features, neurons] = [of("features"), of("neurons")];
  const controls = columnsOf(interpretation)
    .filter(({ id }) => id !== "features" && id !== "neurons")
    .map((column) => ({ column, cell: cellOf(row, column) }))
    .filter(({ cell }) => cell?.mean !== null && cell?.mean !== undefined)
    .sort((a, b) => b.cell!.mean! - a.cell!.mean!);
  const strongest = controls[0];
  const explained = subjects.find(({ subject }) => subject === "features");
  const money = endpoint === null ? null : paidInAll(endpoint.spent).money;
  return (
    <Facts
      facts={[
        {
          name: `Features, mean ${primary}`,
          value: scoreText(features?.mean),
          below: intervalText(features?.interval) || "not scored",
        },
        {
          name: "Neurons",
          value: scoreText(neurons?.mean),
          below: intervalText(neurons?.interval) || "not scored",
        },
        {
          name: "Strongest other control",
          value: scoreText(strongest?.cell?.mean),
          below: strongest?.column.title.toLowerCase() ?? "none",
        },
        {
          name: "Features scored",
          value: formatCount(features?.units ?? 0),
          below: explained === undefined ? "" : `of ${formatCount(explained.alive)} alive`,
        },
        endpoint === null
          ? { name: "Cost", value: "0", below: "no language model" }
          : {
              name: "Cost",
              value: money === null ? "–" : moneyText(money),
              below: `${formatCount(endpoint.spent.requests)} requests; ${asked > 0 ? briefPercent(failed / asked) : "none"} unanswered`,
            },
      ]}
    />
  );
}

function Scores({ run, sae, interpretation }: PartProps & { readonly interpretation: Interpretation }) {
  const { query } = route.value;
  const kinds = kindsOf(interpretation);
  const kind = kinds.find((one) => one === query["score"]) ?? defaultKind(kinds, interpretation.primary);
  const split = SPLITS.find(([one]) => one === query["split"])?.[0] ?? "all";
  if (kind === undefined) return <p class="quiet">Nothing was scored.</p>;
  const rows = rowsOf(interpretation, kind, split);
  const explainer =
    (rows.find((row) => row.explainer === query["explainer"]) ?? rows[0])?.explainer ?? "chosen";
  const shown = { interpretation, kind, split, explainer };
  return (
    <>
      <section class="part">
        <header>
          <h2>Scores and controls</h2>
          <div class="score-choices">
            {kinds.length > 1 && (
              <Choice<ScoreKind>
                label="Score"
                value={kind}
                options={kinds.map((one) => [one, one] as const)}
                onChange={(next) => setQuery({ score: next === interpretation.primary ? null : next })}
              />
            )}
            <Choice<Split>
              label="Units"
              value={split}
              options={SPLITS}
              onChange={(next) => setQuery({ split: next === "all" ? null : next })}
            />
          </div>
        </header>
        <p class="note">
          <dfn tabIndex={0} {...explainedBy(definitionOf(kind))}>
            {kind}
          </dfn>
          : {definitionOf(kind)} Each cell: mean over units with its 95 % interval (units resampled), median
          and number of units; the upright line is chance.
        </p>
        <ScoreTable
          {...shown}
          onExplainer={(next) => setQuery({ explainer: next === rows[0]?.explainer ? null : next })}
        />
      </section>
      <section class="part">
        <h2>
          How scores spread{" "}
          <small class="of-explainer">
            <bdi>{plainText(explainer)}</bdi>, {kind}
          </small>
        </h2>
        <p class="note">
          Share of the units by score, on common axes. Grey outline: the features. Dashed: chance. Solid: the
          median.
        </p>
        <ScoreHistograms {...shown} />
      </section>
      <section class="part">
        <ScoreFigures run={run} sae={sae} {...shown} />
      </section>
    </>
  );
}

function defaultKind(kinds: readonly ScoreKind[], primary: ScoreKind): ScoreKind | undefined {
  return kinds.includes(primary) ? primary : kinds[0];
}
