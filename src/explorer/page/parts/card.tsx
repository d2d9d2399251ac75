/** A part of a page under a heading, with room for a remark and for what changes its display. */

import type { ComponentChildren } from "preact";

export interface CardProps {
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly controls?: ComponentChildren;
  readonly id?: string;
  readonly children: ComponentChildren;
}

export function Card({ title, note, controls, id, children }: CardProps) {
  return (
    <section class="card" id={id}>
      <header>
        <h2>{title}</h2>
        {controls !== undefined && <div class="controls">{controls}</div>}
      </header>
      {note !== undefined && <p class="note">{note}</p>}
      {children}
    </section>
  );
}
