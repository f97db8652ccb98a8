import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { altered } from '../../test/support/altered.js';
import suite from '../../test/vectors/sigv4.json' with { type: 'json' };
import { HeaderValues } from '../http/header-values.js';
import { canonicalRequest, type SignedRequest } from './canonical-request.js';
import { tokenHash } from '../access/session-token.js';
import { type AccessKey, type SigningApi, SigV4Verifier } from './sigv4.js';

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const NOW = new Date('2015-08-30T12:36:00Z');

/** A request whose headers can be changed. */
type WireRequest = Omit<SignedRequest, 'headers'> & { rawHeaders: readonly string[] };
const received = ({ rawHeaders, ...request }: WireRequest): SignedRequest => ({
  ...request,
  headers: new HeaderValues(rawHeaders),
});

const verifier = (
  options: Partial<{ regions: string[]; clockSkewSeconds: number }> = {},
  credentials: AccessKey & { accessKeyId: string } = CREDENTIALS,
) => {
  const sigV4 = new SigV4Verifier({ regions: ['us-east-1'], clockSkewSeconds: 300, ...options });
  return {
    verify: (request: WireRequest, now: Date, service = 'service', rules: Omit<SigningApi, 'signingName'> = {}) => {
      const claim = sigV4.read(received(request));
      const found = claim.accessKeyId === credentials.accessKeyId ? credentials : undefined;
      return { accessKey: sigV4.verify(claim, found, { signingName: service, ...rules }, now), region: claim.region };
    },
  };
};

/** Parses the HTTP text of a vector; a line that begins with a space continues the previous header. */
function parse(text: string): WireRequest {
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

/** Vectors whose requests lack a signed header, because in the suite the signer adds it. */
const INCOMPLETE = ['get-vanilla-with-session-token'];
/** Vectors signed with temporary credentials, which are refused with a long-term access key. */
const WITH_TOKEN = ['post-sts-token/post-sts-header-before'];
const CASES = suite.cases.filter(({ id }) => !INCOMPLETE.includes(id));

describe('AWS Signature Version 4 test suite', () => {
  test('is complete except for the named cases', () => expect(CASES).toHaveLength(suite.cases.length - 1));

  test.each(CASES)('builds the canonical request of $id', ({ request, canonicalRequest: expected, authorization }) => {
    const parsed = parse(request);
    const signedHeaders = /SignedHeaders=([^,]+)/.exec(authorization)![1]!.split(';');
    expect(canonicalRequest(received(parsed), signedHeaders)).toBe(expected);
  });

  test.each(CASES.filter(({ id }) => !WITH_TOKEN.includes(id)))(
    'verifies $id, but not with another body',
    ({ request, authorization }) => {
      const parsed = parse(request);
      const signed = { ...parsed, rawHeaders: [...parsed.rawHeaders, 'Authorization', authorization] };
      expect(verifier().verify(signed, NOW).accessKey).toBe(CREDENTIALS);
      const other = { ...signed, body: Buffer.concat([signed.body, Buffer.from(' ')]) };
      expect(() => verifier().verify(other, NOW)).toThrow(/signature we calculated does not match/);
    },
  );

  test.each(CASES.filter(({ id }) => WITH_TOKEN.includes(id)))(
    'refuses $id under a long-term access key',
    ({ request, authorization }) => {
      const parsed = parse(request);
      const signed = { ...parsed, rawHeaders: [...parsed.rawHeaders, 'Authorization', authorization] };
      expect(() => verifier().verify(signed, NOW)).toThrow('The security token included in the request is invalid.');
    },
  );

  test.each(CASES.filter(({ id }) => WITH_TOKEN.includes(id)))(
    'verifies $id with its session token only',
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

test('the AWS signer and this verifier agree on any request', async () => {
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
  // The AWS signer drops a parameter named `__proto__`.
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
  const verify = (authorization: string, change: Partial<WireRequest> = {}, now = NOW) => {
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
      /at most 64 names/,
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
    ['another signature', altered(signed), /signature we calculated/],
  ])('with %s is invalid', (_, authorization, message) => {
    expect(() => verify(authorization)).toThrow(expect.objectContaining({ name: 'InvalidSignatureException' }));
    expect(() => verify(authorization)).toThrow(message);
  });

  test("is refused with AWS's message, which states the difference between the clocks", () => {
    expect(() => verify(signed, {}, new Date('2015-08-30T12:41:01Z'))).toThrow(
      'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)',
    );
    expect(() => verify(signed, {}, new Date('2015-08-30T12:30:59Z'))).toThrow(
      'Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)',
    );
    expect(verify(signed, {}, new Date('2015-08-30T12:41:00Z')).accessKey).toBe(CREDENTIALS);
  });

  test.each(['2015-08-30T12:36:00Z', '20151330T123600Z', '20150830T1236Z', ''])(
    'is refused with the date %s',
    (date) => {
      const request = parse(vanilla.request);
      const rawHeaders = ['Host', 'example.amazonaws.com', 'X-Amz-Date', date, 'Authorization', signed];
      expect(() => verifier().verify({ ...request, rawHeaders }, NOW)).toThrow();
    },
  );

  describe('of an API with rules of its own', () => {
    const rules = { signatures: { ofAnyRegion: true, maxSkewSeconds: 120 } } as const;
    const request = parse(vanilla.request);
    const received = { ...request, rawHeaders: [...request.rawHeaders, 'Authorization', signed] };
    const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
    const one = verifier({ regions: ['eu-west-1'] });

    test('may be for a Region that is not served', () => {
      expect(one.verify(received, NOW, 'service', rules).accessKey).toBe(CREDENTIALS);
      expect(() => one.verify(received, NOW, 'service')).toThrow('scoped to a valid region');
    });

    test.each([
      ['expired', 121],
      ['not yet current', -121],
    ])('is %s after a shorter time than the configured one', (words, seconds) => {
      expect(() => one.verify(received, at(seconds), 'service', rules)).toThrow(`Signature ${words}`);
      expect(one.verify(received, at(seconds - Math.sign(seconds)), 'service', rules).accessKey).toBe(CREDENTIALS);
    });

    test('expires no later than the configuration says', () => {
      const strict = verifier({ clockSkewSeconds: 60 });
      expect(() => strict.verify(received, at(61), 'service', rules)).toThrow('1 min.)');
    });
  });

  test('is cached for its access key only', () => {
    const one = verifier();
    const request = parse(vanilla.request);
    const rawHeaders = [...request.rawHeaders, 'Authorization', signed];
    for (let i = 0; i < 3; i++) expect(one.verify({ ...request, rawHeaders }, NOW).accessKey).toBe(CREDENTIALS);
    const forged = [...request.rawHeaders, 'Authorization', signed.replace('AKIDEXAMPLE', 'AKIDOTHER')];
    expect(() => one.verify({ ...request, rawHeaders: forged }, NOW)).toThrow('security token');
  });

  test('is verified for two services on one day, each under its own key', async () => {
    const one = verifier();
    const signedFor = async (service: string) => {
      const signer = new SignatureV4({
        credentials: CREDENTIALS,
        region: 'us-east-1',
        service,
        sha256: Sha256,
        applyChecksum: false,
      });
      const { headers } = await signer.sign(
        {
          method: 'POST',
          protocol: 'https:',
          hostname: 'example.com',
          path: '/',
          headers: { host: 'example.com' },
          body: '',
        },
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
