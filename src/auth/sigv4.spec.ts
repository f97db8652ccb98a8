import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import suite from '../../test/vectors/sigv4.json' with { type: 'json' };
import { canonicalRequest, HeaderValues, type SignedRequest } from './canonical-request.js';
import { tokenHash } from '../access/session-token.js';
import { type AccessKey, SigV4Verifier } from './sigv4.js';

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const NOW = new Date('2015-08-30T12:36:00Z');
const verifier = (
  options: Partial<{ regions: string[]; clockSkewSeconds: number }> = {},
  credentials: AccessKey & { accessKeyId: string } = CREDENTIALS,
) => {
  const sigV4 = new SigV4Verifier({ regions: ['us-east-1'], clockSkewSeconds: 300, ...options });
  return {
    verify: (request: SignedRequest, now: Date, service = 'service') => {
      const claim = sigV4.read(request);
      const found = claim.accessKeyId === credentials.accessKeyId ? credentials : undefined;
      return { accessKey: sigV4.verify(claim, found, service, now), region: claim.region };
    },
  };
};

/** HTTP text of a vector; a line that begins with a space continues the previous header. */
function parse(text: string): SignedRequest {
  const [head = '', ...body] = text.split('\n\n');
  const [requestLine = '', ...lines] = head.replaceAll(/\n(?= )/g, '\u0000').split('\n');
  const [, method = '', url = ''] = /^(\S+) (.*) HTTP\/1\.1$/.exec(requestLine) ?? [];
  const rawHeaders = lines
    .filter((line) => line !== '')
    .flatMap((line) => [
      line.slice(0, line.indexOf(':')),
      line.slice(line.indexOf(':') + 1).replaceAll('\u0000', '\n'),
    ]);
  return { method, url, rawHeaders, body: Buffer.from(body.join('\n\n')) };
}

/** The signed header of these is not in their request: the suite has the signer add it. */
const INCOMPLETE = ['get-vanilla-with-session-token'];
/** Signed with temporary credentials: refused with a long-term access key. */
const WITH_TOKEN = ['post-sts-token/post-sts-header-before'];
const CASES = suite.cases.filter(({ id }) => !INCOMPLETE.includes(id));

describe('AWS Signature Version 4 test suite', () => {
  test('is complete except for the named cases', () => expect(CASES).toHaveLength(suite.cases.length - 1));

  test.each(CASES)('$id has its canonical request', ({ request, canonicalRequest: expected, authorization }) => {
    const parsed = parse(request);
    const signedHeaders = /SignedHeaders=([^,]+)/.exec(authorization)![1]!.split(';');
    expect(canonicalRequest(parsed, new HeaderValues(parsed.rawHeaders), signedHeaders)).toBe(expected);
  });

  test.each(CASES.filter(({ id }) => !WITH_TOKEN.includes(id)))('$id is verified', ({ request, authorization }) => {
    const parsed = parse(request);
    const signed = { ...parsed, rawHeaders: [...parsed.rawHeaders, 'Authorization', authorization] };
    expect(verifier().verify(signed, NOW).accessKey).toBe(CREDENTIALS);
    const other = { ...signed, body: Buffer.concat([signed.body, Buffer.from(' ')]) };
    expect(() => verifier().verify(other, NOW)).toThrow(/signature we calculated does not match/);
  });

  test.each(CASES.filter(({ id }) => WITH_TOKEN.includes(id)))('$id is refused', ({ request, authorization }) => {
    const parsed = parse(request);
    const signed = { ...parsed, rawHeaders: [...parsed.rawHeaders, 'Authorization', authorization] };
    expect(() => verifier().verify(signed, NOW)).toThrow('The security token included in the request is invalid.');
  });

  test.each(CASES.filter(({ id }) => WITH_TOKEN.includes(id)))(
    '$id is signed with temporary credentials',
    ({ request, authorization }) => {
      const parsed = parse(request);
      const signed = { ...parsed, rawHeaders: [...parsed.rawHeaders, 'Authorization', authorization] };
      const token = parsed.rawHeaders[parsed.rawHeaders.findIndex((name) => /security-token/i.test(name)) + 1]!;
      const session = (hash: Buffer, endsInMs: number) => ({
        ...CREDENTIALS,
        session: { tokenHash: hash, expiresAt: new Date(NOW.getTime() + endsInMs) },
      });
      const ours = session(tokenHash(token), 1);
      expect(verifier({}, ours).verify(signed, NOW).accessKey).toBe(ours);
      expect(() => verifier({}, session(tokenHash(token), 0)).verify(signed, NOW)).toThrow(
        'token included in the request is expired',
      );
      expect(() => verifier({}, session(tokenHash(`${token}x`), 1)).verify(signed, NOW)).toThrow(
        'token included in the request is invalid',
      );
      const without = CASES.find(({ id }) => id === 'get-vanilla')!;
      const bare = parse(without.request);
      const unsigned = { ...bare, rawHeaders: [...bare.rawHeaders, 'Authorization', without.authorization] };
      expect(() => verifier({}, ours).verify(unsigned, NOW)).toThrow('token included in the request is invalid');
    },
  );
});

