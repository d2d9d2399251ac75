/**
 * What an explanation predicts beside what the unit does, on the same text: the upper half behind a token is its real activation, the
 * lower half the prediction. Where both halves agree, a token looks as if it had one colour.
 */

import { useMemo, useState } from "preact/hooks";
import type { ShownTask } from "../../api.ts";
import { formatCount } from "../../../report/format.ts";
import { Choice } from "../parts/choice.tsx";
import { brief } from "../charts/numbers.ts";
import { hideTip, showTip } from "../shell/tip.tsx";
import { route, setQuery } from "../shell/router.ts";
import { tokenContent } from "../tokens/token.tsx";
import { escapedToken } from "../tokens/token-text.ts";
import { sharedPieces } from "../tokens/split-characters.ts";
import {
  disagreement,
  groupWords,
  inOrder,
  type ExcerptOrder,
  type SimulatedExcerpt,
} from "./simulation-order.ts";

type SimulationTask = Extract<ShownTask, { readonly type: "simulation" }>;

/** Excerpts that are shown at first. */
const FIRST = 16;

export function SimulatedExcerpts({ task: { scale, excerpts } }: { task: SimulationTask }) {
  const [all, showAll] = useState(false);
  const order: ExcerptOrder = route.value.query["excerpts"] === "group" ? "group" : "disagreement";
  const sorted = useMemo(() => inOrder(excerpts, order), [excerpts, order]);
  const shown = all ? sorted : sorted.slice(0, FIRST);
  const failed = excerpts.filter(({ simulated }) => simulated === null).length;
  return (
    <section class="shown-task">
      <header>
        <h3>
          Predicted beside real{" "}
          <small>
            {formatCount(excerpts.length)} excerpts, 0 to {scale}
            {failed > 0 && `; ${formatCount(failed)} without a usable answer, left out of the score`}
          </small>
        </h3>
        <Choice<ExcerptOrder>
          label="Order of the excerpts"
          value={order}
          options={[
            ["disagreement", "largest disagreement"],
            ["group", "by group"],
          ]}
          onChange={(next) => setQuery({ excerpts: next === "group" ? "group" : null })}
        />
      </header>
      <p class="key simulation-key">
        <span>
          <i class="half real" aria-hidden="true" /> above: real activation
        </span>
        <span>
          <i class="half predicted" aria-hidden="true" /> below: predicted from the explanation
        </span>
        <span>left: how far apart on average</span>
      </p>
      {shown.map((excerpt, at) => (
        <Excerpt key={`${order}.${at}`} excerpt={excerpt} scale={scale} />
      ))}
      {sorted.length > FIRST && (
        <button type="button" class="quiet-button more" onClick={() => showAll(!all)}>
          {all ? "Fewer" : `All ${formatCount(sorted.length)}`}
        </button>
      )}
    </section>
  );
}

function Excerpt({ excerpt, scale }: { excerpt: SimulatedExcerpt; scale: number }) {
  const { tokens, real, simulated } = excerpt;
  const apart = disagreement(excerpt);
  const shared = sharedPieces(tokens);
  const describe = (event: Event) => {
    const of = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-t]") : null;
    if (of === null) return;
    const at = Number(of.dataset["t"]);
    showTip(
      of,
      <>
        <p class="tip-token">
          <bdi>{escapedToken(tokens[at] ?? "")}</bdi>
          <span>{groupWords(excerpt)}</span>
        </p>
        <dl>
          <dt>Real</dt>
          <dd>
            {brief(real[at] ?? 0, 2)} <small>of {scale}</small>
          </dd>
          <dt>Predicted</dt>
          <dd>{simulated === null ? "no usable answer" : brief(simulated[at] ?? 0, 2)}</dd>
        </dl>
      </>,
    );
  };
  const words = tokens
    .flatMap((token, at) =>
      (real[at] ?? 0) > 0 || (simulated?.[at] ?? 0) >= 0.5
        ? `${escapedToken(token)} ${brief(real[at] ?? 0, 2)}/${simulated === null ? "–" : brief(simulated[at] ?? 0, 2)}`
        : [],
    )
    .join(", ");
  return (
    <div class="context simulated">
      <span
        class="value apart"
        title={apart === null ? "No prediction to compare" : "Mean difference of predicted and real"}
        style={{ "--w": apart === null ? "0" : Math.min(1, apart / scale).toFixed(3) }}
      >
        {apart === null ? "–" : apart.toFixed(1)}
      </span>
      <div
        class="tokens halves"
        role="group"
        tabIndex={0}
        aria-label={`${groupWords(excerpt)}: ${words === "" ? "silent and predicted silent" : `real/predicted ${words}`}`}
        onMouseOver={describe}
        onMouseOut={() => hideTip()}
      >
        {tokens.map((token, at) => (
          <span
            key={at}
            class={simulated === null ? "h failed-half" : "h"}
            style={{
              "--r": Math.min(1, Math.max(0, (real[at] ?? 0) / scale)).toFixed(3),
              "--p": Math.min(1, Math.max(0, (simulated?.[at] ?? 0) / scale)).toFixed(3),
            }}
            data-t={at}
          >
            {tokenContent(token, { pieces: shared[at] })}
          </span>
        ))}
      </div>
      <span class="excerpt-group">
        {groupWords(excerpt)}
        {simulated === null && <em> no usable answer</em>}
      </span>
    </div>
  );
}
