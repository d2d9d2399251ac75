/** Settings of an experiment as state, kept in step with the address: written there when they rest, read from there on Back. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { GenerationRequest } from "../../api.ts";
import { route, setQuery } from "../shell/router.ts";
import { queryOf, settingsOf } from "./steering.ts";

const REST_MS = 250;

export function useSettings(
  defaults: GenerationRequest,
): readonly [GenerationRequest, (changes: Partial<GenerationRequest>) => void] {
  const [settings, setSettings] = useState(() => settingsOf(route.value.query, defaults));
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(settings);
  latest.current = settings;
  const { query } = route.value;

  useEffect(() => {
    if (timer.current !== undefined) return;
    const said = settingsOf(query, defaults);
    const before = queryOf(latest.current, defaults);
    // A prompt that is too long for the address is not taken from there either.
    if (JSON.stringify(queryOf(said, defaults)) !== JSON.stringify(before)) setSettings(said);
  }, [query]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const change = (changes: Partial<GenerationRequest>) => {
    const next = { ...latest.current, ...changes };
    latest.current = next;
    setSettings(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      timer.current = undefined;
      setQuery(queryOf(next, defaults));
    }, REST_MS);
  };
  return [settings, change];
}
