/** Finds a unit by token, word or number: a field with the best matches below it, reached by pointer or arrows. */

import { useEffect, useId, useState } from "preact/hooks";
import type { UnitKind } from "../../../features/units.ts";
import type { SaeSummary, UnitList, UnitRow } from "../../api.ts";
import { choiceOf, listParameters } from "../data/list-query.ts";
import { brief } from "../charts/numbers.ts";
import { saePath } from "../shell/runs.ts";
import { TokenChip } from "../tokens/token.tsx";
import { useApi } from "../data/use-api.ts";
import { Words } from "../tokens/words.tsx";

export interface UnitFinderProps {
  readonly run: string;
  readonly sae: SaeSummary;
  readonly kind: UnitKind;
  readonly label: string;
  readonly onPick: (index: number, row: UnitRow | null) => void;
}

const SHOWN = 8;
const REST_MS = 160;

export function UnitFinder({ run, sae, kind, label, onPick }: UnitFinderProps) {
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  const id = useId();
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const analysed = sae.analyses.some((one) => one.kind === kind);
  const path =
    asked === "" || !analysed
      ? null
      : saePath(
          run,
          sae.name,
          `units?${listParameters({ ...choiceOf({ sort: "max" }), kind, q: asked }, 0)}`,
        );
  const found = useApi<UnitList>(path);
  const rows = asked === "" ? [] : (found.data?.rows ?? []).slice(0, SHOWN);
  const pick = (row: UnitRow | undefined) => {
    const number = /^\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : null;
    const index = row?.index ?? number;
    if (index === null) return;
    setText("");
    setAsked("");
    setOpen(false);
    onPick(index, row ?? null);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      // What was typed just now may not have been looked for yet: a number is meant as such.
      pick(asked === text.trim() ? rows[at] : undefined);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      setAt((now) => Math.min(rows.length - 1, Math.max(0, now + by)));
    } else if (event.key === "Escape") setOpen(false);
  };
  return (
    <div class="finder" onFocusOut={() => setTimeout(() => setOpen(false), 150)}>
      <input
        type="search"
        list={undefined}
        role="combobox"
        aria-expanded={open && rows.length > 0}
        aria-controls={id}
        aria-activedescendant={rows.length > 0 ? `${id}-${at}` : undefined}
        aria-label={label}
        placeholder={label}
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onKeyDown={onKey}
      />
      {open && asked !== "" && (
        <ul class="finder-list" id={id} role="listbox">
          {found.error !== null && <li class="failed">{found.error}</li>}
          {found.error === null && found.data !== undefined && !found.stale && rows.length === 0 && (
            <li class="quiet">Nothing found</li>
          )}
          {rows.map((row, place) => (
            <li
              key={row.index}
              id={`${id}-${place}`}
              role="option"
              aria-selected={place === at}
              onMouseDown={(event) => {
                event.preventDefault();
                pick(row);
              }}
              onMouseEnter={() => setAt(place)}
            >
              <b>{row.index}</b>
              <span class="chips">
                {row.explanation === null ? (
                  row.tokens.slice(0, 4).map((token, i) => <TokenChip key={i} token={token} />)
                ) : (
                  <Words words={row.explanation} />
                )}
              </span>
              <small>{row.max > 0 ? `max ${brief(row.max)}` : "dead"}</small>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
