import {
  OTHER_REGION,
  ACCOUNT,
  mac,
  control,
  createNewKey,
  drop,
  header,
  authorization,
  text,
  statuses,
  useVictim,
} from '../../../support/attacks.js';
import { FAR_KEY, FOREIGN_KEY } from '../../../support/keys.js';
import { REGION, CREDENTIALS, target, type RawRequest, type SentRequest } from '../../../support/service.js';
import { exchange } from '../../../support/exchange.js';

const { service, attacked, settle, user, exception, wire, expectHealthy } = useVictim();

test('the attacked key works for its owner', async () => {
  expect(statuses(await exchange(service.url, text(await wire(mac(attacked.victim)))))).toEqual([200]);
  expect((await service.send(mac('alias/victim'))).status).toBe(200);
});

describe('unsigned requests are rejected with', () => {
  const BASIC = `Basic ${Buffer.from('root:root').toString('base64')}`;
  const ZEROS = `Signature=${'0'.repeat(64)}`;
  const replace = (pattern: RegExp | string, by: string) => authorization((value) => value.replace(pattern, by));
  const signature = (by: string) => replace(/Signature=.*/, by);
  const algorithm = (by: string) => replace('AWS4-HMAC-SHA256', by);
  const accessKey = (by: string) => replace(/Credential=[^/]+/, `Credential=${by}`);
  const signedHeaders = (by: string) => replace(/SignedHeaders=[^,]+/, `SignedHeaders=${by}`);
  const payload = (by: string) => header('x-amz-content-sha256', () => by);
  // A signature that happens to contain no letters must be changed, too.
  const inUpperCase = (value: string) =>
    value.replace(/[0-9a-f]{64}$/, (hex) => hex.toUpperCase().replace(/^\d+$/, 'A'));

  /** Moves the signature into the query. The root path cannot have a query, so the path names the operation. */
  function inQuery(sent: SentRequest): void {
    sent.path = sent.path.replace(/^\/$/, '/PaymentCryptographyControlPlane/CreateKey');
    const parts = /Credential=(\S+), SignedHeaders=(\S+), Signature=(\S+)/;
    const [, credential, signed, value] = parts.exec(sent.headers['authorization']!)!;
    const query = [
      'X-Amz-Algorithm=AWS4-HMAC-SHA256',
      `X-Amz-Credential=${encodeURIComponent(credential!)}`,
      `X-Amz-SignedHeaders=${signed}`,
      `X-Amz-Signature=${value}`,
    ];
    sent.path += `?${query.join('&')}`;
    drop('authorization')(sent);
  }

  test.each<[what: string, name: string, tamper: RawRequest['tamper']]>([
    ['no Authorization', 'MissingAuthenticationTokenException', drop('authorization')],
    ['an empty Authorization', 'IncompleteSignatureException', authorization(() => '')],
    ['Basic authentication', 'IncompleteSignatureException', authorization(() => BASIC)],
    ['a bearer token', 'IncompleteSignatureException', authorization(() => 'Bearer eyJhbGciOiJub25lIn0.e30.')],
    ['no signature', 'IncompleteSignatureException', signature('')],
    ['an empty signature', 'IncompleteSignatureException', signature('Signature=')],
    ['a signature of zeros', 'InvalidSignatureException', signature(ZEROS)],
    ['a signature cut short', 'IncompleteSignatureException', authorization((value) => value.slice(0, -2))],
    [
      'two signatures',
      'InvalidSignatureException',
      authorization((value) => value.replace('Signature=', `${ZEROS}, Signature=`)),
    ],
    ['the signature in upper case', 'IncompleteSignatureException', authorization(inUpperCase)],
    ['another algorithm', 'IncompleteSignatureException', algorithm('AWS4-HMAC-SHA1')],
    ['a public key algorithm', 'IncompleteSignatureException', algorithm('AWS4-ECDSA-P256-SHA256')],
    ['an unknown access key', 'UnrecognizedClientException', accessKey('AKIAAAAAAAAAAAAAAAAA')],
    ['the name of an object member as access key', 'UnrecognizedClientException', accessKey('__proto__')],
    ['SQL as access key', 'UnrecognizedClientException', accessKey(`'OR'1'='1`)],
    ['no signed header but the host', 'IncompleteSignatureException', signedHeaders('host')],
    ['an unsigned payload', 'InvalidSignatureException', payload('UNSIGNED-PAYLOAD')],
    ['a streaming payload', 'InvalidSignatureException', payload('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')],
    ['the signature in the query', 'MissingAuthenticationTokenException', inQuery],
  ])('%s: %s', async (_, name, tamper) => {
    const path = '/PaymentCryptographyControlPlane/CreateKey';
    for (const request of [createNewKey, { ...createNewKey, path, headers: {} }, mac(attacked.victim)])
      expect(await exception({ ...request, tamper })).toBe(name);
  });

  test.each([
    ['an empty secret', { ...CREDENTIALS, secretAccessKey: '' }],
    ['the access key as secret', { ...CREDENTIALS, secretAccessKey: CREDENTIALS.accessKeyId }],
    ['the secret in upper case', { ...CREDENTIALS, secretAccessKey: CREDENTIALS.secretAccessKey.toUpperCase() }],
  ])('%s', async (_, credentials) => {
    expect(await exception({ ...createNewKey, credentials })).toBe('InvalidSignatureException');
  });

  test('the root access key and the secret of a user', async () => {
    const { secretAccessKey } = await user('somebody', { Effect: 'Allow', Action: '*', Resource: '*' });
    const credentials = { ...CREDENTIALS, secretAccessKey };
    await settle();
    expect(await exception({ ...createNewKey, credentials })).toBe('InvalidSignatureException');
  });
});

