import { DataSource } from 'typeorm';
import { useAdmin } from '../../support/admin.js';
import { CREDENTIALS } from '../../support/service.js';

const { service, done } = useAdmin();

test('GetStatus shows this process, the database, the master key and the audit log, and nothing secret', async () => {
  const status = await done('GET', 'status');
  expect(status).toEqual({
    Nodes: [
      {
        Host: expect.any(String),
        Pid: process.pid,
        Version: expect.stringMatching(/^\d/),
        Workers: 1,
        Started: expect.any(Number),
        LastSeen: expect.any(Number),
        AuditWaiting: expect.any(Number),
      },
    ],
    Database: {
      Kind: 'external',
      Version: expect.stringMatching(/^\d/),
      Migration: expect.stringMatching(/^[A-Za-z]+17900000\d+$/),
    },
    MasterKey: { State: 'ACTIVE', Holder: 'configuration', Created: expect.any(Number) },
    Replication: [],
    Audit: { Sinks: ['table'] },
    Listeners: [],
  });
  const text = JSON.stringify(status);
  for (const name of ['DATABASE_URL', 'KEYBLOCK_MASTER_KEY'] as const) {
    const value = (service.store.env as Record<string, string | undefined>)[name];
    if (value !== undefined) expect(text).not.toContain(value);
  }
  expect(text).not.toContain(CREDENTIALS.secretAccessKey);
  expect(text).not.toMatch(/postgres(?:ql)?:/);
});

test('GetStatus shows other processes until they have not been seen for a minute', async () => {
  const add = (id: string, seconds: number) =>
    service.app
      .get(DataSource)
      .query(`INSERT INTO nodes VALUES ($1, $1, 7, '9.9.9', 1, now(), now() - $2 * interval '1 second', 0)`, [
        id,
        seconds,
      ]);
  await add('other', 30);
  await add('gone', 61);
  const { Nodes } = (await done('GET', 'status')) as { Nodes: { Host: string; Version: string }[] };
  expect(Nodes.map(({ Host }) => Host).toSorted()).toEqual([Nodes[0]?.Host, 'other'].toSorted());
  expect(new Set(Nodes.map(({ Version }) => Version)).size).toBe(2);
});
