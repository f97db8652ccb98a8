import { builtinModules } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';
import { parser } from 'typescript-eslint';

/**
 * The floors of src/, from the ground up. A room, i.e. a folder or a file, may import itself and rooms on lower floors;
 * rooms on the same floor can't import each other. A room within another room is on the floor that lists it.
 */
export const FLOORS = [
  [
    'crypto',
    'policy',
    'errors',
    'clock',
    'logger',
    'log-output',
    'make-folders',
    'quoted',
    'workers',
    'when-ready',
    'tracing',
    'database/locks',
    'hsm/pkcs11-uri',
    'database/connection',
    'hostcommands/host-error',
  ],
  ['crypto/asn1', 'http/api', 'config', 'database/primary'],
  ['crypto/x509', 'crypto/post-quantum', 'call', 'workbench'],
  ['crypto/tr34', 'crypto/signature', 'audit', 'database/quota'],
  ['http', 'changes', 'hsm'],
  ['provider'],
  [
    'access',
    'payment/event-members',
    'kms/event-members',
    'kms/exceptions',
    'kms/invalid-input',
    'cckm/errors',
    'sts/exceptions',
    'sts/xml',
  ],
  [
    'auth',
    'health',
    'payment/api',
    'kms/api',
    'cckm/api',
    'sts/api',
    'hostcommands/api',
    'hostcommands/listener-reports',
    'admin/api',
  ],
  ['approvals'],
  ['front', 'payment/authorization', 'payment/operation', 'kms'],
  ['payment/keys'],
  ['payment/fields', 'payment/operation-authorizer', 'hostcommands/layouts'],
  ['payment/exchange'],
  ['payment/controlplane', 'payment/dataplane'],
  ['admin', 'payment/payment.module', 'xks-proxy', 'cckm', 'hostcommands', 'sts'],
  ['docs', 'console', 'app.module', 'database'],
  ['store'],
  ['service'],
  ['cli'],
  ['main'],
];

/** The only packages that a pure room may import. */
export const PURE = {
  crypto: ['node:crypto'],
  'crypto/asn1': ['asn1js'],
  'crypto/x509': ['node:crypto', 'asn1js'],
  // ML-DSA and ML-KEM, which Node has from 24.7 on.
  'crypto/post-quantum': ['node:crypto', '@noble/post-quantum/ml-dsa.js', '@noble/post-quantum/ml-kem.js'],
  // Signatures over a given digest, and Ed25519ph: Node hashes what it signs.
  'crypto/signature': [
    'node:crypto',
    '@noble/curves/ed25519.js',
    '@noble/curves/nist.js',
    '@noble/curves/secp256k1.js',
  ],
  // node:net for IP addresses and ranges, zod for the schema of a policy document.
  policy: ['node:net', 'zod'],
  // It also runs in a browser.
  workbench: [],
};

/** Packages that only the listed rooms may import. */
export const KEPT_APART = {
  // The service starts without loading it.
  '@nestjs/swagger': ['docs'],
  // With createRequire a room could import modules that this rule doesn't see.
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
    // Node.js interprets backslashes and percent-encoded characters in a path.
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
    return `${pure} is pure and must not import ${source} (floors.js)`;
  if (KEPT_APART[name] && !KEPT_APART[name].includes(from))
    return `${from} must not import ${name}: only ${KEPT_APART[name].join(', ')} may (floors.js)`;
  return undefined;
}

/** Reports every import that the floors don't allow, including imports of types. */
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
  // Comments can't switch a rule off.
  linterOptions: { noInlineConfig: true },
  plugins: { keyblock: { rules: { floors: rule } } },
  rules: { 'keyblock/floors': 'error' },
};