describe('replayed and altered requests are rejected:', () => {
  test('a request that is too old or too new', async () => {
    for (const minutes of [-6, 6]) {
      const signingDate = new Date(Date.now() + minutes * 60_000);
      expect(await exception({ ...createNewKey, signingDate })).toBe('InvalidSignatureException');
    }
  });

  test('a request with a new date', async () => {
    const signingDate = new Date(Date.now() - 3_600_000);
    const now = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
    const tamper = header('x-amz-date', () => now);
    expect(await exception({ ...createNewKey, signingDate, tamper })).toBe('InvalidSignatureException');
  });

  test.each<[string, RawRequest['tamper']]>([
    ['body', (sent) => (sent.body = sent.body.replace('"Exportable":true', '"Exportable":false'))],
    [
      'body without its hash',
      (sent) => {
        sent.body += ' ';
        drop('x-amz-content-sha256')(sent);
      },
    ],
    ['target', header('x-amz-target', () => target('ImportKey')['x-amz-target'])],
    ['path', (sent) => (sent.path = '/PaymentCryptographyControlPlane/CreateKey')],
    ['Region of the scope', authorization((value) => value.replace(REGION, OTHER_REGION))],
    ['service of the scope', authorization((value) => value.replace('/payment-cryptography/', '/kms/'))],
    ['date of the scope', authorization((value) => value.replace(/\/\d{8}\//, '/20200101/'))],
    ['signed headers', authorization((value) => value.replace(';x-amz-target', ''))],
  ])('another %s under a valid signature', async (_, tamper) => {
    expect(await exception({ ...createNewKey, tamper })).toMatch(/^(Invalid|Incomplete)SignatureException$/);
  });

  test('a query that is not signed', async () => {
    const tamper = (sent: SentRequest) => void (sent.path += '?a=b');
    expect(await exception({ ...mac(attacked.victim), tamper })).toBe('InvalidSignatureException');
  });

  test('a target that is added to a data-plane request', async () => {
    const tamper = header('x-amz-target', () => target('DeleteKey')['x-amz-target']);
    const body = JSON.stringify({ KeyIdentifier: attacked.victim });
    expect(await exception({ path: '/', body, tamper })).toBe('IncompleteSignatureException');
    // X-Amz-Target has a meaning at the root path only.
    const elsewhere = { ...mac(attacked.victim), path: '/mac/verify', headers: target('DeleteKey') };
    expect(await exception(elsewhere)).toBe('ValidationException');
  });

  test('a signature for another host', async () => {
    const { path, headers, body } = await service.sign(createNewKey);
    const host = 'payment-cryptography.us-east-1.amazonaws.com';
    const lines = Object.entries({ host, ...headers }).map((line) => line.join(': '));
    const bytes = `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    expect(await exchange(service.url, bytes)).toMatch(/^HTTP\/1\.1 400[^]*InvalidSignatureException/);
  });
});

describe('cross-Region requests are rejected for', () => {
  const elsewhere = { region: OTHER_REGION };

  test('a Region that is not served', async () => {
    expect(await exception({ ...createNewKey, region: 'eu-central-1' })).toBe('InvalidSignatureException');
  });

  test('a key of another Region by its ARN, its alias and the ARN of its alias', async () => {
    const alias = `arn:aws:payment-cryptography:${REGION}:${ACCOUNT}:alias/victim`;
    for (const identifier of [attacked.victim, 'alias/victim', alias]) {
      expect(await exception({ ...mac(identifier), ...elsewhere })).toBe('ResourceNotFoundException');
      const deletion = control('DeleteKey', { KeyIdentifier: identifier }, elsewhere);
      expect(await exception(deletion)).toBe('ResourceNotFoundException');
    }
    const mine = control('CreateAlias', { AliasName: 'alias/mine', KeyArn: attacked.victim }, elsewhere);
    expect(await exception(mine)).toBe('ResourceNotFoundException');
    expect(await exception(mac(FAR_KEY))).toBe('ResourceNotFoundException');
    expect(await exception(mac(attacked.victim.replace(REGION, OTHER_REGION)))).toBe('ResourceNotFoundException');
  });
});

describe('cross-account requests are rejected for', () => {
  test('keys and aliases of another account, whether they exist or not', async () => {
    const theirs = [
      FOREIGN_KEY,
      attacked.victim.replace(ACCOUNT, '111111111111'),
      `arn:aws:payment-cryptography:${REGION}:111111111111:alias/victim`,
    ];
    for (const identifier of theirs) {
      expect(await exception(mac(identifier))).toBe('AccessDeniedException');
      for (const operation of ['GetKey', 'DeleteKey', 'StopKeyUsage'])
        expect(await exception(control(operation, { KeyIdentifier: identifier }))).toBe('AccessDeniedException');
    }
    for (const [operation, input] of [
      ['PutResourcePolicy', { ResourceArn: FOREIGN_KEY, Policy: '{}' }],
      ['TagResource', { ResourceArn: FOREIGN_KEY, Tags: [{ Key: 'a', Value: 'b' }] }],
    ] as const)
      expect([operation, await exception(control(operation, input))]).toEqual([operation, 'AccessDeniedException']);
    const alias = { AliasName: 'alias/theirs', KeyArn: FOREIGN_KEY };
    expect(await exception(control('CreateAlias', alias))).toBe('ResourceNotFoundException');
  });

  test('another partition and malformed ARNs', async () => {
    for (const identifier of [
      attacked.victim.replace('arn:aws:', 'arn:aws-cn:'),
      attacked.victim.replace('payment-cryptography', 'kms'),
      attacked.victim.toUpperCase(),
      ` ${attacked.victim}`,
      `${attacked.victim}/../${attacked.victim.slice(-16)}`,
      `${attacked.victim}\u0000`,
      attacked.victim.replace('key/', 'key%2F'),
    ])
      expect(await exception(mac(identifier))).toMatch(/^(Validation|ResourceNotFound)Exception$/);
  });
});

test('attacks leave the service healthy', () => expectHealthy());
