/** What the list's score is. Which kind it is depends on the interpretation, so the first unit in view that has one is asked. */

import type { UnitPage } from "../../api.ts";
import { api } from "../data/data.ts";
import { definitionOf } from "../../../report/scores/score-words.ts";
import { hideTip, showTip } from "../shell/tip.tsx";

const WHAT =
  "How well activations are predicted from the explanation that stands for the unit, on documents that it was not made from.";

let pointed: Element | null = null;

/** @param path of a unit with a score; null where none is in view */
export function scoreTip(path: string | null) {
  const show = (event: Event) => {
    const of = event.currentTarget as Element;
    pointed = of;
    showTip(of, <p>{WHAT}</p>);
    if (path === null) return;
    api<UnitPage>(path).then(
      ({ explanations, row }) => {
        const kind = explanations.find(({ score }) => score === row.score)?.scoreKind;
        if (pointed !== of || kind === null || kind === undefined) return;
        showTip(
          of,
          <>
            <p>{WHAT}</p>
            <p class="tip-note">
              <b>{kind}</b>: {definitionOf(kind)}
            </p>
          </>,
        );
      },
      () => undefined,
    );
  };
  const hide = (event: Event) => {
    pointed = null;
    hideTip(event.currentTarget as Element);
  };
  return { onMouseEnter: show, onFocus: show, onMouseLeave: hide, onBlur: hide };
}
