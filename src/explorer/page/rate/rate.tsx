/**
 * Blind rating, after Bricken et al. 2023: intervals of features and neurons in mixed order, none of them named. Every rating is on the
 * server before the next interval appears, so that one can stop at any time and go on later.
 */

import { useState } from "preact/hooks";
import { formatCount } from "../../../report/format.ts";
import { exported } from "../data/data.ts";
import type { PageProps } from "../page.ts";
import { Choice } from "../parts/choice.tsx";
import { NotAnalysed } from "../parts/not-analysed.tsx";
import { route, setQuery } from "../shell/router.ts";
import { saePath } from "../shell/runs.ts";
import { Problem, Waiting } from "../shell/states.tsx";
import { plainText } from "../tokens/token-text.ts";
import { LONGEST_NAME, raterName, setRater } from "./rater.ts";
import { RatingForm } from "./rating-form.tsx";
import { RatingResultsView } from "./results.tsx";
import { useItem } from "./use-item.ts";
import "../charts/charts.css";
import "./rate.css";

export function RatePage({ run, sae }: PageProps) {
  if (sae === null) return null;
  if (sae.analyses.length === 0) return <NotAnalysed run={run} does="finds the contexts that can be rated" />;
  const isResults = exported || route.value.query["view"] === "results";
  const base = saePath(run.id, sae.name, "");
  const rater = raterName();
  return (
    <div class="page rate">
      <header class="page-head">
        <div class="with-choice">
          <h1>{isResults ? "Ratings" : "Rate"}</h1>
          {!exported && (
            <Choice
              label="What to show"
              value={isResults ? "results" : "rate"}
              options={[
                ["rate", "Rate"],
                ["results", "Results"],
              ]}
              onChange={(view) => setQuery({ view: view === "results" ? "results" : null }, false)}
            />
          )}
        </div>
      </header>
      {isResults ? (
        <RatingResultsView path={`${base}ratings`} name={`${run.id}-${sae.name}`} />
      ) : rater === null ? (
        <AskName />
      ) : (
        <Rater key={`${base} ${rater}`} base={base} rater={rater} name={`${run.id}-${sae.name}`} />
      )}
    </div>
  );
}

function AskName() {
  const [name, setName] = useState("");
  return (
    <form
      class="ask-name"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") setRater(name.trim());
      }}
    >
      <p>
        You will see activation intervals of features and neurons, in mixed order and without being told which
        is which. For each, say what the unit means, then give points for how well the interval fits. Every
        rating is kept as soon as it is given; stop whenever you like and go on later.
      </p>
      <label>
        <span>Your name, by which your ratings are told from others’</span>
        <input
          type="text"
          value={name}
          maxLength={LONGEST_NAME}
          autocomplete="nickname"
          autofocus
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={name.trim() === ""}>
        Begin
      </button>
    </form>
  );
}

function Rater({ base, rater, name }: { base: string; rater: string; name: string }) {
  const rating = useItem(base, rater);
  const { item, error, again } = rating;
  if (error !== null)
    return (
      <Problem error={error} again={again}>
        <button type="button" class="quiet-button" onClick={() => setRater(null)}>
          Another name
        </button>
      </Problem>
    );
  if (item === null) return <Waiting what="Looking for an interval to rate" />;
  const { done, total } = item;
  return (
    <>
      <div class="rate-progress">
        <progress value={done} max={Math.max(1, total)} aria-label="Rated" />
        <span role="status">
          {formatCount(done)} of {formatCount(total)} rated
        </span>
        <span class="who">
          by <bdi>{plainText(rater)}</bdi>
          <button type="button" class="quiet-button" onClick={() => setRater(null)}>
            Somebody else
          </button>
        </span>
      </div>
      {item.item === null ? (
        <>
          <p class="conclusion finished">
            {total === 0
              ? "There is nothing to rate: no feature or neuron has contexts in enough intervals."
              : `All ${formatCount(total)} intervals are rated. Thank you.`}
          </p>
          <RatingResultsView path={`${base}ratings`} name={name} />
        </>
      ) : (
        <RatingForm
          key={item.item}
          item={{ ...item, item: item.item }}
          place={`${base} ${rater} ${item.item}`}
          rating={rating}
        />
      )}
    </>
  );
}
