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

/** `error` is a sentence. */
export function Problem({ error, again }: { error: string; again?: () => void }) {
  return (
    <div class="state problem" role="alert">
      <h2>This could not be loaded</h2>
      <p>{error}</p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}
