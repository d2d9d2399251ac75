/** Yes-or-no questions that were answered from an explanation alone: which were right, which wrong, and which had no usable answer. */

import type { ShownTask } from "../../api.ts";
import { formatCount } from "../../../report/format.ts";
import { TokenChip, tokenContent } from "../tokens/token.tsx";
import { sharedPieces } from "../tokens/split-characters.ts";
import { briefPercent } from "../charts/numbers.ts";

type JudgedTask = Extract<ShownTask, { readonly type: "detection" | "fuzzing" | "logits" }>;
type Item = JudgedTask["items"][number];
type IntruderTask = Extract<ShownTask, { readonly type: "intruder" }>;

export function outcomeOf({ label, yes }: Item): "right" | "wrong" | "unanswered" {
  return yes === null ? "unanswered" : yes === label ? "right" : "wrong";
}

const ORDER = { wrong: 0, unanswered: 1, right: 2 };
const FIRST = 12;

const QUESTIONS = {
  detection: { title: "Detection", asks: "Is it active in this excerpt?", yes: "active", no: "not active" },
  fuzzing: {
    title: "Fuzzing",
    asks: "Are the marked tokens those that it is active on?",
    yes: "rightly marked",
    no: "wrongly marked",
  },
} as const;

/** Excerpts, the wrong ones first. */
export function JudgedExcerpts({ task }: { task: JudgedTask & { readonly type: "detection" | "fuzzing" } }) {
  const { title, asks, yes, no } = QUESTIONS[task.type];
  const items = [...task.items].sort((a, b) => ORDER[outcomeOf(a)] - ORDER[outcomeOf(b)]);
  const row = (item: Item, at: number) => {
    const outcome = outcomeOf(item);
    return (
      <li key={at} class={`judged ${outcome}`}>
        <span class="outcome">{outcome === "unanswered" ? "no answer" : outcome}</span>
        <MarkedTokens tokens={item.tokens} marked={item.marked} />
        <small>
          is {item.label ? yes : no}
          {item.yes !== null && item.yes !== item.label && `, said ${item.yes ? yes : no}`}
          {item.probability !== null && ` · yes with ${briefPercent(item.probability)}`}
        </small>
      </li>
    );
  };
  return (
    <section class="shown-task">
      <header>
        <h3>
          {title} <small>{asks}</small>
        </h3>
        <Tally items={task.items} />
      </header>
      <ul class="judged-list">{items.slice(0, FIRST).map(row)}</ul>
      {items.length > FIRST && (
        <details>
          <summary>The other {formatCount(items.length - FIRST)}</summary>
          <ul class="judged-list">{items.slice(FIRST).map(row)}</ul>
        </details>
      )}
    </section>
  );
}

/** Tokens of the logit test in the four ways that an answer can turn out. */
export function JudgedTokens({ task }: { task: JudgedTask }) {
  const of = (label: boolean, yes: boolean | null) =>
    task.items.filter((item) => item.label === label && item.yes === yes);
  const unanswered = task.items.filter(({ yes }) => yes === null);
  const groups = [
    { words: "Rightly said to be more likely", kind: "right", items: of(true, true) },
    { words: "Missed", kind: "wrong", items: of(true, false) },
    { words: "Wrongly said to be", kind: "wrong", items: of(false, true) },
    { words: "Rightly said not to be", kind: "right", items: of(false, false) },
    { words: "No usable answer", kind: "unanswered", items: unanswered },
  ].filter(({ items }) => items.length > 0);
  return (
    <section class="shown-task">
      <header>
        <h3>
          Logit test <small>Does it make this token more likely as the next one?</small>
        </h3>
        <Tally items={task.items} />
      </header>
      <dl class="judged-tokens">
        {groups.map(({ words, kind, items }) => (
          <div key={words} class={kind}>
            <dt>
              {words} <small>{formatCount(items.length)}</small>
            </dt>
            <dd class="chips-wrapped">
              {items.map(({ tokens }, at) => (
                <TokenChip key={at} token={tokens[0] ?? ""} />
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Trials of five excerpts of which one does not belong. */
export function IntruderTrials({ task: { trials } }: { task: IntruderTask }) {
  const right = trials.filter(({ intruder, answer }) => intruder === answer).length;
  return (
    <section class="shown-task">
      <header>
        <h3>
          Intruder <small>Which of the excerpts is it not active in?</small>
        </h3>
        <span class="tally">
          {formatCount(right)} of {formatCount(trials.length)} found
        </span>
      </header>
      {trials.map(({ excerpts, intruder, answer }, trial) => (
        <details key={trial} open={trial === 0}>
          <summary>
            Trial {trial + 1}:{" "}
            {answer === null ? "no usable answer" : answer === intruder ? "found" : "not found"}
          </summary>
          <ul class="judged-list">
            {excerpts.map((tokens, at) => (
              <li key={at} class={`judged ${at === intruder ? "intruder" : ""}`}>
                <span class="outcome">
                  {at === intruder ? "intruder" : ""}
                  {at === answer && (at === intruder ? ", found" : "chosen")}
                </span>
                <MarkedTokens tokens={tokens} marked={[]} />
              </li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}

function Tally({ items }: { items: readonly Item[] }) {
  const count = (wanted: string) => items.filter((item) => outcomeOf(item) === wanted).length;
  const unanswered = count("unanswered");
  return (
    <span class="tally">
      {formatCount(count("right"))} right, {formatCount(count("wrong"))} wrong
      {unanswered > 0 && `, ${formatCount(unanswered)} without an answer`}
    </span>
  );
}

function MarkedTokens({ tokens, marked }: { tokens: readonly string[]; marked: readonly number[] }) {
  const shared = sharedPieces(tokens);
  return (
    <span class="tokens">
      {tokens.map((token, at) => {
        const content = tokenContent(token, { pieces: shared[at] });
        return marked.includes(at) ? (
          <mark key={at} class="t">
            {content}
          </mark>
        ) : (
          <span key={at} class="t">
            {content}
          </span>
        );
      })}
    </span>
  );
}
