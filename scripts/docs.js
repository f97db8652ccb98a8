// Writes the generated documents from the built service, floors.js and openapi/: npm run docs
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { keyArgumentsPage } from '../dist/payment/dataplane/keys/key-arguments-page.js';
import { COMMANDS } from '../dist/hostcommands/registry.js';
import { FLOORS, PURE } from '../floors.js';
import { licencesPage } from './licences-page.js';
import { operationsPage } from './operations-page.js';

const root = new URL('../', import.meta.url);
const options = { ...(await resolveConfig(import.meta.filename)), parser: 'markdown' };
const write = async (name, page) => writeFileSync(new URL(name, root), await format(page, options));

/** Draws the floors of src/ as text, the ground floor at the bottom; a star marks a pure room. */
function floorsPicture() {
  const lines = FLOORS.map((rooms, floor) => {
    const names = rooms.map((room) => (room in PURE ? `${room}*` : room));
    return `${String(floor + 1).padStart(2)} | ${names.join('   ')}`;
  });
  return ['```text', ...lines.reverse(), '```'].join('\n');
}

/** Lists the host commands with the operation whose permission each needs. */
function commandsTable() {
  const rows = COMMANDS.map(
    ({ code, title, operation, isDefault }) =>
      `| ${code} | ${title} | ${operation ?? 'none'} | ${isDefault ? 'on' : 'off'} |`,
  );
  return ['| Code | Command | Operation | Default |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** Replaces the generated part of a document, which is between two comments. */
function withGenerated(name, part) {
  const page = readFileSync(new URL(name, root), 'utf8');
  const marked = /(<!-- generated[^>]*-->)[^]*(<!-- end of generated -->)/;
  if (!marked.test(page)) throw new Error(`${name} has no comments that mark its generated part`);
  return page.replace(marked, (_, begin, end) => `${begin}\n\n${part}\n\n${end}`);
}

await write('docs/key-arguments.md', keyArgumentsPage());
await write('docs/operations.md', operationsPage());
await write('docs/licences.md', licencesPage());
await write('docs/host-commands.md', withGenerated('docs/host-commands.md', commandsTable()));
await write('ARCHITECTURE.md', withGenerated('ARCHITECTURE.md', floorsPicture()));
