/** What all ratings add up to: points of features and neurons beside the paper's, and how far raters agree. */

import type { RatingResults, Rubric } from "../../api.ts";
import { CRITERIA } from "../../../interpretation/ratings/rubric.ts";
import { formatCount } from "../../../report/format.ts";
import { seriesColour } from "../charts/colours.ts";
import { exported } from "../data/data.ts";
import { useApi } from "../data/use-api.ts";
import { explainedBy } from "../run/evaluation-table.tsx";
import { scoreText } from "../../../report/scores/score-words.ts";
import { Nothing, Problem, Waiting } from "../shell/states.tsx";
import { plainText } from "../tokens/token-text.ts";
import { download, ratingsAsCsv } from "./download.ts";
import { TotalHistogram, totalShares } from "./total-histogram.tsx";

/** Bricken et al. 2023: one rater, 412 intervals of 162 features and neurons. */
const PUBLISHED = { feature: 12, neuron: 0 } as const;

const ALPHA =
  "Krippendorff’s alpha over intervals that several people rated: 1 where they agree, 0 where they agree no more than by chance, below 0 where they contradict each other.";

export function RatingResultsView({ path, name }: { path: string; name: string }) {
  const { data, error, again } = useApi<RatingResults>(path);
  if (error !== null) return <Problem error={error} again={again} />;
  if (data === undefined) return <Waiting what="Adding up" />;
  const { ratings, raters, medians, agreement } = data;
  if (ratings.length === 0)
    return (
      <Nothing title="No ratings yet">
        <p>{exported ? "This export has none." : "They are counted here from the first one on."}</p>
      </Nothing>
    );
  const totalsOf = (kind: "feature" | "neuron") =>
    ratings.filter((rating) => rating.kind === kind).map(({ total }) => total);
  const [features, neurons] = [totalsOf("feature"), totalsOf("neuron")];
  const top = Math.max(0.1, ...totalShares(features), ...totalShares(neurons));
  return (
    <>
      <section class="part" aria-label="Points">
        <header>
          <h2>Points</h2>
          <span class="downloads">
            <button
              type="button"
              onClick={() => download(`ratings-${name}.csv`, "text/csv", ratingsAsCsv(ratings))}
            >
              CSV
            </button>
            <button
              type="button"
              onClick={() =>
                download(`ratings-${name}.json`, "application/json", `${JSON.stringify(data, null, 2)}\n`)
              }
            >
              JSON
            </button>
          </span>
        </header>
        <p class="note">
          Each rating is of one activation interval, given without knowing of which unit. Solid line: the
          median here. Dashed: the median of Bricken et al. 2023, of 412 intervals; more than 8 points they
          call quite interpretable.
        </p>
        <div class="pair">
          <TotalHistogram
            title="Features"
            totals={features}
            median={medians.feature}
            published={PUBLISHED.feature}
            top={top}
            colour={seriesColour(0)}
          />
          <TotalHistogram
            title="Neurons"
            totals={neurons}
            median={medians.neuron}
            published={PUBLISHED.neuron}
            top={top}
            colour={seriesColour(1)}
          />
        </div>
      </section>
      <section class="part" aria-label="Agreement">
        <h2>
          Criteria and agreement <small class="of-explainer">mean points</small>
        </h2>
        <CriterionTable ratings={ratings} agreement={agreement} />
        <p class="note">
          {formatCount(ratings.length)} ratings by{" "}
          {raters.length === 1 ? "one person" : `${formatCount(raters.length)} people`} (
          <bdi>{plainText(raters.join(", "))}</bdi>);{" "}
          {agreement.items === 0
            ? "no interval was rated by two, so there is no agreement to measure."
            : `${formatCount(agreement.items)} intervals rated by more than one.`}
        </p>
      </section>
    </>
  );
}

function CriterionTable({ ratings, agreement }: Pick<RatingResults, "ratings" | "agreement">) {
  const mean = (kind: "feature" | "neuron", key: keyof Rubric | "total") => {
    const values = ratings.flatMap((rating) =>
      rating.kind === kind && rating[key] !== null ? [rating[key]] : [],
    );
    return values.length === 0
      ? "–"
      : (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1);
  };
  const rows = [
    ...CRITERIA.map(({ key, title, question, levels }) => ({
      key,
      title,
      question,
      most: String(levels.length - 1),
    })),
    { key: "total" as const, title: "Total", question: "Sum of the points.", most: "14" },
  ];
  return (
    <div class="scroll">
      <table class="numbers criteria">
        <thead>
          <tr>
            <th scope="col">Criterion</th>
            <th scope="col" class="n">
              Most
            </th>
            <th scope="col" class="n">
              Features
            </th>
            <th scope="col" class="n">
              Neurons
            </th>
            <th scope="col" class="n">
              <dfn tabIndex={0} {...explainedBy(ALPHA)}>
                Agreement α
              </dfn>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, title, question, most }) => (
            <tr key={key}>
              <th scope="row">
                <dfn tabIndex={0} {...explainedBy(question)}>
                  {title}
                </dfn>
              </th>
              <td class="n">{most}</td>
              <td class="n">{mean("feature", key)}</td>
              <td class="n">{mean("neuron", key)}</td>
              <td class="n">{scoreText(agreement[key])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
