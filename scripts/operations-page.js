import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** The folder of each API's operations, by the name of its document in openapi/. */
const FOLDERS = {
  controlplane: 'src/payment/controlplane',
  dataplane: 'src/payment/dataplane',
  admin: 'src/admin',
};

/** The end-to-end specs of each API, by the same name. */
const SPECS = { controlplane: 'test/e2e/payment', dataplane: 'test/e2e/payment', admin: 'test/e2e/service' };

const ABOUT = `# Operations

Made by \`npm run docs\` from the OpenAPI documents and the file system: don't edit it here.

Each operation links to its code, each request to its place in the OpenAPI document, whose fragment is a JSON pointer. Specs are
the end-to-end specs of the API that mention the operation's name or its path. \`/docs\` of a running service shows the same
operations with their inputs, and [compatibility.md](compatibility.md) their differences from AWS.`;

const root = new URL('../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');

function filesIn(folder) {
  return readdirSync(new URL(folder, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => posix.join(parentPath.slice(root.pathname.length), name))
    .sort();
}

/**
 * Finds the file of an operation: `<operation-in-kebab>.operation.ts`, or the controller that declares an operation without
 * a file of its own, as in the admin API.
 *
 * @throws Error where there is no such file, or more than one
 */
function fileOf(operation, files) {
  const name = `${operation.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase()}.operation.ts`;
  const own = files.filter((file) => posix.basename(file) === name);
  const declares = (file) => file.endsWith('.controller.ts') && read(file).includes(`name: '${operation}'`);
  const found = own.length > 0 ? own : files.filter(declares);
  if (found.length !== 1) throw new Error(`${operation} must have one file, not ${found.length}`);
  return found[0];
}

/** Finds the specs that mention an operation by its name, its SDK command, or a path without labels. */
function specsOf(operation, path, specs) {
  const names = [`\\b${operation}(Command)?\\b`, ...(path.includes('{') ? [] : [`\\b${path.slice(1)}\\b`])];
  const mention = new RegExp(names.join('|'));
  return specs.filter(({ text }) => mention.test(text)).map(({ file }) => file);
}

const link = (text, file) => `[${text}](../${file})`;

function rowOf(api, [path, method], operation, files, specs) {
  const pointer = ['paths', path, method].map((step) => step.replaceAll('/', '~1')).join('/');
  const anchor = encodeURI(`openapi/${api}.json#/${pointer}`);
  const found = specsOf(operation, path, specs).map((file) =>
    link(posix.relative(SPECS[api], file).replace('.e2e.spec.ts', ''), file),
  );
  const request = link(`\`${method.toUpperCase()} ${path}\``, anchor);
  return `| ${link(operation, fileOf(operation, files))} | ${request} | ${found.join(', ') || 'none'} |`;
}

function sectionOf(api) {
  const { info, paths } = JSON.parse(read(`openapi/${api}.json`));
  const files = filesIn(FOLDERS[api]);
  const specs = filesIn(SPECS[api])
    .filter((file) => file.endsWith('.e2e.spec.ts'))
    .map((file) => ({ file, text: read(file) }));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({ operation: operationId, request: [path, method] })),
  );
  operations.sort((a, b) => (a.operation < b.operation ? -1 : 1));
  const rows = operations.map(({ operation, request }) => rowOf(api, request, operation, files, specs));
  const head = ['| Operation | Request | Specs |', '| --- | --- | --- |'];
  return `## ${info.title}: ${operations.length} operations\n\n${[...head, ...rows].join('\n')}`;
}

/** @returns docs/operations.md: every operation with its code, its request in OpenAPI and its specs */
export function operationsPage() {
  const apis = filesIn('openapi').map((file) => posix.basename(file, '.json'));
  const unknown = apis.filter((api) => !(api in FOLDERS));
  if (unknown.length > 0) throw new Error(`The folder of the operations of ${unknown.join(', ')} is unknown`);
  return [ABOUT, ...Object.keys(FOLDERS).map(sectionOf)].join('\n\n');
}
