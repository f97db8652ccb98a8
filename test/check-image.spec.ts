import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../scripts/check-image.js', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyblock-repository-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SERVICE = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const answers = JSON.parse(readFileSync('answers.json', 'utf8'));
const server = createServer(({ url }, response) => response.writeHead(answers[url] ?? 404).end());
server.listen(process.env.KEYBLOCK_PORT, process.env.KEYBLOCK_HOST);
process.once('SIGTERM', () => server.close());
`;
const COMMAND = `#!/usr/bin/env node
process.exit(process.argv[2] === '--help' ? 0 : 1);
`;

const FILES = {
  'package.json': '{"type":"module"}',
  'answers.json': '{"/healthz":200,"/readyz":200}',
  'src/main.js': SERVICE,
  'src/main.spec.js': 'a test',
  'bin/keyblock': COMMAND,
  '.dockerignore': '*\n!package.json\n!answers.json\n!src\n!bin/keyblock\n\n# tests\n**/*.spec.js\n',
};
const DOCKERFILE = {
  from: 'FROM node:24-slim AS build',
  workdir: 'WORKDIR /app',
  copy: 'COPY package.json answers.json ./\nCOPY src src\nCOPY bin/keyblock bin/',
  last: 'FROM node:24-slim\nWORKDIR /srv',
  env: 'ENV NODE_ENV=production \\\n    # everywhere\n    KEYBLOCK_HOST=0.0.0.0',
  run: 'RUN install -d -o node -g node -m 700 /var/lib/keyblock',
  copyFrom: 'COPY --from=build /app .',
  link: 'RUN ln -s /srv/bin/keyblock /usr/local/bin/keyblock',
  user: 'USER 1000\nEXPOSE 8080',
  cmd: 'CMD ["node", "src/main.js"]',
};

/** Checks the image of a repository that differs from a correct one in some files or in parts of its Dockerfile. */
function check(
  files: Record<string, string> = {},
  dockerfile: Partial<typeof DOCKERFILE> = {},
  untracked: string[] = [],
) {
  const all = { ...FILES, Dockerfile: Object.values({ ...DOCKERFILE, ...dockerfile }).join('\n'), ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: name.startsWith('bin/') ? 0o755 : 0o644 });
  }
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  execFileSync('git', ['add', ...Object.keys(all).filter((name) => !untracked.includes(name))], { cwd: folder });
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('accepts an image that builds, serves and stops, and lists the commands that it did not run', () => {
  const { status, stdout, stderr } = check();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`instead of node:24-slim: Node.js ${process.version}`);
  expect(stdout).toContain(
    'not run: install -d -o node -g node -m 700 /var/lib/keyblock: this machine has no user node; the folder belongs to the user that runs the service',
  );
  for (const line of [
    '/healthz answers 200',
    '/readyz answers 200',
    'keyblock --help succeeds',
    'exits with 0 on SIGTERM',
  ])
    expect(stdout).toContain(line);
});

test('moves files, runs commands that load a package, and installs no system packages', () => {
  const run =
    'RUN apt-get update && apt-get install -y --no-install-recommends python3 g++ && mv answers.json /moved.json';
  const { status, stdout, stderr } = check(
    {},
    {
      copy: `${DOCKERFILE.copy}\n${run}`,
      copyFrom: `COPY --from=build /app .\nCOPY --from=build /moved.json answers.json\nRUN node --eval "require('fs')"`,
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(
    "not run: apt-get install -y --no-install-recommends python3 g++: this machine's packages are used",
  );
});

test.each<[string, Parameters<typeof check>, RegExp]>([
  [
    'a package that does not load',
    [{}, { run: `RUN node --eval "require('no-such-package')"` }],
    /^Dockerfile:11: RUN: failed: [^]*Cannot find module 'no-such-package'/m,
  ],
  ['a move of a missing file', [{}, { run: 'RUN mv no-such /moved' }], /^Dockerfile:11: RUN: there is no no-such$/m],
  [
    'another program for node',
    [{}, { run: 'RUN node --eval "process.exit(0)"' }],
    /does not know node --eval "process\.exit\(0\)"$/m,
  ],
  [
    'another command of apt-get',
    [{}, { run: 'RUN apt-get remove -y python3' }],
    /does not know apt-get remove -y python3$/m,
  ],
  [
    'a file that .dockerignore leaves out',
    [{ '.dockerignore': '*\n!package.json\n!src\n' }],
    /^Dockerfile:3: COPY: \.dockerignore excludes answers\.json$/m,
  ],
  [
    'a folder that .dockerignore leaves out',
    [{ '.dockerignore': `${FILES['.dockerignore']}src` }],
    /^Dockerfile:4: COPY: \.dockerignore excludes src$/m,
  ],
  [
    'a file that a pattern leaves out',
    [{}, { copy: 'COPY src/main.spec.js src/' }],
    /^Dockerfile:3: COPY: \.dockerignore excludes src\/main\.spec\.js$/m,
  ],
  [
    'a file that does not exist',
    [{}, { copy: 'COPY no-such.json ./' }],
    /^Dockerfile:3: COPY: there is no no-such\.json$/m,
  ],
  ['a file that git does not track', [{}, {}, ['answers.json']], /^Dockerfile:3: COPY: answers\.json is not in git$/m],
  [
    'a file that is not in the stage',
    [{}, { copyFrom: 'COPY --from=build /app/dist .' }],
    /COPY: stage build has no \/app\/dist$/m,
  ],
  [
    'a missing stage',
    [{}, { copyFrom: 'COPY --from=other /app .' }],
    /COPY: scripts\/check-image\.js does not know the stage other$/m,
  ],
  [
    'several files copied to one file',
    [{}, { copy: 'COPY package.json answers.json all' }],
    /COPY: several files go into a folder/,
  ],
  ['a wildcard in COPY', [{}, { copy: 'COPY *.json ./' }], /COPY: scripts\/check-image\.js does not know this form/],
  [
    'another option of COPY',
    [{}, { copy: 'COPY --chown=node src src' }],
    /COPY: scripts\/check-image\.js does not know this form/,
  ],
  [
    'a pattern with a question mark',
    [{ '.dockerignore': 'src/?.js' }],
    /^\.dockerignore: scripts\/check-image\.js does not know src\/\?\.js$/m,
  ],
  [
    'a pattern with two wildcards in the middle',
    [{ '.dockerignore': 'src/**/x' }],
    /\.dockerignore: .*does not know src\/\*\*\/x/,
  ],
  ['a pattern anchored at the root', [{ '.dockerignore': '/src' }], /\.dockerignore: .*does not know \/src/],
  [
    'another instruction',
    [{}, { env: 'VOLUME /data' }],
    /^Dockerfile:8: VOLUME: scripts\/check-image\.js does not know VOLUME$/m,
  ],
  [
    'another command',
    [{}, { run: 'RUN install -d /x && curl example.com' }],
    /RUN: scripts\/check-image\.js does not know install -d \/x$/m,
  ],
  [
    'an unknown command after a known one',
    [{}, { run: 'RUN npm cache clean --force && rm -rf /' }],
    /does not know rm -rf \/$/m,
  ],
  [
    'a command that fails',
    [{}, { run: 'RUN npm run no-such-script' }],
    /^Dockerfile:11: RUN: failed: npm error [^]*package\.json/m,
  ],
  [
    'another base image',
    [{}, { from: 'FROM debian AS build' }],
    /^Dockerfile:1: FROM: scripts\/check-image\.js does not know this form$/m,
  ],
  ['an instruction before FROM', [{}, { from: '' }], /^Dockerfile:2: WORKDIR: .*before FROM$/m],
  ['a relative WORKDIR', [{}, { workdir: 'WORKDIR app' }], /^Dockerfile:2: WORKDIR: is not an absolute path$/m],
  ['a user given by name', [{}, { user: 'USER node' }], /USER: is not the number of an unprivileged user$/m],
  ['root', [{}, { user: 'USER 0' }], /USER: is not the number of an unprivileged user$/m],
  ['no user', [{}, { user: '' }], /^The service would run as root: the image has no USER$/m],
  [
    'a missing program',
    [{}, { cmd: 'CMD ["no-such-program"]' }],
    /^The service ended \(spawn no-such-program E(ACCES|NOENT)\) before it answered/m,
  ],
  ['no CMD', [{}, { cmd: '' }], /^The image has no CMD$/m],
  [
    'a CMD in shell form',
    [{}, { cmd: 'CMD node src/main.js' }],
    /CMD: scripts\/check-image\.js does not know this form$/m,
  ],
  ['a service that exits', [{ 'src/main.js': 'process.exit(3)' }], /^The service ended \(3\) before it answered/m],
  [
    'a service whose file is missing',
    [{}, { cmd: 'CMD ["node", "main.js"]' }],
    /^The service ended \(1\) before it answered[^]*Cannot find module/m,
  ],
  ['a service that is not ready', [{ 'answers.json': '{"/healthz":200,"/readyz":503}' }], /^\/readyz answers 503/m],
  [
    'a service that does not stop cleanly',
    [{ 'src/main.js': `${SERVICE}process.once('SIGTERM', () => process.exit(4))` }],
    /^The service ended with 4 after SIGTERM/m,
  ],
  [
    'a command that cannot run',
    [{ 'bin/keyblock': '#!/usr/bin/env node\nthrow new Error("broken")' }],
    /^keyblock --help failed: [^]*broken/m,
  ],
  [
    'a dangling link',
    [{}, { link: 'RUN ln -s /srv/keyblock /usr/local/bin/keyblock' }],
    /^keyblock --help failed: spawnSync keyblock E(ACCES|NOENT)/m,
  ],
  [
    'a health check that fails',
    [{}, { cmd: `${DOCKERFILE.cmd}\nHEALTHCHECK --interval=10s CMD ["node", "-e", "process.exit(1)"]` }],
    /^node -e process\.exit\(1\) failed/m,
  ],
])('refuses %s', (_, repository, message) => {
  const { status, stderr } = check(...repository);
  expect(stderr).toMatch(message);
  expect(status).toBe(1);
});
