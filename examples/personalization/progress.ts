const BAR_CHARS = 40;

/** Progress of a job: a bar on a terminal, otherwise one line for each tenth. */
export class Progress {
  readonly #from: number;
  readonly #startMs = performance.now();
  readonly #isTerminal = process.stdout.isTTY;
  #drawnMs = 0;

  constructor(
    private finished: number,
    private readonly all: number,
  ) {
    this.#from = finished;
  }

  /** Counts one more finished card. */
  advance(): void {
    this.finished++;
    if (this.#isTerminal) this.#draw();
    else if (tenths(this.finished, this.all) > tenths(this.finished - 1, this.all)) console.log(this.#text());
  }

  /** Prints the totals of this run. */
  end(): void {
    const seconds = this.#seconds();
    if (this.#isTerminal) process.stdout.write('\n');
    const done = this.finished - this.#from;
    console.log(`${done} cards in ${seconds.toFixed(1)} s, ${Math.round(done / seconds)} cards a second.`);
  }

  #draw(): void {
    const now = performance.now();
    if (now - this.#drawnMs < 100 && this.finished < this.all) return;
    this.#drawnMs = now;
    const full = Math.floor((BAR_CHARS * this.finished) / this.all);
    process.stdout.write(`\r[${'#'.repeat(full)}${'.'.repeat(BAR_CHARS - full)}] ${this.#text()}  `);
  }

  #text(): string {
    const perSecond = (this.finished - this.#from) / this.#seconds();
    const secondsLeft = Math.ceil((this.all - this.finished) / perSecond);
    return `${this.finished} of ${this.all} cards, ${Math.round(perSecond)} a second, ${secondsLeft} s left`;
  }

  #seconds(): number {
    return (performance.now() - this.#startMs) / 1000;
  }
}

function tenths(finished: number, all: number): number {
  return Math.floor((10 * finished) / all);
}
