/**
 * The one tip of the page: what stands behind the thing that the pointer or the keyboard's focus is on. Rows of hundreds of tokens
 * share it, so a token costs one element and no listener.
 */

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Shown {
  readonly of: Element;
  readonly content: ComponentChildren;
}

const shown = signal<Shown | null>(null);
const MARGIN = 8;

/** Shows `content` beside an element. Whatever it shows is text: nothing of it is ever read as HTML. */
export function showTip(of: Element, content: ComponentChildren): void {
  shown.value = { of, content };
}

/** Hides it, where it is still the one of `of`; without an element, in any case. */
export function hideTip(of?: Element): void {
  if (of === undefined || shown.peek()?.of === of) shown.value = null;
}

export function Tip() {
  const box = useRef<HTMLDivElement>(null);
  const now = shown.value;
  useLayoutEffect(() => {
    const tip = box.current;
    if (now === null || tip === null) return undefined;
    place(tip, now.of);
    const follow = () => {
      // Focus scrolls to what it goes to, and must not lose the tip by that.
      if (now.of === document.activeElement && isInView(now.of)) place(tip, now.of);
      else hideTip();
    };
    addEventListener("scroll", follow, { passive: true, capture: true });
    return () => removeEventListener("scroll", follow, { capture: true });
  }, [now]);
  if (now === null) return null;
  return (
    <div class="tip" id="tip" role="tooltip" ref={box}>
      {now.content}
    </div>
  );
}

function isInView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < document.documentElement.clientHeight;
}

/** Below the element, above it where there is no room, never outside the window. */
function place(box: HTMLElement, of: Element): void {
  const target = of.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const left = Math.min(
    Math.max(MARGIN, target.left + target.width / 2 - width / 2),
    clientWidth - width - MARGIN,
  );
  const below = target.bottom + MARGIN;
  const top =
    below + height <= clientHeight - MARGIN ? below : Math.max(MARGIN, target.top - height - MARGIN);
  box.style.left = `${Math.max(MARGIN, left)}px`;
  box.style.top = `${top}px`;
}
