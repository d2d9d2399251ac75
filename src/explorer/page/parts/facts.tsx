/** A few numbers that come first on a page, large, with what they are above and what they rest on below. */

export interface FactsProps {
  readonly facts: readonly { readonly name: string; readonly value: string; readonly below: string }[];
}

export function Facts({ facts }: FactsProps) {
  return (
    <dl class="facts">
      {facts.map(({ name, value, below }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            <small>{below}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}
