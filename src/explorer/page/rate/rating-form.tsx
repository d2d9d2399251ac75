/**
 * One interval to be rated: first what the unit seems to mean, from all of its intervals and its logits, which is written down and not
 * rated; then how well one interval of it fits that.
 */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { RatingItem } from "../../api.ts";
import { formatCount } from "../../../report/format.ts";
import { TokenChip } from "../tokens/token.tsx";
import { briefPercent } from "../charts/numbers.ts";
import { keepDraft, readDraft } from "./draft.ts";
import { rubricOf, type Points } from "./points.ts";
import { RatedContexts } from "./rated-contexts.tsx";
import { RubricForm } from "./rubric-form.tsx";
import type { Rating } from "./use-item.ts";

export interface RatingFormProps {
  readonly item: RatingItem & { readonly item: string };
  /** Where its draft is kept. */
  readonly place: string;
  readonly rating: Rating;
}

const LONGEST = 1000;

export function RatingForm({ item, place, rating }: RatingFormProps) {
  const [draft, setDraft] = useState(
    () => readDraft(place) ?? { points: {} as Points, interpretation: item.interpretation },
  );
  const { points, interpretation } = draft;
  const latest = useRef(draft);
  const words = useRef<HTMLTextAreaElement>(null);
  const rated = useRef<HTMLElement>(null);
  const hasWords = useRef(interpretation !== "").current;
  // The first interval of a unit wants words first; the later ones have them already.
  useLayoutEffect(() => {
    scrollTo(0, 0);
    if (!hasWords) words.current?.focus({ preventScroll: true });
  }, []);
  const change = (changes: { points?: Points; interpretation?: string }) => {
    latest.current = { ...latest.current, ...changes };
    // Kept before it is drawn: a reload may come in between.
    keepDraft(place, latest.current);
    setDraft(latest.current);
  };
  const submit = async (given: Points) => {
    const rubric = rubricOf(given);
    if (rubric === null) return;
    if (await rating.send({ ...rubric, interpretation: latest.current.interpretation.trim() }))
      keepDraft(place, null);
  };
  return (
    <div class="rating-columns">
      <div class="rating-evidence">
        <section class="part" aria-label="All intervals">
          <h2>
            1. What does it mean?{" "}
            <small>All of its range, to find an interpretation. This is not what you rate.</small>
          </h2>
          <details open={!hasWords}>
            <summary>Contexts of every interval</summary>
            {item.overview.map(({ interval, contexts }) => (
              <div key={interval} class="overview-interval">
                <h3>{intervalWords(interval, item.intervals)}</h3>
                <RatedContexts contexts={contexts} label={intervalWords(interval, item.intervals)} />
              </div>
            ))}
          </details>
          <h3>
            Tokens that it makes more likely <small>as shares of the largest effect</small>
          </h3>
          {item.logits.length === 0 ? (
            <p class="quiet">There is no linear path from this hook point to the logits.</p>
          ) : (
            <p class="rated-logits">
              {item.logits.map(({ token, value }, at) => (
                <span key={at}>
                  <TokenChip token={token} />
                  <small>{briefPercent(value)}</small>
                </span>
              ))}
            </p>
          )}
          <label class="own-words">
            <span>Your interpretation</span>
            <textarea
              ref={words}
              rows={2}
              maxLength={LONGEST}
              value={interpretation}
              placeholder="What it responds to, as specific as you can. Empty if you see nothing."
              onInput={(event) => change({ interpretation: event.currentTarget.value })}
              onKeyDown={(event) => {
                if ((event.key === "Enter" && !event.shiftKey) || event.key === "Escape") {
                  event.preventDefault();
                  focusRubric();
                  rated.current?.scrollIntoView({ block: "center" });
                }
              }}
            />
          </label>
        </section>
        <section class="part" aria-label="The interval to rate" ref={rated}>
          <h2>
            2. Rate this interval <small>{intervalWords(item.interval, item.intervals)}</small>
          </h2>
          <RatedContexts contexts={item.contexts} label="Rated interval" />
        </section>
      </div>
      <aside class="rating-rubric">
        <h2>How well do they fit?</h2>
        <RubricForm
          points={points}
          onPoints={(next) => change({ points: next })}
          onSubmit={(given) => void submit(given)}
          sending={rating.sending}
          unsent={rating.unsent}
          focused={hasWords}
        />
      </aside>
    </div>
  );
}

function focusRubric(): void {
  document.querySelector<HTMLElement>(".rubric [data-focus]")?.focus({ preventScroll: true });
}

/** Which part of the unit's range, as people say it: 73 – 82 % of its maximum. */
export function intervalWords(interval: number, intervals: number): string {
  const percent = (share: number) => Math.round((100 * share) / intervals);
  return `interval ${formatCount(interval + 1)} of ${formatCount(intervals)}: ${percent(interval)} – ${percent(interval + 1)} % of its maximum`;
}
