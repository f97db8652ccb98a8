import { existsSync } from 'node:fs';
import { ESLint, type Linter } from 'eslint';

interface Floors {
  FLOORS: readonly (readonly string[])[];
  PURE: Readonly<Record<string, readonly string[]>>;
  KEPT_APART: Readonly<Record<string, readonly string[]>>;
  default: Linter.Config;
}

const FILE: string = '../floors.js';
const { FLOORS, PURE, KEPT_APART, default: fence } = (await import(FILE)) as Floors;

const eslint = new ESLint({ overrideConfigFile: true, overrideConfig: [{ ...fence, ignores: [], rules: {} }, fence] });

/** Lints a source planted in a room. @returns what is wrong with it */
async function faultsOf(source: string, room: string, file = `src/${room}/planted.ts`): Promise<string[]> {
  const [result] = await eslint.lintText(source, { filePath: file });
  return result!.messages.map(({ message }) => message);
}

/** The path to a room from a file that is planted in another. */
function from(room: string, to: string): string {
  return `${'../'.repeat(room.split('/').length)}${to}/anything.js`;
}

/** Every form of an import of a room by a planted file. */
const WAYS: [string, (path: string) => string][] = [
  ['a value', (path) => `import { x } from '${path}';`],
  ['a type', (path) => `import type { X } from '${path}';`],
  ['types and values', (path) => `import { type X, y } from '${path}';`],
  ['its effects', (path) => `import '${path}';`],
  ['a value that it exports', (path) => `export { x } from '${path}';`],
  ['a type that it exports', (path) => `export type { X } from '${path}';`],
  ['all that it exports', (path) => `export * from '${path}';`],
  ['a module when it runs', (path) => `const x = await import('${path}');`],
  ['a type in place', (path) => `let x: import('${path}').X;`],
  ['a module of CommonJS', (path) => `import x = require('${path}');`],
  ['a required module', (path) => `const x = require('${path}');`],
  ['a module that it adds types to', (path) => `declare module '${path}' {}`],
];

const rooms = FLOORS.flat();
const floorOf = (room: string) => FLOORS.findIndex((floor) => floor.includes(room));

test('every room exists, once', () => {
  expect(rooms.filter((room) => !existsSync(`src/${room}`) && !existsSync(`src/${room}.ts`))).toEqual([]);
  expect(new Set(rooms).size).toBe(rooms.length);
});

describe.each(rooms)('src/%s', (room) => {
  const others = rooms.filter((other) => other !== room);
  const below = others.filter((other) => floorOf(other) < floorOf(room));
  const notBelow = others.filter((other) => floorOf(other) >= floorOf(room));
  const imports = (targets: string[]) => targets.map((to) => `import '${from(room, to)}';`).join('\n');

  test('imports itself and rooms on lower floors', async () => {
    expect(await faultsOf(imports([room, ...below]), room)).toEqual([]);
  });

  test('imports nothing on its floor or above', async () => {
    const faults = notBelow.map((to) => `${room} imports ${to}, which isn't on a lower floor (floors.js)`);
    expect(await faultsOf(imports(notBelow), room)).toEqual(faults);
  });

  test('imports nothing outside the floors', async () => {
    const path = `${'../'.repeat(room.split('/').length)}unheard-of/x.js`;
    expect(await faultsOf(`import '${path}';`, room)).toEqual([`'${path}' is in no room of floors.js`]);
  });

  test.each(Object.entries(KEPT_APART))('%s may be imported where floors.js allows it', async (name, allowed) => {
    const faults = await faultsOf(`import '${name}';\nimport type { X } from '${name}/deep.js';`, room);
    expect(faults).toHaveLength(allowed.includes(room) ? 0 : 2);
  });
});

test.each(WAYS)('%s is refused', async (_, source) => {
  const refused = ["crypto imports payment/keys, which isn't on a lower floor (floors.js)"];
  expect(await faultsOf(source('../payment/keys/key.entity.js'), 'crypto')).toEqual(refused);
  expect(await faultsOf(source('./bytes.js'), 'crypto')).toEqual([]);
});

test('no comment switches the rule off', async () => {
  const faults = await faultsOf("// eslint-disable-next-line\nimport '../service.js';", 'http');
  expect(faults).toContain("http imports service, which isn't on a lower floor (floors.js)");
});

test.each([
  ['a step into its own folder', './../http/server.js', 'crypto'],
  ['a step further down', '../../crypto/../http/server.js', 'crypto/dukpt'],
  ['a path without an extension', '../http/server', 'crypto'],
  ['the folder itself', '../http', 'crypto'],
  ['the folder itself with a stroke', '../http/', 'crypto'],
  ['one plane in the other', '../../dataplane/dukpt.js', 'payment/controlplane/keys'],
  ['the other way round', '../../controlplane/keys/keys.schema.js', 'payment/dataplane/pin'],
  ['a folder that only begins like one', '../crypto-helpers/x.js', 'http'],
  ['a file outside src', '../../test/support/call.js', 'http'],
  ['a file outside the repository', '/etc/anything.js', 'http'],
  ['a file by its URL', 'file:///etc/anything.js', 'http'],
  ['code by its URL', 'data:text/javascript,export default 1', 'http'],
  ['an escaped step', './%2e%2e/service.js', 'http'],
  ['a step with a backslash', '..\\\\service.js', 'http'],
  ['a spec', './planted.spec.js', 'http'],
  ['a module that makes a require', 'node:module', 'http'],
  ['a module that makes a require, without its scheme', 'module', 'http'],
])('%s is refused', async (_, path, folder) => {
  expect(await faultsOf(`import '${path}';`, folder)).toHaveLength(1);
});

test.each(["await import('../' + name)", 'await import(`../${name}`)', 'await import(name)', 'require(name)'])(
  '%s is refused, because the path is computed at run time',
  async (source) => {
    expect(await faultsOf(`${source};`, 'http')).toEqual(['The path of an import must be a string literal']);
  },
);

describe('a pure room', () => {
  const PACKAGES = ['node:crypto', 'node:net', 'node:fs', 'crypto', 'asn1js', 'zod', 'typeorm', '@nestjs/common'];

  test.each(Object.entries(PURE))('src/%s imports %j and no other package', async (room, allowed) => {
    const source = PACKAGES.map((name) => `import '${name}';`).join('\n');
    const refused = PACKAGES.filter((name) => !allowed.includes(name));
    expect(await faultsOf(source, room)).toEqual(
      refused.map((name) => `${room} is pure: it doesn't import ${name} (floors.js)`),
    );
  });

  test.each(['crypto/tr31', 'crypto/tr34', 'crypto/emv'])('src/%s is as pure as crypto', async (folder) => {
    expect(await faultsOf("import 'asn1js';\nimport 'node:crypto';", folder)).toEqual([
      "crypto is pure: it doesn't import asn1js (floors.js)",
    ]);
  });
});

test.each([
  'src/unheard-of/x.ts',
  'src/unheard-of.ts',
  'src/payment/unheard-of/x.ts',
  'src/crypt/x.ts',
  'src/unheard-of/x.mts',
  'src/unheard-of/x.js',
])('%s is refused, whatever it imports', async (file) => {
  expect(await faultsOf('export {};', '', file)).toEqual(['This folder or file is missing from floors.js']);
});

test('specs import what they like', async () => {
  expect(await faultsOf("import '../service.js';", '', 'src/crypto/planted.spec.ts')).toEqual([]);
});
