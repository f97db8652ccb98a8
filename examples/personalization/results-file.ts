import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Card } from './cards.js';
import type { PersonalizedCard } from './personalize-card.js';

const HEADER = 'pan,expiry,service_code,pin_block,pvv,cvv,cvv2,icvv\n';
const ROW = /^(\d{12,19}),(\d{4}),(\d{3}),([0-9A-F]{32}),(\d{4}),(\d{3}),(\d{3}),(\d{3})$/;

/**
 * The results of a job so far, one line per card, in the order of the cards. Lines are only ever appended. A card is
 * finished when the end of its line is in the file; opening the file truncates an incomplete line left by a killed run.
 * Only the owner may read the file, because it holds everything needed to produce the cards.
 */
export class ResultsFile implements Disposable {
  readonly #file: number;
  #finished: number;

  /**
   * @param path  created if it does not exist
   * @param cards all cards of the job
   * @throws Error if the lines do not belong to the first of these cards
   */
  constructor(
    readonly path: string,
    cards: readonly Card[],
  ) {
    this.#file = openSync(path, 'a+', 0o600);
    const text = readFileSync(this.#file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    ftruncateSync(this.#file, Buffer.byteLength(whole));
    if (whole === '') writeSync(this.#file, HEADER);
    const rows = this.rows();
    const stranger = rows.findIndex((row, i) => !isOf(row, cards[i]));
    if (stranger >= 0) throw new Error(`${path}, line ${stranger + 2}: is not for the card in that line of the job`);
    this.#finished = rows.length;
  }

  /** Number of finished cards. */
  get finished(): number {
    return this.#finished;
  }

  /** Records the next card as finished. Once this returns, killing the process does not lose the card. */
  append(card: PersonalizedCard): void {
    const { pan, expiry, serviceCode, pinBlock, pvv, cvv, cvv2, icvv } = card;
    writeSync(this.#file, `${[pan, expiry, serviceCode, pinBlock, pvv, cvv, cvv2, icvv].join(',')}\n`);
    this.#finished++;
  }

  /** Reads all finished cards. @throws Error that names an invalid line, never a PAN */
  rows(): PersonalizedCard[] {
    const text = readFileSync(this.path, 'utf8');
    if (!text.startsWith(HEADER)) throw new Error(`${this.path} must begin with ${HEADER.trimEnd()}`);
    const lines = text.slice(HEADER.length).split('\n').slice(0, -1);
    return lines.map((line, i) => {
      const [, pan, expiry, serviceCode, pinBlock, pvv, cvv, cvv2, icvv] = (ROW.exec(line) ??
        []) as unknown as string[];
      if (!pan || !expiry || !serviceCode || !pinBlock || !pvv || !cvv || !cvv2 || !icvv)
        throw new Error(`${this.path}, line ${i + 2}: is not a finished card`);
      return { pan, expiry, serviceCode, pinBlock, pvv, cvv, cvv2, icvv };
    });
  }

  /** Flushes the file to disk and closes it. */
  [Symbol.dispose](): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}

function isOf(row: Card, card: Card | undefined): boolean {
  return (
    card !== undefined && row.pan === card.pan && row.expiry === card.expiry && row.serviceCode === card.serviceCode
  );
}
