/** Which rows of a long list are drawn, and which have to be asked for. Rows have one height, so both are arithmetic. */

export interface Seen {
  /** First row drawn, and the one behind the last. */
  readonly first: number;
  readonly end: number;
}

/** Rows in view, and `spare` more at either side. */
export function rowsSeen(
  scrollTop: number,
  height: number,
  rowHeight: number,
  total: number,
  spare: number,
): Seen {
  const first = Math.max(0, Math.min(total, Math.floor(scrollTop / rowHeight) - spare));
  const end = Math.min(total, Math.ceil((scrollTop + height) / rowHeight) + spare);
  return { first, end: Math.max(first, end) };
}

/** Offsets of the chunks that hold these rows. */
export function chunksFor({ first, end }: Seen, chunk: number): readonly number[] {
  const offsets: number[] = [];
  if (first >= end) return offsets;
  for (let offset = Math.floor(first / chunk) * chunk; offset < end; offset += chunk) offsets.push(offset);
  return offsets;
}

/** Where to scroll so that a row is in view, moving no further than needed. */
export function scrollFor(row: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + rowHeight - height);
}

/** The row that a key leads to from `row`; undefined for keys that lead nowhere. */
export function rowAfter(key: string, row: number, total: number, perScreen: number): number | undefined {
  const steps: Record<string, number> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + perScreen,
    PageUp: row - perScreen,
    Home: 0,
    End: total - 1,
  };
  const next = steps[key];
  return next === undefined ? undefined : Math.max(0, Math.min(total - 1, next));
}