test("AWS's own signer and this verifier agree on any request", async () => {
  const signer = new SignatureV4({
    credentials: CREDENTIALS,
    region: 'us-east-1',
    service: 'service',
    sha256: Sha256,
    applyChecksum: false,
  });
  const segment = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((text) => !/^\.{1,2}$/.test(text));
  // The signer loses a parameter of the name that sets an object's prototype.
  const parameterName = fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => name !== '__proto__');
  const headerName = fc.stringMatching(/^x-amz-[a-z]{1,8}$/).filter((name) => !/token|target|date|sha/.test(name));
  await fc.assert(
    fc.asyncProperty(
      fc.array(segment, { maxLength: 4 }),
      fc.dictionary(parameterName, fc.string({ unit: 'grapheme' }), { maxKeys: 4 }),
      fc.dictionary(headerName, fc.stringMatching(/^[ -~]{0,20}$/), { maxKeys: 3 }),
      fc.string({ unit: 'grapheme' }),
      async (segments, query, headers, body) => {
        const path = `/${segments.map(encodeURIComponent).join('/')}`;
        const signed = await signer.sign(
          {
            method: 'POST',
            protocol: 'https:',
            hostname: 'example.com',
            path,
            query,
            headers: { host: 'example.com', ...headers },
            body,
          },
          { signingDate: NOW },
        );
        const search = Object.entries(query)
          .map((pair) => pair.map(encodeURIComponent).join('='))
          .join('&');
        const request = {
          method: 'POST',
          url: search ? `${path}?${search}` : path,
          rawHeaders: Object.entries(signed.headers).flat(),
          body: Buffer.from(body),
        };
        expect(verifier().verify(request, NOW).accessKey).toBe(CREDENTIALS);
      },
    ),
    { numRuns: 200 },
  );
});

