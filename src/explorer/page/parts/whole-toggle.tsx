/** The button that shows all of a context, or only what is around its token. */

export interface WholeToggleProps {
  readonly whole: boolean;
  readonly onChange: (whole: boolean) => void;
}

export function WholeToggle({ whole, onChange }: WholeToggleProps) {
  return (
    <button
      type="button"
      onClick={() => onChange(!whole)}
      aria-expanded={whole}
      title={whole ? "Less of this context" : "All of this context"}
      aria-label="The whole context"
    >
      {whole ? "−" : "⋯"}
    </button>
  );
}
