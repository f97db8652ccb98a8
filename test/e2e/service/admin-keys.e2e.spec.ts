import { KeyUse } from '../../../src/access/key-use.js';
import { statement, useAdmin } from '../../support/admin.js';
import { mac } from '../../support/audit.js';
import { leaveTime } from '../../support/calendar.js';
import { createKey } from '../../support/keys.js';
import { target } from '../../support/service.js';

const { service, done, refused, caller } = useAdmin();
interface Keys {
  Keys: { KeyArn: string; Aliases: string[]; LastUsed?: object; KeyCheckValue: string }[];
  NextToken?: string;
}
const list = async (search = '', credentials?: Parameters<typeof done>[3]) =>
  (await done('GET', `keys${search}`, undefined, credentials)) as unknown as Keys;
const arns = ({ Keys }: Keys) => Keys.map(({ KeyArn }) => KeyArn);

let first: string;
let second: string;
beforeAll(async () => {
  // The use of keys is counted by day.
  await leaveTime('day', 60);
  first = (await createKey(service, { Tags: [{ Key: 'line', Value: 'North' }] })).KeyArn;
  second = (await createKey(service)).KeyArn;
  const alias = JSON.stringify({ AliasName: 'alias/terminals', KeyArn: second });
  expect((await service.send({ headers: target('CreateAlias'), body: alias })).status).toBe(200);
  expect((await service.send(mac(first))).status).toBe(200);
  const eve = await caller('eve');
  expect((await service.send({ ...mac(first), credentials: eve })).status).toBe(403);
  await service.app.get(KeyUse).write();
});

test('the inventory shows keys with aliases, tags and last use, and finds them', async () => {
  expect(arns(await list())).toEqual([first, second]);
  expect((await list()).Keys).toMatchObject([
    {
      Aliases: [],
      Tags: [{ Key: 'line', Value: 'North' }],
      LastUsed: { Operation: 'GenerateMac', By: 'arn:aws:iam::000000000000:root', Time: expect.any(Number) },
    },
    { Aliases: ['alias/terminals'], Tags: [], Enabled: true },
  ]);
  expect(arns(await list('?Query=NORTH'))).toEqual([first]);
  expect(arns(await list('?Query=terminal'))).toEqual([second]);
  const [{ KeyCheckValue }] = (await list('?Query=terminal')).Keys as [Keys['Keys'][0]];
  expect(arns(await list(`?Query=${KeyCheckValue.slice(0, 5).toLowerCase()}`))).toContain(second);
  for (const search of [
    '?Usage=none',
    '?State=DELETE_PENDING',
    '?Query=%25',
    '?UnusedDays=1',
    '?Query=%27%20OR%201%3D1',
  ])
    expect(arns(await list(search))).toEqual([]);
});

test('pages have every key once, and tokens belong to their filters', async () => {
  const page = await list('?MaxResults=1');
  expect(arns(page)).toEqual([first]);
  expect(arns(await list(`?MaxResults=1&NextToken=${page.NextToken}`))).toEqual([second]);
  expect(await refused('GET', `keys?NextToken=${page.NextToken}&Query=x`)).toContain('400 ValidationException');
  expect(await refused('GET', `audit/events?NextToken=${page.NextToken}`)).toContain('400 ValidationException');
});

test('a key that the caller may not read is neither listed nor counted', async () => {
  const reader = await caller(
    'reader',
    statement(['keyblock:ListKeyInventory', 'keyblock:GetKeyCounts']),
    statement('payment-cryptography:GetKey', { Resource: first }),
  );
  expect(arns(await list('', reader))).toEqual([first]);
  expect(arns(await list('?Query=terminals', reader))).toEqual([]);
  expect(await done('GET', 'keys/counts', undefined, reader)).toMatchObject({ Total: 1, Complete: true });
  expect(await done('GET', 'keys/counts')).toEqual({
    ByUsage: [{ Name: 'TR31_M6_ISO_9797_5_CMAC_KEY', Count: 2 }],
    ByState: [{ Name: 'CREATE_COMPLETE', Count: 2 }],
    Total: 2,
    Complete: true,
  });
  const blind = await caller('blind', statement(['keyblock:ListKeyInventory', 'keyblock:GetKeyCounts']));
  expect(await list('', blind)).toEqual({ Keys: [] });
});

test('GetKeyUse counts served and refused calls, and adds what is written later', async () => {
  const path = `keys/${first.split('/')[1]}/use`;
  const day = { Date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), Operation: 'GenerateMac' };
  expect(await done('GET', path)).toMatchObject({ Days: [{ ...day, Served: 1, Refused: 1 }] });
  await service.send(mac(first));
  await service.app.get(KeyUse).write();
  expect(await done('GET', path)).toMatchObject({ Days: [{ ...day, Served: 2, Refused: 1 }] });
  expect(await done('GET', `keys/${second.split('/')[1]}/use`)).toEqual({ Days: [] });
  for (const search of ['?Days=0', '?Days=91', '?Days=x'])
    expect(await refused('GET', `${path}${search}`)).toMatch(/^400 /);
  expect(await refused('GET', 'keys/none/use')).toContain('400 ValidationException');
});
