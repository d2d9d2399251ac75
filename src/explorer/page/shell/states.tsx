/** What stands where data will be, where there is none, and where it could not be had. */

import type { ComponentChildren } from "preact";

/** Appears only after a moment (see the style sheet), so that quick answers do not flicker. */
export function Waiting({ what }: { what: string }) {
  return (
    <div class="state waiting" role="status">
      <span class="pulse" aria-hidden="true" />
      {what}…
    </div>
  );
}

export function Nothing({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state nothing">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export interface ProblemProps {
  /** A sentence. */
  readonly error: string;
  readonly again?: () => void;
  /** Where else to go. */
  readonly children?: ComponentChildren;
}

export function Problem({ error, again, children }: ProblemProps) {
  return (
    <div class="state problem" role="alert">
      <h2>This could not be loaded</h2>
      <p>{error}</p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
      {children !== undefined && <p class="elsewhere">{children}</p>}
    </div>
  );
}
