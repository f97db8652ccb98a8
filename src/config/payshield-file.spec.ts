import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, readConfig } from './config.js';

const folder = mkdtempSync(join(tmpdir(), 'keyblock-payshield-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(folder, `file-${++files}`);
  writeFileSync(path, text);
  return path;
}

const ARN = 'arn:aws:iam::000000000000:user/switch';
const LISTENER = `{host: 127.0.0.1, port: 1500, region: us-east-1, principal: '${ARN}'}`;
const TEST_LMK = `'00': {scheme: variant, set: test}`;

function yaml({ listeners = [LISTENER], lmks = [TEST_LMK], more = '' } = {}): string {
  const list = (items: string[], begin: string) => items.map((item) => `    ${begin}${item}\n`).join('');
  return `payshield:\n  listeners:\n${list(listeners, '- ')}  lmks:\n${list(lmks, '')}${more && `  ${more}\n`}`;
}

function read(text: string) {
  return readConfig({ KEYBLOCK_PAYSHIELD_FILE: file(text) }).payshield!;
}

function problem(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n');
    throw error;
  }
  return 'none';
}

test('has defaults', () => {
  const { listeners, lmks, keyTable } = read(yaml());
  expect(listeners).toEqual([
    {
      ...{ host: '127.0.0.1', port: 1500, region: 'us-east-1', headerLength: 4, principal: ARN, principals: new Map() },
      ...{ maxConnections: 1000, maxMessageBytes: 32_768, messageSeconds: 30, idleSeconds: 0 },
      ...{ authorised: [], hexLength: 'characters', ansiX917: true, pinUnderLmk: false, emvPad: false },
      ...{ weakTables: false, keyNames: false, firmware: '0000-KB01', defaultLmk: '00' },
    },
  ]);
  expect([...lmks]).toEqual([['00', { scheme: 'variant', pinLength: 4 }]]);
  expect(keyTable).toBeUndefined();
});

test('states settings for all listeners, and for one', () => {
  const own = `{host: '::1', port: 0, region: us-east-1, principal: '${ARN}', hexLength: auto, commands: {allow: ['NO']}}`;
  const { listeners, keyTable } = read(
    yaml({
      listeners: [LISTENER, own],
      lmks: [`'01': {scheme: keyblock, key: alias/lmk}`],
      more: `hexLength: bytes\n  pinUnderLmk: true\n  firmware: '1.2'\n  authorised: [pin.clear, pin.account]\n  keyTable: keys.yaml`,
    }),
  );
  const all = {
    pinUnderLmk: true,
    authorised: ['pin.clear', 'pin.account'],
    firmware: '1.2      ',
    ansiX917: false,
    defaultLmk: '01',
  };
  expect(listeners).toMatchObject([
    { ...all, hexLength: 'bytes' },
    { ...all, hexLength: 'auto', commands: ['NO'] },
  ]);
  expect(keyTable).toBe(join(folder, 'keys.yaml'));
});

test('names the components of an LMK', () => {
  const { lmks } = read(yaml({ lmks: [`'00': {scheme: variant, components: [a, /b], pinLength: 6}`] }));
  expect(lmks.get('00')).toEqual({ scheme: 'variant', pinLength: 6, components: [join(folder, 'a'), '/b'] });
});

test.each([
  ['payshield: [', /is not YAML: .*line 1/],
  ['payshield: {}', /line 1: payshield.listeners/],
  [yaml({ listeners: [] }).replace('listeners:', 'listeners: []'), /line 2: payshield.listeners/],
  [yaml({ listeners: [LISTENER.replace('127.0.0.1', '0.0.0.0')] }), /line 3: .*host is not a loopback address/],
  [yaml({ listeners: [LISTENER.replace('127.0.0.1', 'localhost')] }), /host must be an IP address/],
  [yaml({ listeners: [LISTENER.replace('1500', '65536')] }), /port/],
  [
    yaml({ listeners: [LISTENER.replace('us-east-1', 'eu-west-9')] }),
    /names the Region eu-west-9, which is not served/,
  ],
  [yaml({ listeners: [LISTENER.replace('000000000000', '111122223333')] }), /which is not of the account 000000000000/],
  [yaml({ listeners: [LISTENER.replace(':user', ':group')] }), /must be the ARN of a user or a role/],
  [yaml({ listeners: [LISTENER.replace(/, principal.*/, '}')] }), /must have either a principal/],
  [yaml({ listeners: [LISTENER.replace('}', `, principals: {'CN=a': '${ARN}'}}`)] }), /must have either a principal/],
  [
    yaml({ listeners: [LISTENER.replace('principal:', `principals: {'CN=a':`).replace('}', '}}')] }),
    /needs tls with the ca/,
  ],
  [yaml({ listeners: [LISTENER.replace('}', ', tls: {cert: a, key: b}}')] }), /must have the ca/],
  [yaml({ listeners: [LISTENER.replace('}', ', tls: {cert: /nowhere, key: b, ca: c}}')] }), /names the file \/nowhere/],
  [yaml({ listeners: [LISTENER.replace('}', ', headerLength: 256}')] }), /headerLength/],
  [yaml({ listeners: [LISTENER.replace('}', ', headerlength: 4}')] }), /line 3: .*headerlength/],
  [yaml({ lmks: [TEST_LMK.replace(`'00'`, '00')] }), /line 5: payshield.lmks.0 .*two digits in quotes|Invalid key/],
  [yaml({ lmks: [`'00': {scheme: des}`] }), /must have the scheme variant or keyblock/],
  [yaml({ lmks: [`'00': {scheme: variant}`] }), /must have either set: test or components/],
  [yaml({ lmks: [`'01': ${TEST_LMK.slice(6)}`, `'02': ${TEST_LMK.slice(6)}`] }), /defaultLmk must say which LMK/],
  [yaml({ more: `defaultLmk: '07'` }), /defaultLmk names the LMK 07/],
  [yaml({ more: 'defaultLmk: 00' }), /line 6: payshield.defaultLmk must be in quotes: YAML reads it as a number/],
  [`%YAML 1.1\n---\n${yaml({ more: 'commands: {allow: [NC, NO]}' })}`, /must be in quotes: YAML reads it as a boolean/],
  [yaml({ more: 'commands: {allow: [12]}' }), /must be in quotes: YAML reads it as a number/],
  [yaml({ more: `commands: {allow: ['ca']}` }), /must be the code of a command/],
  [yaml({ more: 'hexLength: words' }), /must be characters, bytes or auto/],
  [yaml({ more: 'authorised: [everything]' }), /must be one of pin.clear/],
  [yaml({ more: `firmware: '1234567890'` }), /1 to 9 printable characters/],
  [yaml({ more: 'lmks: {}' }), /is not YAML/],
  [yaml().replace(LISTENER, `&a ${LISTENER}\n    - *a`), /is not usable/],
])('refuses %j', (text, message) => {
  expect(problem(text)).toMatch(message);
});

test('a listener that is not on a loopback address states that it is insecure', () => {
  const insecure = LISTENER.replace('127.0.0.1', '0.0.0.0').replace('}', ', insecure: true}');
  expect(read(yaml({ listeners: [insecure] })).listeners[0]).toMatchObject({ host: '0.0.0.0' });
});
