/** All dictionaries of all runs that this explorer was given, beside each other: numbers, the frontier, densities. */

import { useMemo, useState } from "preact/hooks";
import { Choice } from "../parts/choice.tsx";
import { DensityOverlay } from "./density-overlay.tsx";
import { explainedBy } from "../run/evaluation-table.tsx";
import { FrontierPlot, type FrontierDot } from "./frontier-plot.tsx";
import { formatCount } from "../../../report/format.ts";
import { seriesColour } from "../charts/colours.ts";
import { evaluationRow, intervalText, valueText, type EvaluationRow } from "../run/evaluation-numbers.ts";
import { comparedOf, sortedBy, type Compared } from "./frontier.ts";
import { href, route, setQuery, there } from "../shell/router.ts";
import { runs } from "../shell/runs.ts";
import { Nothing } from "../shell/states.tsx";
import "../charts/charts.css";
import "./compare.css";

const COLUMNS: readonly { readonly row: EvaluationRow; readonly label: string; readonly down: boolean }[] = [
  { row: evaluationRow("d_sae"), label: "Features", down: true },
  { row: evaluationRow("loss_recovered_zero"), label: "Loss recovered", down: true },
  { row: evaluationRow("loss_recovered_mean"), label: "… mean abl.", down: true },
  { row: evaluationRow("l0"), label: "L0", down: false },
  { row: evaluationRow("explained_variance"), label: "Expl. variance", down: true },
  { row: evaluationRow("ce_clean"), label: "Loss, clean", down: false },
  { row: evaluationRow("ce_sae"), label: "with SAE", down: false },
  { row: evaluationRow("ce_increase"), label: "Increase", down: false },
  { row: evaluationRow("dead_fraction"), label: "Dead", down: false },
  { row: evaluationRow("ultralow_fraction"), label: "Ultralow", down: false },
];

const HEIGHTS = {
  recovered: { row: evaluationRow("loss_recovered_zero"), words: "loss recovered", higher: true },
  variance: { row: evaluationRow("explained_variance"), words: "variance", higher: true },
  increase: { row: evaluationRow("ce_increase"), words: "loss increase", higher: false },
} as const;
type Height = keyof typeof HEIGHTS;

