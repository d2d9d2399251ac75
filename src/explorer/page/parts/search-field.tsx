/** A field that searches while one types, once the typing rests; `/` reaches it from anywhere on the page. */

import { useEffect, useRef, useState } from "preact/hooks";

/** Typing rests this long before it is searched for. */
const REST_MS = 180;

export interface SearchFieldProps {
  /** What the address says. */
  readonly value: string;
  readonly placeholder: string;
  readonly label: string;
  /** Null when nothing but spaces is left. */
  readonly search: (words: string | null) => void;
}

export function SearchField({ value, placeholder, label, search }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // Back and Forward change the address from outside; typing does not.
    if (timer.current === undefined) setText(value);
  }, [value]);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const { target } = event;
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) return;
      event.preventDefault();
      input.current?.select();
      input.current?.focus();
    };
    addEventListener("keydown", focus);
    return () => {
      removeEventListener("keydown", focus);
      clearTimeout(timer.current);
    };
  }, []);
  const type = (words: string) => {
    setText(words);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      timer.current = undefined;
      search(words.trim() === "" ? null : words);
    }, REST_MS);
  };
  return (
    <input
      ref={input}
      class="search"
      type="search"
      value={text}
      placeholder={placeholder}
      aria-label={label}
      aria-keyshortcuts="/"
      spellcheck={false}
      autocomplete="off"
      maxLength={200}
      onInput={(event) => type(event.currentTarget.value)}
    />
  );
}
