/** Light or dark: as the system has it, until someone chooses. The choice is kept where the browser allows it. */

import { computed, signal } from "@preact/signals";

type Theme = "light" | "dark";

const KEY = "monosemantic-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const systemTheme = signal<Theme>(system.matches ? "dark" : "light");
const chosen = signal<Theme | null>(stored());

export const theme = computed<Theme>(() => chosen.value ?? systemTheme.value);

export function startTheme(): void {
  system.addEventListener("change", () => {
    systemTheme.value = system.matches ? "dark" : "light";
  });
  theme.subscribe((now) => {
    document.documentElement.dataset["theme"] = now;
  });
}

/** The other one. Choosing what the system has anyway follows the system again. */
export function toggleTheme(): void {
  const next = theme.value === "dark" ? "light" : "dark";
  chosen.value = next === systemTheme.value ? null : next;
  try {
    if (chosen.value === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen.value);
  } catch {
    // A page opened as a file may have no storage.
  }
}

function stored(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null;
  }
}
