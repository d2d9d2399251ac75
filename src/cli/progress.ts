/**
 * How far long work has come, on stderr: on a terminal one line that is redrawn, elsewhere (a log, Slurm) a plain line
 * every few seconds. Both give the rate and the time left.
 *
 * The rate is measured over the last twenty seconds or so: an average since the start would still remember a slow
 * warm-up minutes later.
 */

export interface Progress {
  /** Starts a phase of the work; the one before it ends. `total` in `unit`s, when it is known. */
  phase(name: string, total?: number, unit?: string): Phase;
  /** A sentence that stays, above the moving line. */
  say(line: string): void;
}

export interface Phase {
  /** `done` units in all so far; `note` is shown behind (`loss 1.234`). */
  update(done: number, note?: string): void;
  /** The phase is over; `note` says what came of it. */
  end(note?: string): void;
}

/** Where progress is written. `process.stderr` is one. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 100;
const LINE_MS = 5_000;
const WINDOW_MS = 20_000;

export class ScreenProgress implements Progress {
  readonly #screen: Screen;
  readonly #now: () => number;
  #phase: RunningPhase | undefined;

  constructor(screen: Screen, now: () => number = () => performance.now()) {
    this.#screen = screen;
    this.#now = now;
  }

  phase(name: string, total?: number, unit = ""): Phase {
    this.#phase?.end();
    this.#phase = new RunningPhase(name, total, unit, this.#screen, this.#now);
    return this.#phase;
  }

  say(line: string): void {
    this.#phase?.erase();
    this.#screen.write(line + "\n");
    this.#phase?.draw();
  }

  /** Ends the running phase as it stands, so that an error does not start in the middle of its line. */
  stop(): void {
    this.#phase?.leave();
    this.#phase = undefined;
  }
}

/** For `--quiet`: says nothing, whatever happens. */
export const SILENT: Progress = {
  phase: () => ({ update() {}, end() {} }),
  say() {},
};

class RunningPhase implements Phase {
  readonly #name: string;
  readonly #total: number | undefined;
  readonly #unit: string;
  readonly #screen: Screen;
  readonly #now: () => number;
  readonly #started: number;
  #shown: number;
  #marks: { time: number; done: number }[];
  #done = 0;
  #note = "";
  #open = true;

  constructor(name: string, total: number | undefined, unit: string, screen: Screen, now: () => number) {
    this.#name = name;
    this.#total = total;
    this.#unit = unit;
    this.#screen = screen;
    this.#now = now;
    this.#started = now();
    this.#shown = this.#started;
    this.#marks = [{ time: this.#started, done: 0 }];
    if (screen.isTTY) this.draw();
  }

  update(done: number, note = ""): void {
    if (!this.#open) return;
    const time = this.#now();
    this.#done = done;
    this.#note = note;
    if (time - this.#shown < (this.#screen.isTTY ? REDRAW_MS : LINE_MS)) return;
    this.#mark(time);
    this.#shown = time;
    if (this.#screen.isTTY) this.draw();
    else this.#screen.write(this.#line(time) + "\n");
  }

  end(note = this.#note): void {
    if (!this.#open) return;
    this.#open = false;
    const time = this.#now();
    const seconds = (time - this.#started) / 1000;
    const rate =
      seconds > 0 && this.#done > 0
        ? `${quantity(this.#done / seconds)}${this.#unit && ` ${this.#unit}`}/s`
        : "";
    const amount = this.#done > 0 ? `${quantity(this.#done)} ${this.#unit}`.trim() : "";
    this.erase();
    this.#screen.write(join(`${this.#name}: done`, amount, `in ${duration(seconds)}`, rate, note) + "\n");
  }

  /** Keeps the line as it stands and starts a new one. */
  leave(): void {
    if (this.#open && this.#screen.isTTY) this.#screen.write("\n");
    this.#open = false;
  }

  erase(): void {
    if (this.#screen.isTTY) this.#screen.write("\r\x1b[K");
  }

  draw(): void {
    if (!this.#open || !this.#screen.isTTY) return;
    const width = (this.#screen.columns ?? 80) - 1;
    this.#screen.write("\r\x1b[K" + this.#line(this.#now()).slice(0, width));
  }

  #mark(time: number): void {
    this.#marks.push({ time, done: this.#done });
    while (this.#marks.length > 2 && time - this.#marks[1]!.time > WINDOW_MS) this.#marks.shift();
  }

  #line(time: number): string {
    const oldest = this.#marks[0]!;
    const seconds = (time - oldest.time) / 1000;
    const rate = seconds > 0 ? (this.#done - oldest.done) / seconds : 0;
    const unit = this.#unit && ` ${this.#unit}`;
    const total = this.#total;
    const share = total ? `${Math.floor((100 * Math.min(this.#done, total)) / total)} %` : "";
    const amount = total
      ? `${quantity(this.#done)}/${quantity(total)}${unit}`
      : `${quantity(this.#done)}${unit}`;
    const left = total && rate > 0 ? `${duration(Math.max(0, total - this.#done) / rate)} left` : "";
    return join(
      `${this.#name}:`,
      share,
      amount,
      rate > 0 ? `${quantity(rate)}${unit}/s` : "",
      left,
      this.#note,
    );
  }
}

/** 1234567 → 1.23M, for eyes. */
export function quantity(value: number): string {
  for (const [size, suffix] of [
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (value >= size) return `${Number((value / size).toPrecision(3))}${suffix}`;
  }
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
}

/** 3725 s → 1:02:05, 95 s → 1:35, 4.2 s → 4.2 s. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function join(head: string, ...parts: string[]): string {
  const tail = parts.filter((part) => part !== "");
  return tail.length === 0 ? head : `${head} ${tail.join(", ")}`;
}
