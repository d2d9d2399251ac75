/**
 * The report's colours, by role. Plots name them as CSS variables, so the page can turn dark without drawing anything twice;
 * SVG files get the light values written in, since slide programs do not know variables. No series has the red of `bad`, which marks ultralow and rare features.
 */

export const LIGHT = {
  paper: "#fbfaf7",
  raised: "#ffffff",
  ink: "#1d1c1a",
  soft: "#5c5952",
  faint: "#8f8b82",
  rule: "#e2dfd6",
  wash: "#f1efe8",
  accent: "#1c6b5a",
  caution: "#a4551a",
  bad: "#a63d2d",
  series1: "#1c6b5a",
  series2: "#c47d1e",
  series3: "#7c4f82",
  series4: "#4c6e91",
  series5: "#7b8133",
  series6: "#b0688a",
} as const;

export type Role = keyof typeof LIGHT;

export const DARK: Record<Role, string> = {
  paper: "#161614",
  raised: "#1e1e1b",
  ink: "#ecebe5",
  soft: "#b3b0a7",
  faint: "#858279",
  rule: "#35342f",
  wash: "#22221f",
  accent: "#66c2aa",
  caution: "#e0a35c",
  bad: "#e6876f",
  series1: "#66c2aa",
  series2: "#e3ad5a",
  series3: "#c59bca",
  series4: "#8fb5d8",
  series5: "#bac26f",
  series6: "#e3a3bf",
};

const SERIES = 6;

/** The colour as a CSS variable, for drawings inside the page. */
export function colour(role: Role): string {
  return `var(--${role})`;
}

/** The colour of the nth SAE; they repeat after six. */
export function seriesColour(index: number): string {
  return colour(`series${(index % SERIES) + 1}` as Role);
}

export function variables(values: Record<Role, string>): string {
  return Object.entries(values)
    .map(([role, value]) => `--${role}:${value}`)
    .join(";");
}

/** `svg` with every variable replaced by its light value. */
export function withLightColours(svg: string): string {
  return svg.replace(/var\(--([a-z0-9]+)\)/g, (variable, role: string) => LIGHT[role as Role] ?? variable);
}
