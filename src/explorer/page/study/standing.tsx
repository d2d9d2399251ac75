/** How far a study is: a square a part, stage by stage, and a line for each part that runs, waits in a queue or failed. */

import { STAGES } from "../../../study/plan.ts";
import { counted } from "../../../study/report/words.ts";
import type { StandingPart, StudyStanding } from "../../study-api.ts";
import { hideTip, showTip } from "../shell/tip.tsx";

/** Lines of one kind that are shown at once. */
const SHOWN = 12;
const SPOKEN = ["failed", "running", "interrupted", "queued"] as const;

export function Standing({ standing }: { standing: StudyStanding }) {
  const { parts, done, complete } = standing;
  const lines = SPOKEN.flatMap((status) => {
    const those = parts.filter((part) => part.status === status && (status !== "queued" || part.sentence));
    return [...those.slice(0, SHOWN).map(partLine), ...more(status, those.length - SHOWN)];
  });
  const remarks = parts.filter(({ status, sentence }) => status === "done" && sentence !== null);
  const failed = parts.filter(({ status }) => status === "failed").length;
  return (
    <section class="part standing">
      <header>
        <h2>Parts</h2>
        <p class="readout-at" role="status">
          {complete
            ? `all ${counted(parts.length, "part")} done`
            : `${done} of ${counted(parts.length, "part")} done`}
          {failed > 0 && <span class="failed">, {failed} failed</span>}
          {parts.some(({ status }) => status === "running") && <span class="live">live</span>}
        </p>
      </header>
      <div class="stages">
        {STAGES.map((stage) => {
          const those = parts.filter((part) => part.stage === stage);
          if (those.length === 0) return null;
          return (
            <div key={stage} class="stage">
              <span class="stage-name">{stage}</span>
              <span class="squares">
                {those.map((part) => (
                  <Square key={part.name} part={part} />
                ))}
              </span>
              <small>
                {those.filter(({ status }) => status === "done").length} of {those.length}
              </small>
            </div>
          );
        })}
      </div>
      {lines.length > 0 && <ul class="part-lines">{lines}</ul>}
      {remarks.length > 0 && <ul class="part-lines">{remarks.slice(0, SHOWN).map(partLine)}</ul>}
    </section>
  );
}

function Square({ part }: { part: StandingPart }) {
  const { name, status, progress } = part;
  const show = (event: Event) =>
    showTip(
      event.currentTarget as Element,
      <>
        <p>
          <b>{name}</b>
        </p>
        <p>{words(part)}</p>
      </>,
    );
  const hide = (event: Event) => hideTip(event.currentTarget as Element);
  return (
    <i
      class={`square ${status}`}
      style={progress?.share === null || progress === null ? undefined : { "--share": progress.share }}
      role="img"
      aria-label={`${name}: ${status}`}
      onMouseEnter={show}
      onMouseLeave={hide}
    />
  );
}

function words({ status, sentence, progress, attempts }: StandingPart): string {
  const parts = [
    progress === null ? status : `${progress.words} on ${progress.host}`,
    ...(attempts > 1 ? [counted(attempts, "attempt")] : []),
    ...(sentence === null ? [] : [sentence]),
  ];
  return parts.join("; ");
}

function partLine(part: StandingPart) {
  const { name, status, progress } = part;
  return (
    <li key={name} class={status}>
      <b>{name}</b>
      {progress?.share !== null && progress !== null && (
        <progress max={1} value={progress.share} aria-label={`${name}, share that is done`} />
      )}
      <span>{progress === null && status !== "done" ? `${status}${rest(part)}` : words(part)}</span>
    </li>
  );
}

function rest({ sentence, attempts }: StandingPart): string {
  return `${attempts > 1 ? ` after ${counted(attempts, "attempt")}` : ""}${sentence === null ? "" : `: ${sentence}`}`;
}

function more(status: string, count: number) {
  return count > 0
    ? [
        <li key={`more ${status}`} class="quiet">
          and {count} more {status}
        </li>,
      ]
    : [];
}
