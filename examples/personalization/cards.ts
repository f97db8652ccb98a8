import { readFile, rename, writeFile } from 'node:fs/promises';

/** A card to personalize. */
export interface Card {
  /** 12 to 19 digits. */
  pan: string;
  /** YYMM, as on the magnetic stripe and in the chip. */
  expiry: string;
  /** 3 digits. */
  serviceCode: string;
}

const HEADER = 'pan,expiry,service_code';
const LINE = /^(\d{12,19}),(\d{2}(?:0[1-9]|1[0-2])),(\d{3})$/;

/**
 * Reads the cards of a CSV file: a header, then one card per line.
 *
 * @throws Error that names the line, never the PAN
 */
export async function readCards(path: string): Promise<Card[]> {
  const [header, ...lines] = (await readFile(path, 'utf8')).trimEnd().split(/\r?\n/);
  if (header !== HEADER) throw new Error(`${path} must begin with ${HEADER}`);
  const lineOf = new Map<string, number>();
  return lines.map((line, i) => {
    const [, pan, expiry, serviceCode] = LINE.exec(line) ?? [];
    if (pan === undefined || expiry === undefined || serviceCode === undefined)
      throw new Error(
        `${path}, line ${i + 2}: must be PAN (12 to 19 digits), expiry (YYMM) and service code (3 digits)`,
      );
    const twin = lineOf.get(pan);
    if (twin !== undefined) throw new Error(`${path}, line ${i + 2}: has the PAN of line ${twin}`);
    lineOf.set(pan, i + 2);
    return { pan, expiry, serviceCode };
  });
}

/**
 * Generates fictitious cards, the same each time: PANs count up after the prefix 400000 and end in their check digit.
 */
export function madeUpCards(howMany: number): Card[] {
  return Array.from({ length: howMany }, (_, i) => {
    const digits = `400000${String(i + 1).padStart(9, '0')}`;
    return {
      pan: digits + checkDigit(digits),
      expiry: `30${String((i % 12) + 1).padStart(2, '0')}`,
      serviceCode: '201',
    };
  });
}

/** Writes the file completely or not at all, readable by its owner only. */
export async function writeCards(path: string, cards: Card[]): Promise<void> {
  const lines = cards.map(({ pan, expiry, serviceCode }) => `${pan},${expiry},${serviceCode}`);
  await writeFile(`${path}.new`, `${[HEADER, ...lines].join('\n')}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Computes the check digit of ISO/IEC 7812-1 Annex B (Luhn). */
function checkDigit(digits: string): string {
  const sum = Array.from(digits, Number)
    .reverse()
    .map((digit, i) => (i % 2 === 0 ? 2 * digit : digit))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return String((10 - (sum % 10)) % 10);
}
