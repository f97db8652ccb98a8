// Packs the built package, installs it in an empty folder, and runs the command there: npm run check:package. What was
// built is packed, and nothing is built where it is installed.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'keyblock-package-'));

/** Runs a program. @returns its standard output @throws Error if it fails */
function run(cwd, input, program, ...args) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd, input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
  return stdout;
}

/** Runs the command of the installed package, and compares a part of its output. */
function check(expected, input, ...args) {
  const stdout = run(folder, input, 'npx', '--no-install', 'keyblock', ...args);
  if (!stdout.includes(expected)) throw new Error(`keyblock ${args.join(' ')} printed:\n${stdout}`);
  console.log(`  keyblock ${args.join(' ')} succeeds`);
}

/** Starts the service of the installed package, asks it whether it is ready, and stops it. */
async function checkStart() {
  const env = { ...process.env, KEYBLOCK_PORT: '0', KEYBLOCK_DRAIN_SECONDS: '0' };
  // Without npx, which would end at SIGTERM and leave the service behind.
  const command = join(folder, 'node_modules/.bin/keyblock');
  const service = spawn(command, ['start', '--dev'], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(service, 'exit');
  let said = '';
  const address = await new Promise((resolve, reject) => {
    service.stderr.on('data', (chunk) => {
      said += chunk;
      const found = /listens at (http:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    service.on('exit', () => reject(new Error(`keyblock start ended:\n${said}`)));
  });
  try {
    for (const path of ['/readyz', '/docs', '/console/', '/openapi/kms.json']) {
      const { status } = await fetch(`${address}${path}`);
      if (status !== 200) throw new Error(`${path} of the installed service returns ${status}`);
    }
  } finally {
    service.kill('SIGTERM');
    await ended;
  }
  console.log('  keyblock start --dev is ready, and serves its pages');
}

try {
  const [{ filename, size }] = JSON.parse(
    run(ROOT, '', 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', folder),
  );
  console.log(`Packed ${filename}, ${(size / 1e6).toFixed(1)} MB`);
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  run(folder, '', 'npm', 'install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', `./${filename}`);
  console.log('Installed it in an empty folder');
  check(`${version}\n`, '', '--version');
  check('Commands on a service', '');
  check('08D7B4', '0123456789ABCDEFFEDCBA9876543210\n', 'kcv');
  check('keyblock:GetStatus', '', 'help', 'status');
  await checkStart();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
