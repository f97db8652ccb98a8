import {
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  InvalidGrantTokenException,
  type KMSClient,
  KMSServiceException,
  ListAliasesCommand,
  ListGrantsCommand,
  ListKeyPoliciesCommand,
  ListResourceTagsCommand,
  ListRetirableGrantsCommand,
  MalformedPolicyDocumentException,
  NotFoundException,
  paginateListAliases,
  paginateListGrants,
  PutKeyPolicyCommand,
  RetireGrantCommand,
  RevokeGrantCommand,
  TagException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { DataSource } from 'typeorm';
import { useService } from '../../support/api.js';
import { DELEGATION, policyOf, ROOT } from '../../support/kms-access.js';
import { kmsClient } from '../../support/kms.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));
afterAll(() => kms.destroy());

async function newKey(): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  return KeyMetadata?.Arn ?? '';
}

const OTHER = 'arn:aws:iam::000000000000:user/other';

test("the SDK's client administers policies, aliases and tags", async () => {
  const [KeyId, second] = [await newKey(), await newKey()];
  const Policy = policyOf(DELEGATION);
  await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }));
  expect(await kms.send(new GetKeyPolicyCommand({ KeyId }))).toMatchObject({ Policy, PolicyName: 'default' });
  expect(await kms.send(new ListKeyPoliciesCommand({ KeyId }))).toMatchObject({
    PolicyNames: ['default'],
    Truncated: false,
  });
  await expect(kms.send(new PutKeyPolicyCommand({ KeyId, Policy: '{}' }))).rejects.toThrow(
    MalformedPolicyDocumentException,
  );

  await kms.send(new CreateAliasCommand({ AliasName: 'alias/sdk', TargetKeyId: KeyId }));
  await kms.send(new UpdateAliasCommand({ AliasName: 'alias/sdk', TargetKeyId: second }));
  const { Aliases = [] } = await kms.send(new ListAliasesCommand({ KeyId: second }));
  expect(Aliases).toMatchObject([
    { AliasName: 'alias/sdk', CreationDate: expect.any(Date) as Date, LastUpdatedDate: expect.any(Date) as Date },
  ]);
  await kms.send(new DeleteAliasCommand({ AliasName: 'alias/sdk' }));
  const reserved = kms.send(new DeleteAliasCommand({ AliasName: 'alias/aws/s3' }));
  await expect(reserved).rejects.toThrow(KMSServiceException);
  await expect(reserved).rejects.toMatchObject({ name: 'NotAuthorizedException' });

  await kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'team', TagValue: 'orders' }] }));
  await kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'line', TagValue: '' }] }));
  await kms.send(new UntagResourceCommand({ KeyId, TagKeys: ['team'] }));
  expect((await kms.send(new ListResourceTagsCommand({ KeyId }))).Tags).toEqual([{ TagKey: 'line', TagValue: '' }]);
  const Tags = [{ TagKey: 'aws:x', TagValue: '' }];
  await expect(kms.send(new TagResourceCommand({ KeyId, Tags }))).rejects.toThrow(TagException);
});

test("the SDK's client gives and ends grants", async () => {
  const KeyId = await newKey();
  const input = { KeyId, GranteePrincipal: OTHER, RetiringPrincipal: ROOT, Operations: ['Encrypt'] as ['Encrypt'] };
  const one = await kms.send(new CreateGrantCommand(input));
  const two = await kms.send(new CreateGrantCommand(input));
  const { GrantToken = '' } = two;
  await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), GrantTokens: [GrantToken] }));
  const { Grants = [] } = await kms.send(new ListGrantsCommand({ KeyId }));
  expect(Grants.map(({ GrantId }) => GrantId)).toEqual([one.GrantId, two.GrantId]);
  expect(Grants[0]?.CreationDate).toBeInstanceOf(Date);
  const retirable = await kms.send(new ListRetirableGrantsCommand({ RetiringPrincipal: ROOT }));
  expect(retirable.Grants).toEqual(Grants);
  await kms.send(new RevokeGrantCommand({ KeyId, GrantId: one.GrantId }));
  await kms.send(new RetireGrantCommand({ GrantToken }));
  const again = kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), GrantTokens: [GrantToken] }));
  await expect(again).rejects.toThrow(InvalidGrantTokenException);
  await expect(kms.send(new RevokeGrantCommand({ KeyId, GrantId: one.GrantId }))).rejects.toThrow(NotFoundException);
});

test("the SDK's paginators read all aliases and grants once", async () => {
  const KeyId = await newKey();
  const names = Array.from({ length: 7 }, (_, i) => `alias/page/${i}`);
  for (const AliasName of names) {
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId }));
    await kms.send(
      new CreateGrantCommand({ KeyId, GranteePrincipal: OTHER, Operations: ['Encrypt'], Name: AliasName }),
    );
  }
  const aliases: unknown[] = [];
  for await (const page of paginateListAliases({ client: kms, pageSize: 3 }, { KeyId }))
    aliases.push(...(page.Aliases ?? []).map(({ AliasName }) => AliasName));
  const grants: unknown[] = [];
  for await (const page of paginateListGrants({ client: kms, pageSize: 3 }, { KeyId }))
    grants.push(...(page.Grants ?? []).map(({ Name }) => Name));
  expect([aliases, grants]).toEqual([names, names]);
});

test('the audit log shows which grant was given, but no token', async () => {
  const KeyId = await newKey();
  const { GrantId, GrantToken = '' } = await kms.send(
    new CreateGrantCommand({ KeyId, GranteePrincipal: OTHER, Operations: ['Encrypt'] }),
  );
  await kms.send(new RetireGrantCommand({ GrantToken }));
  const rows = await service.app
    .get(DataSource)
    .query<{ event: Record<string, unknown> }[]>(
      `SELECT event FROM audit_events WHERE event ->> 'eventName' LIKE '%Grant' AND event::text LIKE $1 ORDER BY sequence`,
      [`%${KeyId}%`],
    );
  const events = rows.map(({ event }) => event);
  expect(events).toMatchObject([
    {
      eventName: 'CreateGrant',
      requestParameters: { keyId: KeyId, granteePrincipal: OTHER, operations: ['Encrypt'] },
      responseElements: { keyId: KeyId, grantId: GrantId },
    },
    { eventName: 'RetireGrant', resources: [{ ARN: KeyId }] },
  ]);
  expect(JSON.stringify(events)).not.toContain(GrantToken);
});
