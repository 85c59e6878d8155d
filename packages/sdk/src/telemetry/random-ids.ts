/** Ids that are drawn at once: asking for random bytes takes longer than all else that a call is traced with. */
const AHEAD = 32;

/** Of 16 digits: two for the id of a trace, and one for that of a span. */
const WORDS = 3;

/** Draws random ids, each for one use. */
export class RandomIds {
  readonly #words = new BigUint64Array(AHEAD * WORDS);
  #next = this.#words.length;

  /** 48 random hex digits. */
  draw(): string {
    // Not randomUUID, which a page that is no secure context lacks: that failure is to be told too.
    if (this.#next === this.#words.length) {
      crypto.getRandomValues(this.#words);
      this.#next = 0;
    }
    let digits = "";
    for (const end = this.#next + WORDS; this.#next < end; this.#next++)
      digits += this.#words[this.#next]?.toString(16).padStart(16, "0");
    return digits;
  }
}
