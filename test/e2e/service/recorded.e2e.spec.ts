import { AccessKeyUse } from '../../../src/access/access-key-use.js';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { endDeletions } from '../../support/keys.js';
import { Masks } from '../../support/masks.js';
import { ENV, type Recorded, type RecordedAnswer, RecordedClient, START } from '../../support/recorded.js';
import { newWorker, stopReplication } from '../../support/replication.js';
import { startTestService, TestClock, type TestService } from '../../support/service.js';

/**
 * Compares all answers, byte for byte, with those recorded in test/recorded. The README.md there explains how to add a
 * request and how to record.
 */

const FOLDER = new URL('../../recorded/', import.meta.url);
const isRecording = process.env['RECORD'] === '1';

const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .toSorted()
  .map((name) => new URL(name, FOLDER))
  .map((url) => ({ url, entries: JSON.parse(readFileSync(url, 'utf8')) as Recorded[] }));
const all = files.flatMap(({ entries }) => entries);

/** Work that otherwise runs on the service's timers. */
const WORK: Record<NonNullable<Recorded['before']>, (service: TestService) => Promise<void>> = {
  replicate: (service) => newWorker(service).run(),
  endDeletions,
};

const answers = new Map<Recorded, RecordedAnswer>();
const failures = new Map<Recorded, unknown>();
let service: TestService;

beforeAll(async () => {
  if (isRecording && process.env['CI']) throw new Error('RECORD must not be set in continuous integration');
  service = await startTestService(ENV, new TestClock(START));
  await stopReplication(service);
  // Last uses are written after a minute, which a slow machine reaches.
  await service.app.get(AccessKeyUse).onApplicationShutdown();
  const client = new RecordedClient(service, new Masks());
  for (const entry of all) {
    if (entry.before) await WORK[entry.before](service);
    await client.answer(entry).then(
      (answer) => answers.set(entry, answer),
      (error: unknown) => failures.set(entry, error),
    );
  }
  client.close();
  if (isRecording) await record();
});
afterAll(() => service.stop());

async function record(): Promise<void> {
  const { format } = await import('prettier');
  for (const { url, entries } of files) {
    for (const entry of entries) entry.answer = answers.get(entry);
    writeFileSync(url, await format(JSON.stringify(entries), { parser: 'json', printWidth: 120 }));
  }
}

/** Splits an answer into lines, with members in their order, so that a diff shows each difference in its place. */
const lines = (answer: RecordedAnswer | undefined) => JSON.stringify(answer, null, 2);

test.each(all)('$title', (entry) => {
  if (failures.has(entry)) throw failures.get(entry);
  expect(lines(answers.get(entry))).toBe(lines(entry.answer));
});

test('every request has a unique title', () => {
  expect(all.map(({ title }) => title).filter((title, i, titles) => titles.indexOf(title) !== i)).toEqual([]);
});

describe('every operation of the OpenAPI documents', () => {
  interface Document {
    paths: Record<string, Record<string, { operationId: string }>>;
  }
  const operations = ['controlplane', 'dataplane', 'admin'].flatMap((name) => {
    const { paths } = JSON.parse(
      readFileSync(new URL(`../../../openapi/${name}.json`, import.meta.url), 'utf8'),
    ) as Document;
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({
        operationId,
        method: method.toUpperCase(),
        path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/?]+')}(\\?|$)`),
      })),
    );
  });

  // Their answers have the host, the process, the version of PostgreSQL and the times of each run.
  const unlike = ['GetStatus', 'GetRates', 'ListCertificates'];
  const recorded = operations.filter(({ operationId }) => !unlike.includes(operationId));
  test.each(recorded)('$operationId succeeds and is refused', ({ operationId, method, path }) => {
    const statuses = all
      .filter(({ request }) =>
        request.operation === undefined
          ? method === (request.method ?? 'POST') && path.test(request.path ?? '/')
          : request.operation === operationId,
      )
      .map(({ answer }) => answer?.status.split(' ')[1]);
    expect(statuses).toContain('200');
    expect(statuses.filter((status) => status !== '200').length).toBeGreaterThan(0);
  });
});
