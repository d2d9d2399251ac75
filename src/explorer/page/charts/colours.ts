/** Colours by role, for drawings: as CSS variables, or resolved for a canvas, which knows no variables. */

const SERIES = 6;

/** Of the nth dictionary; they repeat after six. */
export function seriesColour(index: number): string {
  return `var(--series${(index % SERIES) + 1})`;
}

/** What a colour with variables is at this element now, in the theme that is on. */
export function resolvedColour(element: HTMLElement, colour: string): string {
  const before = element.style.color;
  element.style.color = colour;
  const resolved = getComputedStyle(element).color;
  element.style.color = before;
  return resolved;
}

/** From rare to frequent. Frequent ones stand out from the paper of either theme. */
const RAMPS = {
  light: ["#e3c98f", "#9cbd8e", "#4d9a80", "#1c6b5a", "#173c46"],
  dark: ["#5a4a2a", "#56704a", "#4a9a80", "#7fd0b8", "#e2f5ea"],
} as const;

/** `count` colours along the ramp of a theme. */
export function densityColours(theme: "light" | "dark", count: number): readonly string[] {
  const stops = RAMPS[theme].map(channels);
  return Array.from({ length: count }, (_, i) => {
    const along = (i / Math.max(1, count - 1)) * (stops.length - 1);
    const at = Math.min(stops.length - 2, Math.floor(along));
    const mixed = stops[at]!.map((from, c) => Math.round(from + (stops[at + 1]![c]! - from) * (along - at)));
    return `rgb(${mixed.join(" ")})`;
  });
}

function channels(hex: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}
