/** A run: how its dictionaries are or were trained, how faithful they are, and how often their features fire. */

import { useMemo } from "preact/hooks";
import type { Quality, RunSummary, SaeSummary } from "../../api.ts";
import { formatCount, formatTime } from "../../../report/format.ts";
import { DensityHistogram } from "./density-histogram.tsx";
import { EvaluationTable } from "./evaluation-table.tsx";
import { Facts } from "../parts/facts.tsx";
import { LossLine } from "./loss-line.tsx";
import { RarePlot } from "./rare-plot.tsx";
import { Training } from "./training.tsx";
import { seriesColour } from "../charts/colours.ts";
import { evaluationOf, evaluationRow, intervalText, valueText } from "./evaluation-numbers.ts";
import { sentence } from "../data/data.ts";
import type { PageProps } from "../page.ts";
import { href, there } from "../shell/router.ts";
import { RUNS } from "../shell/runs.ts";
import { Waiting } from "../shell/states.tsx";
import { useApi } from "../data/use-api.ts";
import "../charts/charts.css";

export function RunPage({ run, sae }: PageProps) {
  const colourOf = useMemo(() => {
    const places = new Map(run.saes.map(({ name }, index) => [name, index]));
    return (name: string) => seriesColour(places.get(name) ?? 0);
  }, [run]);
  return (
    <div class="page">
      <Head run={run} />
      {sae !== null && <Headline sae={sae} several={run.saes.length > 1} />}
      <Training run={run} chosen={sae?.name ?? null} />
      <Faithfulness run={run} sae={sae} colourOf={colourOf} />
      <Densities run={run} sae={sae} colourOf={colourOf} />
    </div>
  );
}

const STATUS: Readonly<Record<RunSummary["status"], string>> = {
  running: "training",
  complete: "complete",
  failed: "failed",
  interrupted: "interrupted",
};

function Head({ run: { name, status, error, hook, model, started, saes } }: { run: RunSummary }) {
  return (
    <header class="page-head">
      <h1>
        <bdi>{name}</bdi>
        <span class={`status ${status}`}>{STATUS[status]}</span>
      </h1>
      <p class="page-sub">
        {[
          model,
          hook,
          saes.length === 1
            ? `${formatCount(saes[0]!.dSae)} features`
            : saes.length === 0
              ? "no dictionary yet"
              : `${formatCount(saes.length)} dictionaries`,
          started === null ? null : `started ${formatTime(started)}`,
        ]
          .filter((part) => part !== null)
          .map((part, at) => (
            <span key={at}>{part}</span>
          ))}
      </p>
      {error !== null && (
        <p class="failed" role="alert">
          {sentence(new Error(error))}
        </p>
      )}
    </header>
  );
}

function Headline({ sae, several }: { sae: SaeSummary; several: boolean }) {
  const evaluation = evaluationOf(sae);
  if (evaluation === null) return null;
  const recovered = evaluationRow("loss_recovered_zero");
  const variance = evaluationRow("explained_variance");
  const dead = Math.round(evaluation.dead_fraction * evaluation.d_sae);
  return (
    <>
      {several && (
        <p class="note">
          <bdi>{sae.name}</bdi>, the dictionary that is chosen above
        </p>
      )}
      <Facts
        facts={[
          {
            name: "Loss recovered",
            value: valueText(recovered, evaluation),
            below: intervalText(recovered, evaluation) ?? "against zero ablation",
          },
          {
            name: "Loss increase",
            value: valueText(evaluationRow("ce_increase"), evaluation),
            below: "nats a token",
          },
          {
            name: "L0",
            value: valueText(evaluationRow("l0"), evaluation),
            below: `median ${formatCount(evaluation.l0_median)}`,
          },
          {
            name: "Explained variance",
            value: valueText(variance, evaluation),
            below: intervalText(variance, evaluation) ?? "",
          },
          {
            name: "Dead",
            value: valueText(evaluationRow("dead_fraction"), evaluation),
            below: `${formatCount(dead)} of ${formatCount(evaluation.d_sae)}`,
          },
        ]}
      />
    </>
  );
}

interface PartProps {
  readonly run: RunSummary;
  readonly colourOf: (name: string) => string;
}

function Faithfulness({ run, sae, colourOf }: PartProps & { readonly sae: SaeSummary | null }) {
  const evaluation = sae === null ? null : evaluationOf(sae);
  if (run.saes.every((one) => one.evaluation === null))
    return run.status === "running" ? null : (
      <section class="part">
        <h2>Evaluation</h2>
        <p class="quiet">
          Not evaluated yet: <code>monosemantic evaluate</code> measures the loss with the dictionary in
          place.
        </p>
      </section>
    );
  return (
    <section class="part">
      <h2>Evaluation</h2>
      {evaluation !== null && <LossLine evaluation={evaluation} />}
      <EvaluationTable saes={run.saes} colourOf={colourOf} />
    </section>
  );
}

function Densities({ run, sae: chosen, colourOf }: PartProps & { readonly sae: SaeSummary | null }) {
  const evaluated = run.saes.filter((sae) => sae.evaluation !== null);
  const quality = useApi<Quality>(
    evaluated.length === 0 ? null : `${RUNS}/${encodeURIComponent(run.id)}/quality`,
  );
  if (evaluated.length === 0) return null;
  return (
    <>
      <section class="part">
        <h2>Densities</h2>
        <div class="pair">
          {evaluated.map((sae) => {
            const evaluation = evaluationOf(sae)!;
            return (
              <figure key={sae.name}>
                <figcaption>
                  {evaluated.length > 1 && <b>{sae.name}</b>}
                  <small>
                    {formatCount(evaluation.d_sae)} features, median density{" "}
                    {valueText(evaluationRow("density_median"), evaluation)}
                    {sae.analyses.length > 0 && (
                      <>
                        {" "}
                        ·{" "}
                        <a
                          href={href(
                            there({
                              page: "features",
                              sae: sae.name,
                              query: { sort: "density", order: "up" },
                            }),
                          )}
                        >
                          rarest first
                        </a>
                      </>
                    )}
                  </small>
                </figcaption>
                <DensityHistogram evaluation={evaluation} colour={colourOf(sae.name)} />
              </figure>
            );
          })}
        </div>
      </section>
      <section class="part">
        <h2>Rare features</h2>
        {quality.error !== null ? (
          <p class="failed">
            {quality.error}{" "}
            <button type="button" onClick={quality.again}>
              Try again
            </button>
          </p>
        ) : quality.data === undefined ? (
          <Waiting what="Reading the densities" />
        ) : (
          <Rare sae={chosen ?? evaluated[0]!} run={run} quality={quality.data} colourOf={colourOf} />
        )}
      </section>
    </>
  );
}

/** Of one dictionary: the one that is chosen. */
function Rare({
  run,
  sae,
  quality,
  colourOf,
}: PartProps & { readonly sae: SaeSummary; readonly quality: Quality }) {
  const evaluation = evaluationOf(sae);
  const of = quality.saes.find(({ name }) => name === sae.name);
  return (
    <>
      {run.saes.length > 1 && (
        <p class="note">
          <bdi>{sae.name}</bdi>, the dictionary that is chosen above
        </p>
      )}
      {evaluation === null ? (
        <p class="quiet">It is not evaluated.</p>
      ) : of === undefined ? (
        <p class="quiet">There is no features.safetensors beside its evaluation.</p>
      ) : (
        <RarePlot
          key={sae.name}
          evaluation={evaluation}
          quality={of}
          colour={colourOf(sae.name)}
          analysed={sae.analyses.some(({ kind }) => kind === "feature")}
        />
      )}
    </>
  );
}
