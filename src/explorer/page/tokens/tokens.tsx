/**
 * A row of tokens: activation as background, what taking the unit away does to a token's loss as underline. Pointer and keyboard
 * reach every token: one is a tab stop, arrows go on from there, Enter selects. With `align` the row is one line with a token in a
 * fixed place, so that a column of rows reads like a concordance; otherwise it wraps.
 */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { hideTip, showTip } from "../shell/tip.tsx";
import { tokenContent } from "./token.tsx";
import { sharedPieces } from "./split-characters.ts";

export interface TokenRowProps {
  /** Those of the whole text; which of them are shown is said by `from` and `to`. */
  readonly tokens: readonly string[];
  readonly from: number;
  readonly to: number;
  /** Of each position; `max` has the full colour. */
  readonly activations: ArrayLike<number>;
  readonly max: number;
  /** Change of each position's loss without the unit, nats; `effectMax` has the full colour. */
  readonly effects?: ArrayLike<number> | null | undefined;
  readonly effectMax?: number;
  /** The position that the row is about. */
  readonly centre?: number | null;
  readonly align?: boolean;
  /** Whether line breaks break the line. */
  readonly breaks?: boolean;
  readonly selected?: number | null;
  /** What the tip says of a position. */
  readonly describe: (position: number) => ComponentChildren;
  readonly onSelect?: (position: number) => void;
  /** The pointer or the focus is on a position; null when it leaves. */
  readonly onPoint?: (position: number | null) => void;
  /** Names the row for those who hear it. */
  readonly label: string;
}

/** Effects below this share of the strongest are not drawn. */
const FAINTEST = 0.04;

export function TokenRow(props: TokenRowProps) {
  const {
    from,
    to,
    centre = null,
    align = false,
    selected = null,
    describe,
    onSelect,
    onPoint,
    label,
  } = props;
  const row = useRef<HTMLDivElement>(null);
  const stop = selected ?? (centre !== null && centre >= from && centre < to ? centre : from);

  useEffect(() => {
    const of = selected === null ? null : tokenAt(row.current, selected);
    if (of === null || of === document.activeElement) return;
    of.scrollIntoView({ block: "nearest" });
    showTip(of, describe(selected!));
    // Only when it becomes selected: what the tip says later is up to pointer and focus.
  }, [selected]);

  const point = (event: Event) => {
    const of = tokenOf(event);
    if (of === null) return;
    showTip(of, describe(positionOf(of)));
    onPoint?.(positionOf(of));
  };
  const leave = (event: Event) => {
    hideTip(tokenOf(event) ?? undefined);
    onPoint?.(null);
  };
  const select = (event: Event) => {
    const of = tokenOf(event);
    if (of === null) return;
    of.focus({ preventScroll: true });
    showTip(of, describe(positionOf(of)));
    onSelect?.(positionOf(of));
  };
  const { tokens, activations, max, effects, effectMax, breaks } = props;
  const split = align && centre !== null ? Math.min(to, Math.max(from, centre)) : from;
  // The tip's words and the handlers may be new functions each time; the tokens are drawn anew only when they look different.
  const drawn = useMemo(
    () => [drawTokens(props, from, split, stop), drawTokens(props, split, to, stop)],
    [tokens, activations, max, effects, effectMax, breaks, centre, selected, from, split, to, stop],
  );
  return (
    <div
      ref={row}
      class={align ? "tokens aligned" : props.breaks === true ? "tokens broken" : "tokens"}
      role="group"
      aria-label={label}
      onMouseOver={point}
      onMouseOut={leave}
      onFocusIn={point}
      onFocusOut={leave}
      onClick={select}
      onKeyDown={(event) => onKey(event, select)}
    >
      {align && centre !== null ? (
        <>
          <span class="before">
            <span>{drawn[0]}</span>
          </span>
          <span class="after">{drawn[1]}</span>
        </>
      ) : (
        drawn
      )}
    </div>
  );
}

function drawTokens(props: TokenRowProps, start: number, end: number, stop: number): ComponentChildren[] {
  const { tokens, activations, max, effects, effectMax = 1, centre, selected, breaks = false } = props;
  const shared = sharedPieces(tokens);
  const shown = [];
  for (let position = start; position < end; position++) {
    const token = tokens[position]!;
    const activation = max > 0 ? Math.min(1, Math.max(0, (activations[position] ?? 0) / max)) : 0;
    const effect = effects === null || effects === undefined ? 0 : (effects[position] ?? 0) / effectMax;
    const style: Record<string, string> = {};
    let kind = "t";
    if (activation > 0) {
      kind += " on";
      style["--a"] = activation.toFixed(3);
    }
    if (Math.abs(effect) >= FAINTEST) {
      kind += effect > 0 ? " helps" : " hurts";
      style["--e"] = Math.min(1, Math.abs(effect)).toFixed(3);
    }
    if (position === centre) kind += " peak";
    if (position === selected) kind += " selected";
    shown.push(
      <span key={position} class={kind} style={style} data-t={position} tabIndex={position === stop ? 0 : -1}>
        {tokenContent(token, { breaks, pieces: shared[position] })}
      </span>,
    );
  }
  return shown;
}

function tokenOf(event: Event): HTMLElement | null {
  return event.target instanceof Element ? event.target.closest<HTMLElement>("[data-t]") : null;
}

function positionOf(token: HTMLElement): number {
  return Number(token.dataset["t"]);
}

function tokenAt(row: Element | null, position: number): HTMLElement | null {
  return row?.querySelector<HTMLElement>(`[data-t="${position}"]`) ?? null;
}

function onKey(event: KeyboardEvent, select: (event: Event) => void): void {
  const of = tokenOf(event);
  if (of === null || event.ctrlKey || event.metaKey || event.altKey) return;
  const next = nextToken(of, event.key);
  if (next !== undefined) {
    event.preventDefault();
    next?.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    select(event);
  } else if (event.key === "Escape") {
    hideTip();
  }
}

/** Where an arrow leads: null at the end, undefined for other keys. */
function nextToken(of: HTMLElement, key: string): HTMLElement | null | undefined {
  const row = of.closest(".tokens")!;
  if (key === "ArrowRight") return tokenAt(row, positionOf(of) + 1);
  if (key === "ArrowLeft") return tokenAt(row, positionOf(of) - 1);
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  const rows = [...document.querySelectorAll(".tokens")];
  const other = rows[rows.indexOf(row) + (key === "ArrowDown" ? 1 : -1)];
  return other?.querySelector<HTMLElement>('[data-t][tabindex="0"]') ?? null;
}
