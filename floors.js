import { builtinModules } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';
import { parser } from 'typescript-eslint';

/**
 * The floors of src/, from the ground up. A room, i.e. a folder or a file, may import itself and rooms on lower floors;
 * rooms on one floor don't know each other. A room within another has the floor on which it is listed.
 */
export const FLOORS = [
  ['crypto', 'policy', 'errors', 'clock', 'logger', 'log-output', 'workers', 'database/locks'],
  ['crypto/asn1', 'http/api', 'config'],
  ['crypto/x509', 'call'],
  ['crypto/tr34', 'audit', 'database/quota'],
  ['http', 'changes'],
  ['provider'],
  ['access', 'payment/event-members'],
  ['auth', 'health', 'payment/api'],
  ['payment/authorization', 'payment/operation'],
  ['payment/keys'],
  ['payment/fields', 'payment/operation-authorizer'],
  ['payment/exchange'],
  ['payment/controlplane', 'payment/dataplane'],
  ['admin'],
  ['docs', 'app.module', 'database'],
  ['store'],
  ['service'],
  ['cli'],
  ['main'],
];

/** The only packages that a pure room imports. */
export const PURE = {
  crypto: ['node:crypto'],
  'crypto/asn1': ['asn1js'],
  'crypto/x509': ['node:crypto', 'asn1js'],
  // For IP addresses and ranges; for the schema of a document.
  policy: ['node:net', 'zod'],
};

/** The only rooms that import a package. */
export const KEPT_APART = {
  // The service starts without it.
  '@nestjs/swagger': ['docs'],
  // A require of its own would import what this rule doesn't see.
  'node:module': ['docs', 'database'],
};

const SRC = resolve(import.meta.dirname, 'src');
const FLOOR_OF = new Map(FLOORS.flatMap((rooms, floor) => rooms.map((room) => [room, floor])));

/** @returns the innermost of the rooms that a path below src/ is in; undefined if there is none */
function innermost(path, rooms) {
  const steps = path.split('/');
  for (let length = steps.length; length > 0; length--) {
    const room = steps.slice(0, length).join('/');
    if (rooms.has(room)) return room;
  }
  return undefined;
}

const PURE_ROOMS = new Map(Object.entries(PURE));

/** @returns the path below src/ without its extension; undefined for a path outside src/ */
function pathInSrc(file) {
  const path = relative(SRC, file).split(sep).join('/');
  return path.startsWith('../') ? undefined : path.replace(/\.[cm]?[jt]sx?$/, '');
}

/** @returns what is wrong with an import, or undefined */
function fault(file, from, source) {
  if (/\.spec\.[jt]s$/.test(source)) return `${source} is a spec: only specs import it (floors.js)`;
  if (/^([./\\]|file:|data:)/.test(source)) {
    // Node reads a backslash and an escaped character of a path in its own way.
    const isPlain = source.startsWith('.') && !/[\\%]/.test(source);
    const path = isPlain ? pathInSrc(resolve(dirname(file), source)) : undefined;
    const to = path === undefined ? undefined : innermost(path, FLOOR_OF);
    if (to === undefined) return `'${source}' is in no room of floors.js`;
    if (to === from || FLOOR_OF.get(to) < FLOOR_OF.get(from)) return undefined;
    return `${from} imports ${to}, which isn't on a lower floor (floors.js)`;
  }
  const written = source.split('/', source.startsWith('@') ? 2 : 1).join('/');
  const name = builtinModules.includes(written) ? `node:${written}` : written;
  const pure = innermost(from, PURE_ROOMS);
  if (pure !== undefined && !PURE[pure].includes(source))
    return `${pure} is pure: it doesn't import ${source} (floors.js)`;
  if (KEPT_APART[name] && !KEPT_APART[name].includes(from))
    return `${from} doesn't import ${name}: only ${KEPT_APART[name].join(', ')} does (floors.js)`;
  return undefined;
}

/** Refuses every import, including one of types, that the floors don't allow. */
const rule = {
  create(context) {
    const file = context.filename;
    const from = innermost(pathInSrc(file) ?? '', FLOOR_OF);
    if (from === undefined)
      return {
        Program: (node) => context.report({ node, message: 'This folder or file is missing from floors.js' }),
      };
    const check = (node) => {
      if (!node) return;
      const source = node.type === 'TSLiteralType' ? node.literal : node;
      const message =
        typeof source.value === 'string'
          ? fault(file, from, source.value)
          : 'The path of an import must be a string literal';
      if (message !== undefined) context.report({ node, message });
    };
    return {
      ImportDeclaration: ({ source }) => check(source),
      ExportNamedDeclaration: ({ source }) => check(source),
      ExportAllDeclaration: ({ source }) => check(source),
      ImportExpression: ({ source }) => check(source),
      TSImportType: ({ source }) => check(source),
      'TSModuleDeclaration > Literal.id': check,
      TSExternalModuleReference: ({ expression }) => check(expression),
      "CallExpression[callee.name='require']": ({ arguments: [source] }) => check(source),
    };
  },
};

export default {
  files: ['src/**/*.{ts,mts,cts,tsx,js,mjs,cjs,jsx}'],
  ignores: ['**/*.spec.ts'],
  languageOptions: { parser },
  // No comment switches a rule off.
  linterOptions: { noInlineConfig: true },
  plugins: { keyblock: { rules: { floors: rule } } },
  rules: { 'keyblock/floors': 'error' },
};
