/** A line of the list; in a narrow window the same elements are a card. */

import type { UnitRow } from "../../api.ts";
import type { UnitKind } from "../../../features/units.ts";
import { prefetchSoon } from "../data/data.ts";
import { href, there } from "../shell/router.ts";
import { plainText } from "../tokens/token-text.ts";
import { TokenChip } from "../tokens/token.tsx";
import { Sparkline } from "./sparkline.tsx";
import { brief, briefPercent } from "../charts/numbers.ts";
import { scoreText } from "../../../report/scores/score-words.ts";

export interface ListRowProps {
  readonly row: UnitRow | undefined;
  readonly kind: UnitKind;
  readonly at: number;
  readonly top: number;
  readonly current: boolean;
  readonly pathOf: (index: number) => string;
}

const TOKENS = 6;
const LOGITS = 4;

export function ListRow({ row, kind, at, top, current, pathOf }: ListRowProps) {
  const place = { transform: `translateY(${top}px)` };
  if (row === undefined)
    return (
      <div class="row empty" style={place} aria-hidden="true">
        <span />
      </div>
    );
  return (
    <a
      id={`row-${at}`}
      role="option"
      aria-selected={current}
      class={`row${current ? " current" : ""}${row.density === 0 ? " dead" : ""}`}
      style={place}
      href={href(there({ page: "unit", unit: { kind, index: row.index } }))}
      tabIndex={-1}
      onMouseEnter={() => prefetchSoon(pathOf(row.index))}
      onMouseLeave={() => prefetchSoon(null)}
    >
      <b class="number">{row.index}</b>
      <Sparkline counts={row.sparkline} />
      <span class="what">
        {row.explanation !== null && (
          <span class="said">
            <bdi>{plainText(row.explanation)}</bdi>
          </span>
        )}
        <span class="chips">
          {row.density === 0
            ? "never active"
            : row.tokens.slice(0, TOKENS).map((token, i) => <TokenChip key={i} token={token} />)}
        </span>
      </span>
      <span class="chips raised" title="Tokens that it makes more likely">
        {row.logits.slice(0, LOGITS).map((token, i) => (
          <TokenChip key={i} token={token} />
        ))}
      </span>
      <span class="n density">
        {row.density === 0 ? "dead" : briefPercent(row.density)}
        {row.singleToken === true && (
          <i title="Single token: the same one in all of its 20 strongest contexts">1</i>
        )}
      </span>
      <span class="n max">{row.max > 0 ? brief(row.max) : "–"}</span>
      <span class="n entropy">{row.entropy === null ? "–" : brief(row.entropy, 2)}</span>
      <span class="n score">{scoreText(row.score)}</span>
    </a>
  );
}