describe('the Authorization header', () => {
  const vanilla = suite.cases.find(({ id }) => id === 'post-vanilla')!;
  const verify = (authorization: string, change: Partial<SignedRequest> = {}, now = NOW) => {
    const request = parse(vanilla.request);
    return verifier().verify(
      { ...request, rawHeaders: [...request.rawHeaders, 'authorization', authorization], ...change },
      now,
    );
  };
  const signed = vanilla.authorization;

  test.each([
    [signed.replaceAll(', ', ',')],
    [signed.replace(/(Credential=\S+), (SignedHeaders=\S+), (Signature=\S+)/, '$3, $1, $2')],
  ])('may be written %s', (authorization) => {
    expect(verify(authorization).accessKey).toBe(CREDENTIALS);
  });

  test.each([
    ['another algorithm', signed.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'), /algorithm AWS4-HMAC-SHA256/],
    ['a bearer token', 'Bearer abc', /algorithm AWS4-HMAC-SHA256/],
    [
      'nothing but the algorithm',
      'AWS4-HMAC-SHA256 x',
      /'Credential' parameter. .*'Signature' parameter. .*'SignedHeaders' parameter/,
    ],
    ['no Signature', signed.replace(/, Signature=.*/, ''), /^Authorization header requires 'Signature' parameter.$/],
    ['no SignedHeaders', signed.replace(/SignedHeaders=[^,]*,/, ''), /^Authorization header requires 'SignedHeaders'/],
    ['a scope of four parts', signed.replace('/service', ''), /must have 5 parts/],
    ['a signature of 63 digits', signed.slice(0, -1), /64 lower-case hexadecimal/],
    ['a signature in upper case', signed.replace(/[0-9a-f]+$/, (hex) => hex.toUpperCase()), /64 lower-case/],
    ['an unsigned host', signed.replace('host;', ''), /'host' must be one of SignedHeaders/],
    ['an unsigned date', signed.replace(';x-amz-date', ''), /'x-amz-date' must be one of SignedHeaders/],
    ['a signed header that is missing', signed.replace('host;', 'host;x-a;'), /lacks the signed header 'x-a'/],
    [
      '65 signed headers',
      signed.replace('host;', `${Array.from({ length: 64 }, (_, i) => `a${i}`).join(';')};host;`),
      /64 names at most/,
    ],
    ['signed headers out of order', signed.replace('host;x-amz-date', 'x-amz-date;host'), /must be sorted/],
    ['a signed header twice', signed.replace('host;', 'host;host;'), /must be sorted, each name once/],
  ])('with %s is incomplete', (_, authorization, message) => {
    expect(() => verify(authorization)).toThrow(expect.objectContaining({ name: 'IncompleteSignatureException' }));
    expect(() => verify(authorization)).toThrow(message);
  });

  test.each([
    ['the scope of another day', signed.replace('20150830', '20150829'), /Date in Credential scope does not match/],
    ['another Region', signed.replace('us-east-1', 'us-west-2'), /valid region. This service is in us-east-1\.$/],
    ['another service', signed.replace('/service', '/kms'), /correct service: 'service'/],
    ['another signature', signed.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')), /signature we calculated/],
  ])('with %s is invalid', (_, authorization, message) => {
    expect(() => verify(authorization)).toThrow(expect.objectContaining({ name: 'InvalidSignatureException' }));
    expect(() => verify(authorization)).toThrow(message);
  });

  test('says how far the clock is off, as AWS does', () => {
    expect(() => verify(signed, {}, new Date('2015-08-30T12:41:01Z'))).toThrow(
      'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)',
    );
    expect(() => verify(signed, {}, new Date('2015-08-30T12:30:59Z'))).toThrow(
      'Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)',
    );
    expect(verify(signed, {}, new Date('2015-08-30T12:41:00Z')).accessKey).toBe(CREDENTIALS);
  });

  test.each(['2015-08-30T12:36:00Z', '20151330T123600Z', '20150830T1236Z', ''])(
    'a date written %s is refused',
    (date) => {
      const request = parse(vanilla.request);
      const rawHeaders = ['Host', 'example.amazonaws.com', 'X-Amz-Date', date, 'Authorization', signed];
      expect(() => verifier().verify({ ...request, rawHeaders }, NOW)).toThrow();
    },
  );

  test('is cached for its day and key only', () => {
    const one = verifier();
    const request = parse(vanilla.request);
    const rawHeaders = [...request.rawHeaders, 'Authorization', signed];
    for (let i = 0; i < 3; i++) expect(one.verify({ ...request, rawHeaders }, NOW).accessKey).toBe(CREDENTIALS);
    const forged = [...request.rawHeaders, 'Authorization', signed.replace('AKIDEXAMPLE', 'AKIDOTHER')];
    expect(() => one.verify({ ...request, rawHeaders: forged }, NOW)).toThrow('security token');
  });

  test('is verified for two services on one day, each under a key of its own', async () => {
    const one = verifier();
    const signedFor = async (service: string) => {
      const signer = new SignatureV4({ credentials: CREDENTIALS, region: 'us-east-1', service, sha256: Sha256, applyChecksum: false }); // prettier-ignore
      const { headers } = await signer.sign(
        { method: 'POST', protocol: 'https:', hostname: 'example.com', path: '/', headers: { host: 'example.com' }, body: '' }, // prettier-ignore
        { signingDate: NOW },
      );
      return { method: 'POST', url: '/', rawHeaders: Object.entries(headers).flat(), body: Buffer.alloc(0) };
    };
    const requests = { service: await signedFor('service'), kms: await signedFor('kms') };
    for (const service of ['service', 'kms', 'service'] as const)
      expect(one.verify(requests[service], NOW, service).accessKey).toBe(CREDENTIALS);
    expect(() => one.verify(requests.service, NOW, 'kms')).toThrow("correct service: 'kms'");
    expect(() => one.verify(requests.kms, NOW, 'service')).toThrow("correct service: 'service'");
  });
});
