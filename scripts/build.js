// Compiles src/ to dist/ and bundles it, and bundles console/ to public/console: npm run build. With --if-changed, only
// if their output is out of date.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const STAMP = 'dist/.stamp';
const NEST = 'node_modules/@nestjs/cli/bin/nest.js';
const INPUTS = [
  'console',
  'src',
  'scripts/build.js',
  'scripts/bundle.js',
  'scripts/bundle-loader.js',
  'scripts/console.js',
  '.swcrc',
  'nest-cli.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  // The installed packages, which go into the bundle.
  'node_modules/.package-lock.json',
];

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
if (!process.argv.includes('--if-changed')) build('');
else if (!existsSync(STAMP)) build(' (there is no finished build)');
else if (readFileSync(STAMP, 'utf8') !== stamp()) build(' (something changed since the last build)');

/** Builds, and writes the stamp. If a source changes meanwhile or a step fails, there is no stamp. */
function build(reason) {
  const [before, start] = [fingerprint(INPUTS), performance.now()];
  console.error(`Building Keyblock${reason} …`);
  if (!existsSync(NEST)) {
    console.error('The build needs the development dependencies: npm ci. To start what is built: npx keyblock start');
    process.exit(1);
  }
  rmSync(STAMP, { force: true });
  run(NEST, 'build');
  run('scripts/bundle.js');
  run('scripts/console.js');
  if (fingerprint(INPUTS) === before) writeFileSync(STAMP, stamp());
  console.error(`Built in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

function run(...args) {
  // Build messages go to stderr, so that stdout has only the output of the script that is run afterwards.
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

/** Fingerprints the inputs and the output, so that a changed, truncated or missing file of the output is noticed, too. */
function stamp() {
  return `${fingerprint(INPUTS)} ${fingerprint(['dist', 'public/console'])}\n`;
}

/** @returns SHA-256 over the names and contents of the files, without specs and the stamp */
function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const path of paths.flatMap(filesIn)) hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

function filesIn(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return /\.spec\.ts$/.test(path) || path === STAMP ? [] : [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)));
}
