import { GetParametersForImportCommand, ListKeysCommand } from '@aws-sdk/client-payment-cryptography';
import type { NewAccessKey } from '../../../../src/access/principal.repository.js';
import { ACCOUNT, control, header, mac, OTHER_REGION, policy, useVictim } from '../../../support/attacks.js';
import { importKeys, keyBlock, type KeyImports } from '../../../support/import.js';
import { CMAC_KEY, createKey } from '../../../support/keys.js';
import { storeRoot } from '../../../support/known-pairs.js';
import { REGION, CREDENTIALS, type RawRequest } from '../../../support/service.js';
import { format0 } from '../../../support/pin-oracle.js';
import { CIPHER } from '../../../support/api.js';

const { service, attacked, settle, user, exception, expectHealthy } = useVictim();

describe('requests are rejected with', () => {
  const flipped = (token: string) =>
    Array.from({ length: 24 }, (_, i) => {
      const bytes = Buffer.from(token, 'base64url');
      const at = Math.floor((i * bytes.length) / 24);
      bytes[at]! ^= 1;
      return bytes.toString('base64url');
    });

  test('a page token that is edited, made up, or of another list or Region', async () => {
    await createKey(service);
    await settle();
    const { NextToken } = await service.controlPlane.send(new ListKeysCommand({ MaxResults: 1 }));
    expect((await service.send(control('ListKeys', { NextToken }))).status).toBe(200);
    for (const forged of [
      ...flipped(NextToken!),
      NextToken!.slice(0, -2),
      `${NextToken!}AA`,
      'AAAA',
      Buffer.from('0').toString('base64url'),
    ])
      expect(await exception(control('ListKeys', { NextToken: forged }))).toBe('ValidationException');
    expect(await exception(control('ListAliases', { NextToken }))).toBe('ValidationException');
    expect(await exception(control('ListKeys', { NextToken, KeyState: 'DELETE_PENDING' }))).toBe('ValidationException');
    expect(await exception(control('ListKeys', { NextToken }, { region: OTHER_REGION }))).toBe('ValidationException');
  });

  test('a session token that is edited, missing, from another session, or used with a root access key', async () => {
    const { arn } = await attacked.principals.create('role', 'session');
    await attacked.principals.putPolicy(arn, 'all', policy({ Effect: 'Allow', Action: '*', Resource: '*' }));
    const sessions = await Promise.all(['one', 'two'].map((name) => attacked.principals.startSession(arn, name, 900)));
    await settle();
    const [one, two] = sessions.map(({ session, ...key }) => ({ ...key, sessionToken: session.token }));
    expect((await service.send({ ...mac(attacked.victim), credentials: one! })).status).toBe(200);
    const edited = flipped(Buffer.from(one!.sessionToken, 'base64').toString('base64url')).map((token) =>
      Buffer.from(token, 'base64url').toString('base64'),
    );
    for (const credentials of [
      ...edited.map((sessionToken) => ({ ...one!, sessionToken })),
      { ...one!, sessionToken: two!.sessionToken },
      { accessKeyId: one!.accessKeyId, secretAccessKey: one!.secretAccessKey },
      { ...CREDENTIALS, sessionToken: one!.sessionToken },
    ])
      expect(await exception({ ...mac(attacked.victim), credentials })).toBe('UnrecognizedClientException');
    const mixed = { ...one!, secretAccessKey: two!.secretAccessKey };
    expect(await exception({ ...mac(attacked.victim), credentials: mixed })).toBe('InvalidSignatureException');
    const parts = {
      ...mac(attacked.victim),
      credentials: one!,
      tamper: header('x-amz-security-token', () => two!.sessionToken),
    };
    expect(await exception(parts)).toBe('UnrecognizedClientException');
  });

  test('an import token that is made up, of another Region, or for another format', async () => {
    await storeRoot(service);
    const REJECTED = /^(Validation|ResourceNotFound)Exception$/;
    const { ImportToken } = await service.controlPlane.send(
      new GetParametersForImportCommand({ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_2048' }),
    );
    const cryptogram = (token: string) => ({
      KeyMaterial: {
        KeyCryptogram: {
          ...CMAC_KEY,
          ImportToken: token,
          WrappedKeyCryptogram: 'AB'.repeat(256),
          WrappingSpec: 'RSA_OAEP_SHA_256',
        },
      },
    });
    for (const token of ['import-token-0000000000000000', `${ImportToken!.slice(0, -1)}_`, ImportToken!.toUpperCase()])
      expect(await exception(control('ImportKey', cryptogram(token)))).toMatch(REJECTED);
    expect(await exception(control('ImportKey', cryptogram(ImportToken!), { region: OTHER_REGION }))).toMatch(REJECTED);
    const Tr34KeyBlock = {
      ImportToken,
      CertificateAuthorityPublicKeyIdentifier: attacked.victim,
      SigningKeyCertificate: 'AAAA',
      WrappedKeyBlock: '3080',
      KeyBlockFormat: 'X9_TR34_2012',
    };
    const tr34 = { KeyMaterial: { Tr34KeyBlock } };
    expect(await exception(control('ImportKey', tr34))).toMatch(REJECTED);
  });
});

describe('confused deputy: a user with all permissions on keys of their own', () => {
  let imports: KeyImports;
  let credentials: NewAccessKey;
  let own: Record<'mac' | 'kek' | 'pek' | 'data', string>;
  let others: Record<'kek' | 'pek' | 'data', string>;
  const pek = { usage: 'TR31_P0_PIN_ENCRYPTION_KEY', algorithm: 'TDES_2KEY', modes: CIPHER } as const;
  const data = { usage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY', algorithm: 'AES_128', modes: CIPHER } as const;
  const kek = { usage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY', algorithm: 'AES_128', modes: CIPHER } as const;
  const PEK = '0123456789ABCDEFFEDCBA9876543210';
  /** The PIN 1234 for the PAN 4123451234567890 in format 0. */
  const PIN_BLOCK = format0(PEK, '1234', '4123451234567890');
  const CLEAR = {
    kek: Buffer.from('00112233445566778899AABBCCDDEEFF', 'hex'),
    data: 'FEDCBA98765432100123456789ABCDEF',
  };

  beforeAll(async () => {
    imports = await importKeys(service);
    const make = async () => ({
      pek: (await imports.importKey({ ...pek, clear: PEK })).KeyArn,
      data: (await imports.importKey({ ...data, clear: CLEAR.data })).KeyArn,
      kek: (await imports.importKey({ ...kek, clear: CLEAR.kek })).KeyArn,
    });
    own = { ...(await make()), mac: (await createKey(service)).KeyArn };
    others = await make();
    const ownAliases = 'arn:aws:payment-cryptography:*:*:alias/deputy/*';
    const keks = { 'payment-cryptography:WrappingKeyIdentifier': [own.kek] };
    credentials = await user(
      'deputy',
      { Effect: 'Allow', Action: '*', Resource: [...Object.values(own), ownAliases] },
      { Effect: 'Allow', Action: 'payment-cryptography:ImportKey', Resource: '*', Condition: { StringEquals: keks } },
    );
  });

  const exported = (ExportKeyIdentifier: string, WrappingKeyIdentifier: string) =>
    control('ExportKey', { ExportKeyIdentifier, KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier } } });
  const denied = async (request: Partial<RawRequest>) =>
    expect(await exception({ ...request, credentials })).toBe('AccessDeniedException');
  const allowed = async (request: Partial<RawRequest>) =>
    expect((await service.send({ ...request, credentials })).status).toBe(200);

  test('may use their own keys', async () => {
    await allowed(mac(own.mac));
    await allowed(translate(own.pek, own.pek));
    await allowed(exported(own.data, own.kek));
    await allowed(encrypt('WrappedKey', own.kek));
  });

  test('may not use another key by its ARN, its alias or the ARN of its alias', async () => {
    for (const identifier of [
      attacked.victim,
      'alias/victim',
      `arn:aws:payment-cryptography:${REGION}:${ACCOUNT}:alias/victim`,
    ]) {
      await denied(mac(identifier));
      for (const operation of ['GetKey', 'DeleteKey', 'StopKeyUsage', 'StartKeyUsage', 'RestoreKey'])
        await denied(control(operation, { KeyIdentifier: identifier }));
    }
    for (const operation of ['ListKeys', 'ListAliases', 'GetDefaultKeyReplicationRegions'])
      await denied(control(operation, {}));
  });

  test('may not reach another key by an alias of their own', async () => {
    await denied(control('CreateAlias', { AliasName: 'alias/deputy/a', KeyArn: attacked.victim }));
    await denied(control('UpdateAlias', { AliasName: 'alias/victim', KeyArn: own.mac }));
    await denied(control('UpdateAlias', { AliasName: 'alias/deputy/a', KeyArn: attacked.victim }));
    await denied(control('DeleteAlias', { AliasName: 'alias/victim' }));
  });

  test('may not reach another key by giving it a tag or a policy', async () => {
    await denied(control('TagResource', { ResourceArn: attacked.victim, Tags: [{ Key: 'owner', Value: 'deputy' }] }));
    await denied(control('UntagResource', { ResourceArn: attacked.victim, TagKeys: ['owner'] }));
    const Policy = policy({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: '*', Resource: '*' });
    await denied(control('PutResourcePolicy', { ResourceArn: attacked.victim, Policy }));
    await denied(control('DeleteResourcePolicy', { ResourceArn: attacked.victim }));
  });

  test('may not use another key as the second key of a call', async () => {
    await denied(translate(own.pek, others.pek));
    await denied(translate(others.pek, own.pek));
    await denied(reEncrypt(own.data, others.data));
    await denied(reEncrypt(others.data, own.data));
  });

  test('may not use a key that is wrapped under another key', async () => {
    await denied(encrypt('WrappedKey', others.kek));
    await denied(encrypt('identifier', others.data));
  });

  test('may not export or import a key under another KEK', async () => {
    await denied(exported(own.data, others.kek));
    await denied(exported(others.data, own.kek));
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: CLEAR.kek }, { ...data, clear: CLEAR.data });
    const Tr31KeyBlock = { WrappingKeyIdentifier: others.kek, WrappedKeyBlock };
    await denied(control('ImportKey', { KeyMaterial: { Tr31KeyBlock } }));
  });

  test('may not replicate another key to another Region', async () => {
    await denied(
      control('AddKeyReplicationRegions', { KeyIdentifier: attacked.victim, ReplicationRegions: [OTHER_REGION] }),
    );
    await denied(control('EnableDefaultKeyReplicationRegions', { ReplicationRegions: [OTHER_REGION] }));
  });

  test('may not use a key whose identifier looks like their own', async () => {
    const climbing = `${own.mac}/../${attacked.victim.slice(-16)}`;
    for (const identifier of [own.mac.toUpperCase(), climbing, `${own.mac}*`, own.mac.replace(/.$/, '?')])
      expect(await exception({ ...mac(identifier), credentials })).toMatch(/^(AccessDenied|Validation)Exception$/);
  });

  function translate(from: string, to: string): Partial<RawRequest> {
    const IsoFormat0 = { PrimaryAccountNumber: '4123451234567890' };
    return {
      path: '/pindata/translate',
      body: JSON.stringify({
        IncomingKeyIdentifier: from,
        OutgoingKeyIdentifier: to,
        IncomingTranslationAttributes: { IsoFormat0 },
        OutgoingTranslationAttributes: { IsoFormat0 },
        EncryptedPinBlock: PIN_BLOCK,
      }),
    };
  }

  function reEncrypt(from: string, to: string): Partial<RawRequest> {
    const attributes = { Symmetric: { Mode: 'ECB' } };
    return {
      path: `/keys/${encodeURIComponent(from)}/reencrypt`,
      body: JSON.stringify({
        OutgoingKeyIdentifier: to,
        CipherText: '00112233445566778899AABBCCDDEEFF',
        IncomingEncryptionAttributes: attributes,
        OutgoingEncryptionAttributes: attributes,
      }),
    };
  }

  function encrypt(how: 'WrappedKey' | 'identifier', key: string): Partial<RawRequest> {
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: CLEAR.kek }, { ...data, clear: CLEAR.data });
    const WrappedKey = how === 'WrappedKey' ? { WrappedKeyMaterial: { Tr31KeyBlock: WrappedKeyBlock } } : undefined;
    return {
      path: `/keys/${encodeURIComponent(key)}/encrypt`,
      body: JSON.stringify({
        PlainText: '00112233445566778899AABBCCDDEEFF',
        EncryptionAttributes: { Symmetric: { Mode: 'ECB' } },
        WrappedKey,
      }),
    };
  }
});

test('attacks leave the service healthy', () => expectHealthy());
