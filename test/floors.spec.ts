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

/** Lints a source file planted in a room. @returns the faults found */
async function faultsOf(source: string, room: string, file = `src/${room}/planted.ts`): Promise<string[]> {
  const [result] = await eslint.lintText(source, { filePath: file });
  return result!.messages.map(({ message }) => message);
}

/** Returns the path to a room from a file that is planted in another room. */
function from(room: string, to: string): string {
  return `${'../'.repeat(room.split('/').length)}${to}/anything.js`;
}

/** Every form in which a planted file can import a room. */
const WAYS: [string, (path: string) => string][] = [
  ['a value', (path) => `import { x } from '${path}';`],
  ['a type', (path) => `import type { X } from '${path}';`],
  ['types and values', (path) => `import { type X, y } from '${path}';`],
  ['a module for its side effects', (path) => `import '${path}';`],
  ['a value that the file exports', (path) => `export { x } from '${path}';`],
  ['a type that the file exports', (path) => `export type { X } from '${path}';`],
  ['everything that the file exports', (path) => `export * from '${path}';`],
  ['a module at run time', (path) => `const x = await import('${path}');`],
  ['an inline type', (path) => `let x: import('${path}').X;`],
  ['a CommonJS module', (path) => `import x = require('${path}');`],
  ['a module by require', (path) => `const x = require('${path}');`],
  ['a module that the file adds types to', (path) => `declare module '${path}' {}`],
];

const rooms = FLOORS.flat();
const floorOf = (room: string) => FLOORS.findIndex((floor) => floor.includes(room));

test('every room exists and is listed once', () => {
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

test.each(WAYS)('refuses an import of %s', async (_, source) => {
  const refused = ["crypto imports payment/keys, which isn't on a lower floor (floors.js)"];
  expect(await faultsOf(source('../payment/keys/key.entity.js'), 'crypto')).toEqual(refused);
  expect(await faultsOf(source('./bytes.js'), 'crypto')).toEqual([]);
});

test('no comment can disable the rule', async () => {
  const faults = await faultsOf("// eslint-disable-next-line\nimport '../service.js';", 'http');
  expect(faults).toContain("http imports service, which isn't on a lower floor (floors.js)");
});

test.each([
  ['a step into its own folder', './../http/server.js', 'crypto'],
  ['a step further down', '../../crypto/../http/server.js', 'crypto/dukpt'],
  ['a path without an extension', '../http/server', 'crypto'],
  ['the folder itself', '../http', 'crypto'],
  ['the folder itself with a slash at the end', '../http/', 'crypto'],
  ['the data plane in the control plane', '../../dataplane/dukpt.js', 'payment/controlplane/keys'],
  ['the control plane in the data plane', '../../controlplane/keys/keys.schema.js', 'payment/dataplane/pin'],
  ['a folder whose name begins like that of a room', '../crypto-helpers/x.js', 'http'],
  ['a file outside src', '../../test/support/call.js', 'http'],
  ['a file outside the repository', '/etc/anything.js', 'http'],
  ['a file by its URL', 'file:///etc/anything.js', 'http'],
  ['code by its URL', 'data:text/javascript,export default 1', 'http'],
  ['an escaped step', './%2e%2e/service.js', 'http'],
  ['a step with a backslash', '..\\\\service.js', 'http'],
  ['a spec', './planted.spec.js', 'http'],
  ['a module that creates a require function', 'node:module', 'http'],
  ['a module that creates a require function, without its scheme', 'module', 'http'],
])('refuses %s', async (_, path, folder) => {
  expect(await faultsOf(`import '${path}';`, folder)).toHaveLength(1);
});

test.each(["await import('../' + name)", 'await import(`../${name}`)', 'await import(name)', 'require(name)'])(
  'refuses %s, because the path is computed at run time',
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
      refused.map((name) => `${room} is pure and must not import ${name} (floors.js)`),
    );
  });

  test.each(['crypto/tr31', 'crypto/tr34', 'crypto/emv'])('src/%s is as pure as crypto', async (folder) => {
    expect(await faultsOf("import 'asn1js';\nimport 'node:crypto';", folder)).toEqual([
      'crypto is pure and must not import asn1js (floors.js)',
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
])('refuses %s, whatever it imports', async (file) => {
  expect(await faultsOf('export {};', '', file)).toEqual(['This folder or file is missing from floors.js']);
});

test('specs may import anything', async () => {
  expect(await faultsOf("import '../service.js';", '', 'src/crypto/planted.spec.ts')).toEqual([]);
});
