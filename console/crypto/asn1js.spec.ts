import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import * as asn1 from '../../src/crypto/asn1.js';
import { inspectKeyTransport } from '../../src/crypto/tr34/inspect.js';
import { certificateFields } from '../../src/crypto/x509/certificate-fields.js';
import { describeName, distinguishedName } from '../../src/crypto/x509/distinguished-name.js';
import { testPki } from '../../test/support/tr34.js';
import { vectors } from '../../test/support/vectors.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The console's DER reader for a browser, bundled as the build does it, and run in a realm without Node. */
const ENTRY = `
import './console/workbench/globals.js';
export * as asn1 from './src/crypto/asn1.js';
export { inspectKeyTransport } from './src/crypto/tr34/inspect.js';
export { certificateFields } from './src/crypto/x509/certificate-fields.js';
export { describeName, distinguishedName } from './src/crypto/x509/distinguished-name.js';
export const hex = (text) => Buffer.from(text, 'hex');
`;
const NODE = {
  asn1,
  inspectKeyTransport,
  certificateFields,
  describeName,
  distinguishedName,
  hex: (text: string) => Buffer.from(text, 'hex'),
};

let browser: typeof NODE;
beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'bundle',
    target: 'es2022',
    alias: JSON.parse(readFileSync(`${ROOT}/console/browser-modules.json`, 'utf8')) as Record<string, string>,
    absWorkingDir: ROOT,
  });
  const realm = createContext({ crypto, TextEncoder, TextDecoder });
  runInContext(outputFiles[0]!.text, realm);
  browser = runInContext('bundle', realm) as typeof NODE;
});

/** Runs a computation with both. @returns its value or the code of its error, as text */
function both(compute: (of: typeof NODE) => unknown): [string, string] {
  const run = (of: typeof NODE) => {
    try {
      return JSON.stringify(compute(of), (_, value: unknown) => plain(value));
    } catch (error) {
      // asn1js finds some errors later, or has other names for them.
      return `refused: ${(error as { code?: string }).code}`;
    }
  };
  return [run(browser), run(NODE)];
}

/** Bytes as hexadecimal digits, those of the browser's Buffer and those of Node's toJSON. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  const { type, data } = (value ?? {}) as { type?: unknown; data?: number[] };
  return type === 'Buffer' && data ? Buffer.from(data).toString('hex') : value;
}

interface Vector {
  inputs: { wrappedKeyBlock?: string };
}
const TOKENS = vectors<Vector>('tr34').flatMap(({ inputs }) => inputs.wrappedKeyBlock ?? []);
const CERTIFICATES = Object.values(testPki()).map(({ certificate }) => certificate.der.toString('hex'));

/** The input with each bit of some bytes flipped, and cut off at some places. */
function mutations(hex: string): string[] {
  const bytes = Buffer.from(hex, 'hex');
  const places = [...Array(64).keys(), ...Array.from({ length: 60 }, (_, i) => (i * 37) % bytes.length)];
  return places.flatMap((at) => {
    const flipped = [0x01, 0x20, 0x80].map((bit) => {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ bit;
      return copy;
    });
    return [...flipped, bytes.subarray(0, at)].map((each) => each.toString('hex'));
  });
}

/**
 * Expects the same result from both readers. asn1js also refuses some contents, such as strings that aren't UTF-8, which
 * the console only shows.
 */
function expectAsRead(der: string, inBrowser: string, inNode: string): void {
  if (!inNode.startsWith('refused')) expect([der, inBrowser]).toEqual([der, inNode]);
  if (inBrowser.startsWith('refused')) expect([der, inNode]).toEqual([der, inBrowser]);
}

test('reads TR-34 tokens, valid and altered, as Node does', () => {
  expect(TOKENS.length).toBeGreaterThan(10);
  for (const token of TOKENS) {
    const [inBrowser, inNode] = both((of) => of.inspectKeyTransport(of.hex(token)));
    expect(inBrowser).toBe(inNode);
  }
  const valid = TOKENS.filter((token) => !both((of) => of.inspectKeyTransport(of.hex(token)))[1].startsWith('refused'));
  expect(valid.length).toBeGreaterThan(5);
  for (const token of mutations(valid[0] ?? '')) {
    const [inBrowser, inNode] = both((of) => of.inspectKeyTransport(of.hex(token)));
    expectAsRead(token, inBrowser, inNode);
  }
});

test('reads certificates, valid and altered, as Node does', () => {
  for (const der of CERTIFICATES.flatMap((each, at) => (at === 0 ? [each, ...mutations(each)] : [each]))) {
    const [inBrowser, inNode] = both((of) => {
      const fields = of.certificateFields(of.hex(der));
      return [fields, of.describeName(fields.subject), of.describeName(fields.issuer)];
    });
    expectAsRead(der, inBrowser, inNode);
  }
});

test.each([
  ['numbers', (of: typeof NODE) => [0, 1, 127, 128, 255, 256, 65_535, 2 ** 31].map((n) => of.asn1.integer(n))],
  ['long numbers', (of: typeof NODE) => of.asn1.unsignedInteger(of.hex('00FF000000000000000000000000000001'))],
  ['identifiers', (of: typeof NODE) => ['1.2.840.113549.1.7.2', '2.16.840.1.101.3.4.1.42', '2.5.4.3'].map(of.asn1.oid)],
  [
    'their values',
    (of: typeof NODE) =>
      ['1.2.840.113549.1.7.2', '2.999.1', '0.9.2342'].map((id) =>
        of.asn1.oidValue(of.asn1.decodeFirst(of.asn1.oid(id === '2.999.1' ? '2.5.4.3' : id), 'CMS').element),
      ),
  ],
  [
    'long contents',
    (of: typeof NODE) => [127, 128, 255, 256, 70_000].map((n) => of.asn1.octetString(of.hex('00'.repeat(n)))),
  ],
  ['tags', (of: typeof NODE) => Object.values(of.asn1.TAG).map((tag) => of.asn1.encode(tag, of.hex('0500')))],
  [
    'times',
    (of: typeof NODE) =>
      ['1950-01-01', '2049-12-31', '2050-01-01', '9999-12-31'].map((day) => of.asn1.time(new Date(day))),
  ],
  [
    'names',
    (of: typeof NODE) =>
      of.describeName(
        of.distinguishedName([
          { type: 'C', value: 'NZ' },
          { type: 'O', value: 'Bänk' },
          { type: 'emailAddress', value: 'a@example.org' },
        ]),
      ),
  ],
])('encodes %s as asn1js', (_, compute) => {
  const [inBrowser, inNode] = both(compute);
  expect(inBrowser).toBe(inNode);
});

test.each([
  '',
  '30',
  '3080',
  '308000',
  '30840000000100',
  '3003020101FF',
  '1F81',
  '1F8101',
  '24030401AA',
  '0400',
  'A103020101',
  '30820001',
  '3181',
  '050100',
])('decodes %s as asn1js', (hex) => {
  const [inBrowser, inNode] = both((of) => of.asn1.decodeAll(of.hex(hex), 'CMS').map(({ der, tag }) => [der, tag]));
  expect(inBrowser.replace(/ .*/, '')).toBe(inNode.replace(/ .*/, ''));
});