export function ComparePage() {
  const all = useMemo(() => comparedOf(runs.value ?? []), [runs.value]);
  const { query } = route.value;
  const [strong, emphasise] = useState<string | null>(null);
  const hidden = new Set((query["hide"] ?? "").split("|"));
  const several = (runs.value ?? []).length > 1;
  const nameOf = ({ run, name }: Compared) =>
    several ? (run.saes.length > 1 ? `${run.name} · ${name}` : run.name) : name;
  const sort = COLUMNS.find(({ row }) => row.field === query["sort"]);
  const descending = query["order"] === undefined ? (sort?.down ?? false) : query["order"] === "down";
  const rows =
    query["sort"] === "name"
      ? sortedBy(all, nameOf, descending)
      : sort === undefined
        ? all
        : sortedBy(all, ({ evaluation }) => evaluation?.[sort.row.field], descending);
  if (all.length === 0)
    return (
      <Nothing title="No dictionary to compare">
        <p>No run that is shown here has one yet.</p>
      </Nothing>
    );
  const shown = all.filter(({ id, evaluation }) => evaluation !== null && !hidden.has(id));
  const toggle = (id: string) => {
    const next = hidden.has(id) ? [...hidden].filter((one) => one !== id) : [...hidden, id];
    setQuery({ hide: next.filter((one) => one !== "").join("|") || null });
  };
  const sortBy = (field: string, down: boolean) => {
    const again = query["sort"] === field;
    setQuery({ sort: field, order: (again ? !descending : down) ? "down" : "up" });
  };
  const head = (field: string, down: boolean) => ({
    "aria-pressed": query["sort"] === field,
    onClick: () => sortBy(field, down),
  });
  const arrow = (field: string) => (query["sort"] === field ? (descending ? " ↓" : " ↑") : "");
  return (
    <div class="page">
      <header class="page-head">
        <h1>Compare</h1>
        <p class="page-sub">
          {all.length === 1 ? "One dictionary" : `${formatCount(all.length)} dictionaries`}
          {several && ` of ${formatCount(runs.value!.length)} runs`}
        </p>
      </header>
      {all.length === 1 && (
        <p class="quiet">
          <code>monosemantic explore RUN OTHER-RUN</code>, or a folder that holds several, shows them here
          together.
        </p>
      )}
      <Cautions shown={shown} />
      <Figures shown={shown} nameOf={nameOf} strong={strong} onPoint={emphasise} />
      <section class="part">
        <h2>Evaluations</h2>
        <div class="scroll">
          <table class="compared">
            <thead>
              <tr>
                <th scope="col" class="sticky">
                  <button type="button" {...head("name", false)}>
                    Dictionary{arrow("name")}
                  </button>
                </th>
                {COLUMNS.map(({ row, label, down }) => (
                  <th
                    key={row.field}
                    scope="col"
                    class="n"
                    aria-sort={
                      query["sort"] === row.field ? (descending ? "descending" : "ascending") : "none"
                    }
                  >
                    <button type="button" {...head(row.field, down)} {...explainedBy(row.definition)}>
                      {label}
                      {arrow(row.field)}
                    </button>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => (
                <tr
                  key={one.id}
                  class={hidden.has(one.id) ? "hidden-row" : undefined}
                  onMouseEnter={() => emphasise(one.id)}
                  onMouseLeave={() => emphasise(null)}
                >
                  <th scope="row" class="sticky">
                    <button
                      type="button"
                      class="swatch-button"
                      aria-pressed={!hidden.has(one.id)}
                      aria-label={`${nameOf(one)} in the figures`}
                      title={hidden.has(one.id) ? "Draw it" : "Do not draw it"}
                      disabled={one.evaluation === null}
                      onClick={() => toggle(one.id)}
                    >
                      <i class="swatch" style={{ background: seriesColour(one.place) }} />
                    </button>
                    <a href={href(there({ page: "run", run: one.run.id, sae: one.name }))}>
                      <bdi>{nameOf(one)}</bdi>
                    </a>
                  </th>
                  {one.evaluation === null ? (
                    <td colSpan={COLUMNS.length} class="quiet-cell">
                      {one.run.status === "running" ? "training" : "not evaluated"}
                    </td>
                  ) : (
                    COLUMNS.map(({ row }) => {
                      const interval = intervalText(row, one.evaluation!);
                      return (
                        <td key={row.field} class="n">
                          {valueText(row, one.evaluation!)}
                          {interval !== null && <small>{interval}</small>}
                        </td>
                      );
                    })
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}

/** Numbers of different places in different models are no match for each other. */
function Cautions({ shown }: { shown: readonly Compared[] }) {
  const hooks = [...new Set(shown.map(({ run }) => `${run.model ?? "?"} ${run.hook ?? "?"}`))];
  const tokens = new Set(shown.map(({ evaluation }) => evaluation!.tokens));
  const losses = new Set(shown.map(({ evaluation }) => evaluation!.ce_clean.toPrecision(6)));
  const notes = [
    hooks.length > 1 &&
      `They read different models or hook points (${hooks.join("; ")}): loss recovered and explained variance do not compare.`,
    hooks.length <= 1 && losses.size > 1 && "They were evaluated on different texts: compare with care.",
    hooks.length <= 1 &&
      losses.size <= 1 &&
      tokens.size > 1 &&
      "They were evaluated on different numbers of tokens, so dead and ultralow features do not compare.",
  ].filter((note) => note !== false);
  return (
    <>
      {notes.map((note) => (
        <p key={note} class="caution">
          {note}
        </p>
      ))}
    </>
  );
}

interface FiguresProps {
  readonly shown: readonly Compared[];
  readonly nameOf: (one: Compared) => string;
  readonly strong: string | null;
  readonly onPoint: (id: string | null) => void;
}

function Figures({ shown, nameOf, strong, onPoint }: FiguresProps) {
  const chosen: Height =
    (Object.keys(HEIGHTS) as Height[]).find((one) => one === route.value.query["y"]) ?? "recovered";
  const { row, higher } = HEIGHTS[chosen];
  if (shown.length === 0) return <p class="quiet">No evaluation is drawn.</p>;
  const dots = shown.flatMap((one): FrontierDot[] => {
    const y = one.evaluation![row.field];
    if (y === null) return [];
    const interval = row.interval === undefined ? null : one.evaluation![row.interval];
    return [
      {
        id: one.id,
        run: one.run.id,
        name: one.name,
        words: nameOf(one),
        colour: seriesColour(one.place),
        x: one.evaluation!.l0,
        y,
        interval,
        features: one.dSae,
      },
    ];
  });
  return (
    <section class="part">
      <div class="pair wide">
        {dots.length > 1 && (
          <figure>
            <figcaption class="with-choice">
              <h2>Frontier</h2>
              <Choice<Height>
                label="Upwards"
                value={chosen}
                options={(Object.keys(HEIGHTS) as Height[]).map((one) => [one, HEIGHTS[one].words] as const)}
                onChange={(next) => setQuery({ y: next === "recovered" ? null : next })}
              />
            </figcaption>
            <FrontierPlot
              dots={dots}
              title={row.label}
              percent={row.kind === "percent"}
              higher={higher}
              strong={strong}
              onPoint={onPoint}
            />
          </figure>
        )}
        <figure>
          <figcaption class="with-choice">
            <h2>Densities</h2>
          </figcaption>
          <DensityOverlay
            shown={shown.map(({ id, place, evaluation }) => ({
              id,
              colour: seriesColour(place),
              evaluation: evaluation!,
            }))}
            strong={strong}
          />
        </figure>
      </div>
    </section>
  );
}
