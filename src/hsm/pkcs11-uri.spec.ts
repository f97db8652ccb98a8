import { parsePkcs11Uri, Pkcs11UriError } from './pkcs11-uri.js';

const KEY = 'pkcs11:token=payments;object=keyblock-master';
const MODULE = 'module-path=/usr/lib/softhsm/libsofthsm2.so';
const PIN = 'pin-source=file:/run/secrets/pin';

/** A URI that differs from a correct one in its parts. */
const uri = ({ key = KEY, module = MODULE, pin = PIN } = {}) => `${key}?${module}&${pin}`;

test('names a token, a key, a module and the file of a PIN', () => {
  expect(parsePkcs11Uri(uri())).toEqual({
    module: '/usr/lib/softhsm/libsofthsm2.so',
    token: 'payments',
    serial: undefined,
    object: 'keyblock-master',
    id: undefined,
    pinSource: { file: '/run/secrets/pin' },
  });
});

test('decodes percent-encoded characters and bytes', () => {
  const key = 'pkcs11:serial=59b3c29d4b5a;id=%00%fF%3Ba;object=M%C3%BCnze%3B%20%25;type=secret-key';
  expect(parsePkcs11Uri(uri({ key, module: 'module-path=/opt/a%26b.so' }))).toMatchObject({
    module: '/opt/a&b.so',
    token: undefined,
    serial: '59b3c29d4b5a',
    object: 'Münze; %',
    id: Buffer.from([0, 0xff, 0x3b, 0x61]),
  });
});

test.each([
  ['pin-source=/run/pin', { file: '/run/pin' }],
  ['pin-source=file:/run/pin', { file: '/run/pin' }],
  ['pin-source=file:///run/pin', { file: '/run/pin' }],
  ['pin-source=env:TOKEN_PIN', { variable: 'TOKEN_PIN' }],
])('takes the PIN from %s', (pin, pinSource) => {
  expect(parsePkcs11Uri(uri({ pin })).pinSource).toEqual(pinSource);
});

test.each([
  ['an empty text', '', 'must be a PKCS#11 URI'],
  ['another scheme', `file:${uri()}`, 'must be a PKCS#11 URI'],
  ['the scheme in capitals', uri({ key: 'PKCS11:token=a;object=b' }), 'must be a PKCS#11 URI'],
  ['a blank before it', ` ${uri()}`, 'must be a PKCS#11 URI'],
  ['nothing but the scheme', 'pkcs11:', 'must name the token'],
  ['more than 4096 characters', uri({ key: `${KEY}${'k'.repeat(4096)}` }), 'must be at most 4096 characters'],
  ['a PIN', `${uri()}&pin-value=1234`, 'must not contain pin-value'],
  ['a PIN as its first query', `${KEY}?pin-value=1234&${MODULE}`, 'must not contain pin-value'],
  ['a PIN in its path', uri({ key: `${KEY};pin-value=1234` }), 'has the attribute "pin-value"'],
  ['no token', uri({ key: 'pkcs11:object=b' }), 'must name the token'],
  ['no key', uri({ key: 'pkcs11:token=a' }), 'must name the key'],
  ['an empty token', uri({ key: 'pkcs11:token=;object=b' }), 'must state a value of token'],
  ['an empty id', uri({ key: 'pkcs11:token=a;id=' }), 'must state a value of id'],
  ['an attribute without a value', uri({ key: 'pkcs11:token;object=b' }), 'has the attribute ""'],
  ['two tokens', uri({ key: 'pkcs11:token=a;token=b;object=c' }), 'must state token once'],
  ['two modules', uri({ module: `${MODULE}&module-path=/b.so` }), 'must state module-path once'],
  ['a slot', uri({ key: `${KEY};slot-id=0` }), 'has the attribute "slot-id"'],
  ['a manufacturer', uri({ key: `${KEY};manufacturer=a` }), 'has the attribute "manufacturer"'],
  ['a vendor attribute', uri({ key: `${KEY};x-vendor=a` }), 'has the attribute "x-vendor"'],
  ['an attribute in capitals', uri({ key: 'pkcs11:Token=a;object=b' }), 'has the attribute "Token"'],
  ['an attribute of every object', uri({ key: `${KEY};__proto__=a` }), 'has the attribute "__proto__"'],
  ['an attribute of the path in the query', `${KEY}?${MODULE}&${PIN}&serial=1`, 'has the attribute "serial"'],
  ['an attribute of the query in the path', uri({ key: `${KEY};${MODULE}` }), 'has the attribute "module-path"'],
  ['a module name', uri({ module: 'module-name=softhsm2' }), 'has the attribute "module-name"'],
  ['a type that is not a key', uri({ key: `${KEY};type=cert` }), 'must have the type secret-key or private'],
  ['a public key', uri({ key: `${KEY};type=public` }), 'must have the type secret-key or private'],
  ['no query', KEY, 'must name the module'],
  ['no module', `${KEY}?${PIN}`, 'must name the module'],
  ['a relative module', uri({ module: 'module-path=softhsm.so' }), 'must name the module by its absolute path'],
  ['a % without digits', uri({ key: 'pkcs11:token=100%;object=b' }), 'has a % in token'],
  ['a % with one digit', uri({ key: 'pkcs11:token=a;id=%1' }), 'has a % in id'],
  ['a % with other letters', uri({ key: 'pkcs11:token=a;id=%GG' }), 'has a % in id'],
  ['no PIN source', `${KEY}?${MODULE}`, 'must state where the PIN is'],
  ['a relative PIN file', uri({ pin: 'pin-source=file:pin' }), 'must state where the PIN is'],
  ['a PIN file of another host', uri({ pin: 'pin-source=file://host/pin' }), 'must state where the PIN is'],
  ['a command for the PIN', uri({ pin: 'pin-source=|/usr/bin/pin' }), 'must state where the PIN is'],
  ['a PIN from the network', uri({ pin: 'pin-source=https://host/pin' }), 'must state where the PIN is'],
  ['a variable with a hyphen', uri({ pin: 'pin-source=env:TOKEN-PIN' }), 'must state where the PIN is'],
  ['a variable without a name', uri({ pin: 'pin-source=env:' }), 'must state where the PIN is'],
])('refuses %s', (_, text, message) => {
  const refusal = () => parsePkcs11Uri(text);
  expect(refusal).toThrow(Pkcs11UriError);
  expect(refusal).toThrow(message);
  expect(refusal).not.toThrow('1234');
});
