/**
 * The five criteria, all of it by keys: digits give points and go on to what is missing, arrows move between criteria, Enter sends.
 * The keys work from anywhere on the page but its text fields.
 */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { MOST_POINTS } from "../../../interpretation/ratings/rubric.ts";
import {
  asked,
  nextMissing,
  pointsOfDigit,
  runningTotal,
  type Criterion,
  type CriterionKey,
  type Points,
} from "./points.ts";

export interface RubricFormProps {
  readonly points: Points;
  readonly onPoints: (points: Points) => void;
  readonly onSubmit: (points: Points) => void;
  readonly sending: boolean;
  readonly unsent: string | null;
  /** Whether the first criterion takes the focus when the form appears. */
  readonly focused: boolean;
}

export function RubricForm({ points, onPoints, onSubmit, sending, unsent, focused }: RubricFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [keys, showKeys] = useState(false);
  const criteria = asked(points);
  const missing = nextMissing(points, null);
  const focus = (key: CriterionKey | "submit") =>
    form.current?.querySelector<HTMLElement>(`[data-focus="${key}"]`)?.focus();
  // Keys may come faster than the page is drawn: what they give and where they lead counts at once.
  const latest = useRef(points);
  latest.current = points;
  const goal = useRef<CriterionKey | "submit" | null>(null);
  const give = (key: CriterionKey, value: number, to?: CriterionKey) => {
    latest.current = { ...latest.current, [key]: value };
    onPoints(latest.current);
    goal.current = to ?? nextMissing(latest.current, key) ?? "submit";
    // A criterion that has just appeared can take the focus after the next drawing only.
    requestAnimationFrame(() => {
      if (goal.current !== null) focus(goal.current);
      goal.current = null;
    });
  };
  const submit = () => {
    const lacking = nextMissing(latest.current, null);
    if (lacking === null) onSubmit(latest.current);
    else focus(lacking);
  };
  const onKey = (event: KeyboardEvent) => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement) return;
    if (target instanceof HTMLSelectElement) return;
    const within = target instanceof Element ? target.closest<HTMLElement>("[data-criterion]") : null;
    const now = asked(latest.current);
    const lacking = nextMissing(latest.current, null);
    const at = now.findIndex(({ key }) => key === (goal.current ?? within?.dataset["criterion"]));
    const current = now[at] ?? now.find(({ key }) => key === lacking);
    if (event.key === "?") {
      event.preventDefault();
      showKeys((shown) => !shown);
    } else if (event.key === "Enter") {
      // Links and the page's other buttons keep their own Enter.
      const isOwn = target === document.body || (target instanceof Node && form.current?.contains(target));
      if (isOwn !== true || (target as Element).closest(".quiet-button") !== null) return;
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (within === null) return;
      event.preventDefault();
      const next = now[at + (event.key === "ArrowDown" ? 1 : -1)];
      goal.current = null;
      if (next !== undefined) focus(next.key);
    } else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && within !== null && current) {
      event.preventDefault();
      const given = latest.current[current.key];
      const step = event.key === "ArrowRight" ? 1 : -1;
      const value = given === undefined ? 0 : Math.max(0, Math.min(current.levels.length - 1, given + step));
      give(current.key, value, current.key);
    } else {
      const value = current === undefined ? null : pointsOfDigit(event.key, current);
      if (current === undefined || value === null) return;
      event.preventDefault();
      give(current.key, value);
    }
  };
  const listener = useRef(onKey);
  listener.current = onKey;
  useLayoutEffect(() => {
    const listen = (event: KeyboardEvent) => listener.current(event);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
  useLayoutEffect(() => {
    if (focused) focus(missing ?? "submit");
  }, []);
  return (
    <form
      ref={form}
      class="rubric"
      aria-label="Rubric"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {criteria.map((criterion) => (
        <CriterionRow
          key={criterion.key}
          criterion={criterion}
          value={points[criterion.key]}
          onGive={(value) => give(criterion.key, value)}
        />
      ))}
      <div class="rubric-foot">
        <output class="running-total" aria-label="Points so far">
          <b>{runningTotal(points)}</b> of {MOST_POINTS}
        </output>
        <button
          type="submit"
          class="submit"
          data-focus="submit"
          aria-disabled={missing !== null}
          disabled={sending}
        >
          {sending ? "Sending…" : unsent === null ? "Next" : "Send again"} <kbd>Enter</kbd>
        </button>
        <button type="button" class="quiet-button" aria-expanded={keys} onClick={() => showKeys(!keys)}>
          Keys <kbd>?</kbd>
        </button>
      </div>
      {unsent !== null && (
        <p class="failed" role="alert">
          {unsent}
          {/[.!?]$/.test(unsent) ? "" : "."} Nothing that you gave is lost: send it again when that is mended.
        </p>
      )}
      {keys && <Keys />}
    </form>
  );
}

interface RowProps {
  readonly criterion: Criterion;
  readonly value: number | undefined;
  readonly onGive: (value: number) => void;
}

function CriterionRow({ criterion: { key, title, question, levels }, value, onGive }: RowProps) {
  const stop = value ?? 0;
  return (
    <div class={value === undefined ? "criterion" : "criterion given"} data-criterion={key}>
      <p id={`criterion-${key}`}>
        <b>{title}</b> {question}
      </p>
      <div class="levels" role="radiogroup" aria-labelledby={`criterion-${key}`}>
        {levels.map((words, points) => (
          <button
            key={points}
            type="button"
            role="radio"
            aria-checked={value === points}
            tabIndex={points === stop ? 0 : -1}
            data-focus={points === stop ? key : undefined}
            title={words}
            aria-label={`${points}: ${words}`}
            onClick={() => onGive(points)}
          >
            {points}
          </button>
        ))}
        <span class="level-words">{value === undefined ? "" : levels[value]}</span>
      </div>
    </div>
  );
}

function Keys() {
  const keys = [
    ["0 – 5", "points for the criterion, and on to the next"],
    ["↑ ↓ or Tab", "another criterion"],
    ["← →", "fewer or more points"],
    ["Enter", "send, and on to the next interval"],
    ["?", "these keys"],
  ] as const;
  return (
    <dl class="key-list">
      {keys.map(([key, words]) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{words}</dd>
        </div>
      ))}
    </dl>
  );
}
