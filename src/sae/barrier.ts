/** Where the workers of a pool wait for each other within a task. */

/** Words of the shared array. */
const [ARRIVED, GENERATION] = [0, 1];

/** Turns of looking before a thread goes to sleep: phases mostly end within microseconds of each other. */
const SPINS = 2000;

export class Barrier {
  readonly #words: Int32Array;
  readonly #parties: number;

  constructor(words: Int32Array, parties: number) {
    this.#words = words;
    this.#parties = parties;
  }

  /** Returns when all parties have called it; what they wrote before is then visible. */
  wait(): void {
    const words = this.#words;
    const generation = Atomics.load(words, GENERATION);
    if (Atomics.add(words, ARRIVED, 1) + 1 === this.#parties) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.add(words, GENERATION, 1);
      Atomics.notify(words, GENERATION);
      return;
    }
    for (let i = 0; i < SPINS; i++) if (Atomics.load(words, GENERATION) !== generation) return;
    while (Atomics.load(words, GENERATION) === generation) Atomics.wait(words, GENERATION, generation);
  }
}
