/** A column of a study's table that says which setting each trial had: its levels, in an order, and which one each trial has. */

export type FactorValue = string | number | boolean | null;

/** By name: the value of every trial. All have one length. */
export type FactorTable = Readonly<Record<string, readonly FactorValue[]>>;

export interface Factor {
  readonly name: string;
  /** "Not given" first, then false, true, numbers ascending, strings by code unit. */
  readonly levels: readonly FactorValue[];
  /** Of each trial: which level. */
  readonly codes: Uint32Array;
  /** Every level is a number. */
  readonly isNumeric: boolean;
}

export function factorOf(name: string, values: readonly FactorValue[]): Factor {
  const levels = [...new Set(values)].sort(byKind);
  const code = new Map(levels.map((level, i) => [level, i]));
  return {
    name,
    levels,
    codes: Uint32Array.from(values, (value) => code.get(value)!),
    isNumeric: levels.every((level) => typeof level === "number"),
  };
}

/**
 * The trials whose outcome is known, and the factors as they are among these. One with a single level there says nothing, and is left
 * out.
 */
export function factorsWhereKnown(
  table: FactorTable,
  outcome: readonly (number | null)[],
): { readonly kept: readonly number[]; readonly factors: readonly Factor[] } {
  const kept = outcome.flatMap((value, i) => (value !== null && Number.isFinite(value) ? [i] : []));
  const factors = Object.entries(table)
    .map(([name, values]) => {
      if (values.length !== outcome.length) {
        throw new Error(`factor ${name} has ${values.length} values, the outcome ${outcome.length}`);
      }
      return factorOf(
        name,
        kept.map((i) => values[i]!),
      );
    })
    .filter(({ levels }) => levels.length > 1);
  return { kept, factors };
}

export function levelName(level: FactorValue): string {
  return level === null ? "not given" : String(level);
}

const KINDS = ["boolean", "number", "string"];

function byKind(a: FactorValue, b: FactorValue): number {
  const kind = (value: FactorValue) => (value === null ? -1 : KINDS.indexOf(typeof value));
  if (kind(a) !== kind(b)) return kind(a) - kind(b);
  if (typeof a === "string") return a < (b as string) ? -1 : 1;
  return Number(a) - Number(b);
}
