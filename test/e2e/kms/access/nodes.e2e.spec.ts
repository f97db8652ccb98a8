import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { MAX_STALE_MS } from '../../../../src/changes/change-epoch.js';
import { allow, DELEGATION, policyOf } from '../../../support/kms-access.js';
import { cutListeners, useNodes } from '../../../support/nodes.js';
import { type RawRequest, type RawResponse, send, TestClock } from '../../../support/service.js';

const shared = useNodes();

async function elsewhere(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: process.env['TEST_SERVER_URL'] });
  await client.connect();
  await client.query(sql);
  await client.end();
}

describe.each([
  ['notified', false],
  ['not notified', true],
])('a change of which the other node is %s', (_, deaf) => {
  /** Prevents notifications: ends the listening connections and prevents the nodes from reconnecting. */
  const allowConnections = (allowed: boolean) =>
    elsewhere(
      `ALTER DATABASE ${new URL(shared.store.env.DATABASE_URL!).pathname.slice(1)} ALLOW_CONNECTIONS ${allowed}`,
    );
  beforeAll(async () => {
    if (!deaf) return;
    await allowConnections(false);
    await cutListeners(shared.database);
  });
  afterAll(async () => {
    if (!deaf) return;
    expect((await cutListeners(shared.database)).rowCount).toBe(0);
    await allowConnections(true);
  });

  /**
   * Retries: while connecting is forbidden, a node whose connections are all busy fails before it has done anything.
   */
  async function ask(node: 0 | 1, request: Partial<RawRequest>): Promise<RawResponse> {
    for (;;) {
      const answer = await send(await shared.nodes[node].process.listening, new TestClock(), request);
      if (answer.status < 500) return answer;
      expect(deaf).toBe(true);
      await pause(5);
    }
  }
  const kms = (node: 0 | 1, operation: string, input: object, by?: RawRequest['credentials']) =>
    ask(node, {
      service: 'kms',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation}` },
      body: JSON.stringify(input),
      ...(by && { credentials: by }),
    });
  async function done<T>(answer: Promise<RawResponse>): Promise<T> {
    const { status, json } = await answer;
    expect({ status, json }).toEqual({ status: 200, json });
    return json as T;
  }
  const admin = <T>(method: string, path: string, body: object = {}) =>
    done<T>(ask(0, { method, path: `/admin/${path}`, body: JSON.stringify(body) }));

  const name = `user-${deaf}`;
  const arn = `arn:aws:iam::000000000000:user/${name}`;
  let user: RawRequest['credentials'];
  beforeAll(async () => {
    await admin('POST', 'users', { Name: name });
    const key = await admin<Record<string, string>>('POST', `users/${name}/access-keys`);
    user = { accessKeyId: key['AccessKeyId'] ?? '', secretAccessKey: key['SecretAccessKey'] ?? '' };
  });
  const newKey = async (input: object = {}) =>
    (await done<{ KeyMetadata: { Arn: string } }>(kms(0, 'CreateKey', input))).KeyMetadata.Arn;
  const grantOf = (KeyId: string) =>
    done<{ GrantId: string; GrantToken: string }>(
      kms(0, 'CreateGrant', { KeyId, GranteePrincipal: arn, Operations: ['Encrypt'] }),
    );

  /** Uses a key on the second node until it is refused, and again when the bound has passed. */
  async function expectWithinBound(change: () => Promise<unknown>, use: () => Promise<RawResponse>): Promise<void> {
    await done(use());
    await change();
    const bound = performance.now() + MAX_STALE_MS;
    while (performance.now() < bound && (await use()).status === 200) await pause(10);
    await pause(bound - performance.now());
    expect((await use()).status).toBe(400);
  }
  const encrypt = (node: 0 | 1, KeyId: string, more: object = {}, by = user) =>
    kms(node, 'Encrypt', { KeyId, Plaintext: 'AA==', ...more }, by);

  test.each(['RevokeGrant', 'RetireGrant'])('%s: the grantee is refused within the bound', async (operation) => {
    const KeyId = await newKey();
    const { GrantId } = await grantOf(KeyId);
    await expectWithinBound(
      async () => {
        await done(kms(0, operation, { KeyId, GrantId }));
        expect((await encrypt(0, KeyId)).status).toBe(400);
      },
      () => encrypt(1, KeyId),
    );
  });

  test('the token of a revoked grant is refused within the bound', async () => {
    const KeyId = await newKey();
    const { GrantId, GrantToken } = await grantOf(KeyId);
    const GrantTokens = [GrantToken];
    await expectWithinBound(
      () => done(kms(0, 'RevokeGrant', { KeyId, GrantId })),
      () => kms(1, 'Encrypt', { KeyId, Plaintext: 'AA==', GrantTokens }),
    );
  });

  test('a token of one node is accepted by the other', async () => {
    const KeyId = await newKey();
    const { GrantToken } = await grantOf(KeyId);
    await done(encrypt(1, KeyId, { GrantTokens: [GrantToken] }));
    await done(kms(1, 'RetireGrant', { GrantToken }));
    expect((await encrypt(1, KeyId)).status).toBe(400);
  });

  test('a changed key policy takes effect within the bound', async () => {
    const Policy = policyOf(DELEGATION, allow('Encrypt', { Principal: { AWS: arn } }));
    const KeyId = await newKey({ Policy });
    await expectWithinBound(
      async () => {
        await done(kms(0, 'PutKeyPolicy', { KeyId, Policy: policyOf(DELEGATION) }));
        expect((await encrypt(0, KeyId)).status).toBe(400);
      },
      () => encrypt(1, KeyId),
    );
  });

  test('a tag that was removed allows nothing after the bound', async () => {
    const Condition = { StringEquals: { 'aws:ResourceTag/team': 'pin' } };
    const Policy = policyOf(DELEGATION, allow('Encrypt', { Principal: { AWS: arn }, Condition }));
    const KeyId = await newKey({ Policy, Tags: [{ TagKey: 'team', TagValue: 'pin' }] });
    await expectWithinBound(
      () => done(kms(0, 'UntagResource', { KeyId, TagKeys: ['team'] })),
      () => encrypt(1, KeyId),
    );
  });

  test('an alias that was deleted names nothing after the bound', async () => {
    const AliasName = `alias/bound/${deaf}`;
    const KeyId = await newKey({ Policy: policyOf(DELEGATION, allow('Encrypt', { Principal: { AWS: arn } })) });
    await done(kms(0, 'CreateAlias', { AliasName, TargetKeyId: KeyId }));
    await expectWithinBound(
      () => done(kms(0, 'DeleteAlias', { AliasName })),
      () => encrypt(1, AliasName),
    );
  });
});
