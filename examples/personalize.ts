// A card bureau. For each card of a CSV file it generates a PIN, its PVV, and CVV, CVV2 and iCVV, and writes them to a
// file for card production and PIN mailer printing. It can be killed at any time and resumes where it stopped.
// docs/examples.md describes the files and shows a run.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Card, madeUpCards, readCards, writeCards } from './personalization/cards.js';
import { jobKeys } from './personalization/job-keys.js';
import { personalize, verifyCard } from './personalization/personalize-card.js';
import { inOrder } from './personalization/in-order.js';
import { Progress } from './personalization/progress.js';
import { ResultsFile } from './personalization/results-file.js';
import { connect } from './support/service.js';
import { run } from './support/tell.js';

/** Number of finished cards, evenly spread, that the service verifies at the end. */
const VERIFIED_CARDS = 100;

await run(async () => {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string', default: 'personalization' },
      cards: { type: 'string' },
      concurrency: { type: 'string', default: '8' },
    },
  });
  const { folder } = values;
  const concurrency = count('concurrency', values.concurrency);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const cards = await cardsOf(join(folder, 'cards.csv'), values.cards);

  const service = await connect();
  const keys = await jobKeys(service, join(folder, 'keys.json'));
  using results = new ResultsFile(join(folder, 'results.csv'), cards);
  console.log(`${cards.length} cards, ${results.finished} of them finished before; results go to ${results.path}.`);

  const progress = new Progress(results.finished, cards.length);
  const waiting = cards.slice(results.finished);
  for await (const values of inOrder(waiting, concurrency, (card) => personalize(service, keys, card))) {
    results.append(values);
    progress.advance();
  }
  progress.end();

  const rows = results.rows();
  const step = Math.ceil(rows.length / VERIFIED_CARDS);
  const sample = [...rows.entries()].filter(([i]) => i % step === 0);
  const verify = ([i, row]: (typeof sample)[number]) =>
    verifyCard(service, keys, row).catch((error: unknown) => {
      throw new Error(`${results.path}, line ${i + 2}: ${(error as Error).message}`);
    });
  for await (const _ of inOrder(sample, concurrency, verify));
  console.log(`${sample.length} of ${rows.length} cards verified: PIN, CVV, CVV2 and iCVV are right.`);
  console.log(`The keys are kept, because transactions verify the cards with them: ${join(folder, 'keys.json')}`);
});

/** Reads the cards of the job, or generates `howMany` if there is no file yet. */
async function cardsOf(path: string, howMany: string | undefined): Promise<Card[]> {
  if (!existsSync(path)) await writeCards(path, madeUpCards(count('cards', howMany ?? '100')));
  const cards = await readCards(path);
  if (howMany !== undefined && count('cards', howMany) !== cards.length)
    throw new Error(`${path} has ${cards.length} cards already: leave --cards out, or choose another --folder`);
  return cards;
}

function count(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--${name} must be a number from 1 to 9999999`);
  return Number(text);
}
