/** Points of the map in square cells, so that the one nearest to a place is found without looking at all of them. */

export class PointGrid {
  readonly #x: readonly number[];
  readonly #y: readonly number[];
  readonly #left: number;
  readonly #bottom: number;
  readonly #cell: number;
  readonly #columns: number;
  readonly #rows: number;
  /** Points of cell c are #order[#starts[c]] … #order[#starts[c + 1] − 1]. */
  readonly #starts: Int32Array;
  readonly #order: Int32Array;

  constructor(
    x: readonly number[],
    y: readonly number[],
    bounds: { readonly left: number; readonly right: number; readonly bottom: number; readonly top: number },
  ) {
    this.#x = x;
    this.#y = y;
    this.#left = bounds.left;
    this.#bottom = bounds.bottom;
    const [width, height] = [bounds.right - bounds.left, bounds.top - bounds.bottom];
    // About two points a cell.
    this.#cell = Math.max(
      Math.sqrt((width * height * 2) / Math.max(1, x.length)),
      Math.max(width, height) / 2000,
    );
    this.#columns = Math.max(1, Math.ceil(width / this.#cell));
    this.#rows = Math.max(1, Math.ceil(height / this.#cell));
    const cells = Int32Array.from(x, (_, at) => this.#row(y[at]!) * this.#columns + this.#column(x[at]!));
    this.#starts = new Int32Array(this.#columns * this.#rows + 1);
    for (const cell of cells) this.#starts[cell + 1]!++;
    for (let cell = 0; cell < this.#columns * this.#rows; cell++)
      this.#starts[cell + 1]! += this.#starts[cell]!;
    const next = this.#starts.slice(0, -1);
    this.#order = new Int32Array(x.length);
    cells.forEach((cell, at) => {
      this.#order[next[cell]!++] = at;
    });
  }

  /** The point nearest to a place, no further than `reach`; null where there is none. */
  nearest(x: number, y: number, reach: number): number | null {
    let best = reach * reach;
    let found: number | null = null;
    this.#each(x - reach, x + reach, y - reach, y + reach, (at) => {
      const distance = (this.#x[at]! - x) ** 2 + (this.#y[at]! - y) ** 2;
      if (distance <= best) [best, found] = [distance, at];
    });
    return found;
  }

  /** The `count` points nearest to a point, itself left out, nearest first. */
  around(of: number, count: number): readonly number[] {
    const [x, y] = [this.#x[of]!, this.#y[of]!];
    const farthest = this.#cell * Math.max(this.#columns, this.#rows) * 2;
    for (let reach = 2 * this.#cell; ; reach *= 2) {
      const near: { readonly at: number; readonly distance: number }[] = [];
      this.#each(x - reach, x + reach, y - reach, y + reach, (at) => {
        const distance = Math.hypot(this.#x[at]! - x, this.#y[at]! - y);
        if (at !== of && distance <= reach) near.push({ at, distance });
      });
      if (near.length >= count || reach > farthest)
        return near
          .sort((a, b) => a.distance - b.distance || a.at - b.at)
          .slice(0, count)
          .map(({ at }) => at);
    }
  }

  /** The nearest point in a direction from a place: further that way than aside. */
  towards(x: number, y: number, right: number, up: number, but: number | null): number | null {
    let best = Infinity;
    let found: number | null = null;
    for (let at = 0; at < this.#x.length; at++) {
      if (at === but) continue;
      const [dx, dy] = [this.#x[at]! - x, this.#y[at]! - y];
      const along = dx * right + dy * up;
      const aside = Math.abs(dx * up - dy * right);
      if (along <= 0 || aside > along) continue;
      const distance = along + 2 * aside;
      if (distance < best) [best, found] = [distance, at];
    }
    return found;
  }

  #each(left: number, right: number, bottom: number, top: number, take: (at: number) => void): void {
    for (let row = this.#row(bottom); row <= this.#row(top); row++)
      for (let column = this.#column(left); column <= this.#column(right); column++) {
        const cell = row * this.#columns + column;
        for (let place = this.#starts[cell]!; place < this.#starts[cell + 1]!; place++)
          take(this.#order[place]!);
      }
  }

  #column(x: number): number {
    return Math.min(this.#columns - 1, Math.max(0, Math.floor((x - this.#left) / this.#cell)));
  }

  #row(y: number): number {
    return Math.min(this.#rows - 1, Math.max(0, Math.floor((y - this.#bottom) / this.#cell)));
  }
}
