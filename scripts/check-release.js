// Checks that a tag is that of a release, and prints the release's part of the changelog:
// node scripts/check-release.js v0.2.0
import { readFileSync } from 'node:fs';

const [tag] = process.argv.slice(2);
const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const { version } = JSON.parse(read('package.json'));
const [, notes] = new RegExp(
  `\\n## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d\\n([^]*?)(?=\\n## |$)`,
).exec(read('CHANGELOG.md')) ?? [undefined, undefined];
if (tag !== `v${version}`) fail(`The tag ${tag} isn't that of version ${version} in package.json.`);
if (JSON.parse(read('package-lock.json')).version !== version)
  fail('package-lock.json has another version: run npm install.');
if (!notes?.trim()) fail(`CHANGELOG.md has no section "## [${version}] - <date>".`);
process.stdout.write(`${notes.trim()}\n`);

function fail(message) {
  console.error(message);
  process.exit(1);
}
