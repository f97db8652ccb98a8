import { Rates } from '../../../src/front/rates.js';
import { useAdmin } from '../../support/admin.js';
import { mac } from '../../support/audit.js';
import { createKey } from '../../support/keys.js';

const { service, done, refused, caller } = useAdmin();
interface Series {
  Api?: string;
  Operation?: string;
  Served: number[];
  Refused: number[];
  P50: (number | null)[];
  P99: (number | null)[];
}
const rates = async (search = '') =>
  (await done('GET', `rates${search}`)) as unknown as { From: number; Step: number; Series: Series[] };
const written = () => service.app.get(Rates).write();
const sum = (counts: number[] = []) => counts.reduce((total, count) => total + count, 0);

test('GetRates counts what was served and refused, with its durations', async () => {
  const { KeyArn } = await createKey(service);
  for (let i = 0; i < 3; i++) expect((await service.send(mac(KeyArn))).status).toBe(200);
  const eve = await caller('eve');
  expect((await service.send({ ...mac(KeyArn), credentials: eve })).status).toBe(403);
  await written();

  const { Series: byOperation, From, Step } = await rates('?ByOperation=true');
  const macs = byOperation.find(({ Operation }) => Operation === 'GenerateMac');
  expect(macs?.Api).toBe('payment-cryptography');
  expect([sum(macs?.Served), sum(macs?.Refused)]).toEqual([3, 1]);
  expect(macs?.P50.filter((value) => value !== null).length).toBeGreaterThan(0);
  expect([Step, macs?.Served.length, From % 300]).toEqual([5, 288, 0]);

  const [total, ...others] = (await rates()).Series;
  expect(others).toEqual([]);
  expect([total?.Api, total?.Operation]).toEqual([undefined, undefined]);
  expect(sum(total?.Served)).toBeGreaterThan(3);
});

test('counts of several writes and processes add up, and are kept for seven days', async () => {
  const { KeyArn } = await createKey(service);
  const served = async () =>
    sum((await rates('?ByOperation=true&Hours=168&Step=60')).Series.find((s) => s.Operation === 'GenerateMac')?.Served);
  const before = await served();
  await service.send(mac(KeyArn));
  await written();
  await service.send(mac(KeyArn));
  await written();
  expect(await served()).toBe(before + 2);
  service.clock.advance(169 * 3_600_000);
  await service.send(mac(KeyArn));
  await written();
  expect(await served()).toBe(1);
});

test.each(['Hours=0', 'Hours=169', 'Hours=x', 'Step=0', 'Hours=168&Step=1', 'ByOperation=yes'])(
  'GetRates refuses %s',
  async (search) => {
    expect(await refused('GET', `rates?${search}`)).toMatch(/400 (?:Validation|Serialization)Exception/);
  },
);
