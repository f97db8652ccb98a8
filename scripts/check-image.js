// Checks without Docker that the image builds and serves: npm run check:image
//
// Executes the Dockerfile in one folder per stage, with the files that are in git and not excluded by .dockerignore,
// and with this machine's Node.js in place of the base image. Then starts the service of the last stage. Prints each
// command that it skips and the reason, and fails on any instruction, pattern or command that it does not know.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const START_TIMEOUT_MS = 120_000;

/** Variables of this machine that must not reach the image's commands or the npm that they run. */
const NOT_PASSED_ON =
  /^(KEYBLOCK_.*|DATABASE_URL|PG.*|NODE_ENV|NODE_OPTIONS|INIT_CWD|npm_(package|lifecycle)_.*|npm_config_local_prefix|npm_command)$/;

/** The image is wrong, or the Dockerfile uses something that this check does not support. */
class ImageError extends Error {}

/** Commands allowed in RUN. `note` says why a command is not run as written. */
const COMMANDS = [
  { pattern: /^npm (ci|run [\w:-]+)( --[\w=-]+)*$/, perform: runInStage },
  { pattern: /^npm cache clean --force$/, note: 'it would empty the cache of this machine' },
  {
    pattern: /^apt-get (update|install -y --no-install-recommends [a-z0-9+. -]+)$/,
    note: "this machine's packages are used",
  },
  { pattern: /^node --eval "require\('[a-z0-9-]+'\)"$/, perform: runInStage },
  {
    pattern: /^mv (\S+) (\/\S+)$/,
    perform: (stage, _command, from, to) => {
      if (!fs.existsSync(inStage(stage, from))) throw new ImageError(`there is no ${from}`);
      fs.renameSync(inStage(stage, from), inStage(stage, to));
    },
  },
  {
    pattern: /^install -d -o node -g node -m 700 (\/\S+)$/,
    note: 'this machine has no user node; the folder belongs to the user that runs the service',
    perform: (stage, _command, path) => stage.folders.push(path),
  },
  {
    pattern: /^ln -s (\/\S+) (\/\S+)$/,
    perform: (stage, _command, target, link) => {
      fs.mkdirSync(dirname(inStage(stage, link)), { recursive: true });
      fs.symlinkSync(inStage(stage, target), inStage(stage, link));
    },
  },
];

/** Effect of each instruction on the stage. `args` is the rest of its line. */
const INSTRUCTIONS = {
  WORKDIR(stage, args) {
    if (!args.startsWith('/')) throw new ImageError('is not an absolute path');
    stage.workdir = args;
    fs.mkdirSync(inStage(stage, '.'), { recursive: true });
  },
  ENV(stage, args) {
    for (const pair of args.split(/\s+/)) {
      const [, name, value] = /^(\w+)=([^"'\\$]*)$/.exec(pair) ?? unknown();
      stage.env[name] = value;
    }
  },
  COPY: copy,
  RUN(stage, args) {
    for (const command of args.split(/\s*&&\s*/)) {
      const known = COMMANDS.find(({ pattern }) => pattern.test(command)) ?? unknown(command);
      if (known.note !== undefined) console.log(`  not run: ${command}: ${known.note}`);
      known.perform?.(stage, command, ...known.pattern.exec(command).slice(1));
    }
  },
  USER(stage, args) {
    if (!/^[1-9]\d*$/.test(args)) throw new ImageError('is not the number of an unprivileged user');
    stage.user = Number(args);
  },
  EXPOSE() {},
  HEALTHCHECK(stage, args) {
    const [, command] = /^(?:--[\w-]+=\S+\s+)*CMD\s+(.*)$/.exec(args) ?? unknown();
    stage.healthcheck = words(command);
  },
  ENTRYPOINT: (stage, args) => (stage.entrypoint = words(args)),
  CMD: (stage, args) => (stage.cmd = words(args)),
};

function unknown(what = 'this form') {
  throw new ImageError(`scripts/check-image.js does not know ${what}`);
}

/** Parses arguments in JSON form, the only form that runs without a shell. */
function words(text) {
  try {
    return JSON.parse(text);
  } catch {
    return unknown();
  }
}

/** Maps a path in the image to a path on this machine. */
function inStage({ root, workdir }, path) {
  return join(root, resolve(workdir, path));
}

/** Returns the environment of a process in the image. */
function environmentOf(stage) {
  const here = Object.entries(process.env).filter(([name]) => !NOT_PASSED_ON.test(name));
  const env = Object.entries(stage.env).map(([name, value]) => [
    name,
    value.startsWith('/') ? inStage(stage, value) : value,
  ]);
  return Object.fromEntries([...here, ...env]);
}

function runInStage(stage, command) {
  const options = { cwd: inStage(stage, '.'), env: environmentOf(stage), encoding: 'utf8', shell: true };
  const { status, stdout, stderr } = spawnSync(command, options);
  if (status !== 0) throw new ImageError(`failed: ${`${stdout}${stderr}`.trim().split('\n').slice(-30).join('\n')}`);
}

/**
 * Performs COPY from the context or an earlier stage as Docker does: copies the content of a folder, or a file itself.
 */
function copy(stage, args, { context, stages }) {
  const [, from, rest] = /^(?:--from=(\S+)\s+)?([^-].*)$/.exec(args) ?? unknown();
  const paths = rest.split(/\s+/);
  const destination = paths.pop();
  if (paths.length === 0 || /[*?[\]\\"']/.test(rest)) unknown();
  const isFolder = /(^|\/)\.?$/.test(destination);
  if (paths.length > 1 && !isFolder) throw new ImageError('several files go into a folder, whose name ends in a slash');
  for (const path of paths) {
    const target = inStage(stage, destination);
    if (from === undefined) copyFromContext(context, path, target, isFolder);
    else {
      const source = inStage(stages.get(from) ?? unknown(`the stage ${from}`), path);
      if (!fs.existsSync(source)) throw new ImageError(`stage ${from} has no ${path}`);
      copyFile(source, isFolder && !fs.statSync(source).isDirectory() ? join(target, baseOf(path)) : target);
    }
  }
}

function copyFromContext({ files, tracked }, path, target, isFolder) {
  if (files.has(path)) return copyFile(path, isFolder ? join(target, baseOf(path)) : target);
  const inside = [...files].filter((file) => file.startsWith(`${path}/`));
  if (inside.length === 0) {
    const isTracked = [...tracked].some((file) => file === path || file.startsWith(`${path}/`));
    if (isTracked) throw new ImageError(`.dockerignore excludes ${path}`);
    throw new ImageError(fs.existsSync(path) ? `${path} is not in git` : `there is no ${path}`);
  }
  for (const file of inside) copyFile(file, join(target, file.slice(path.length)));
}

function copyFile(source, target) {
  fs.mkdirSync(dirname(target), { recursive: true });
  fs.cpSync(source, target, { recursive: true, verbatimSymlinks: true });
}

function baseOf(path) {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Returns the files that Docker would send: those of a clone, except the ones that .dockerignore excludes. */
function readContext() {
  const listed = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(Boolean);
  const tracked = new Set(listed.filter((file) => fs.existsSync(file)));
  const rules = readIgnoreRules();
  // The last matching rule wins.
  const isSent = (file) => !(rules.findLast(({ pattern }) => pattern.test(file))?.isIgnored ?? false);
  return { tracked, files: new Set([...tracked].filter(isSent)) };
}

/** Reads .dockerignore. A pattern matches a path and everything below it. */
function readIgnoreRules() {
  const lines = fs.existsSync('.dockerignore') ? fs.readFileSync('.dockerignore', 'utf8').split(/\r?\n/) : [];
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, negation, depth, path] = /^(!?)(\*\*\/)?((?:[\w.-]|\*(?!\*))+(?:\/[\w.-]+)*)$/.exec(line) ?? [];
      if (path === undefined) throw new ImageError(`.dockerignore: scripts/check-image.js does not know ${line}`);
      const source = path.replaceAll('.', '\\.').replaceAll('*', '[^/]*');
      return { isIgnored: negation === '', pattern: new RegExp(`^${depth ? '(?:.*/)?' : ''}${source}(?:/|$)`) };
    });
}

/** Reads the instructions with their line numbers. A backslash continues a line, even across comments. */
function readDockerfile() {
  const instructions = [];
  let open;
  for (const [index, line] of fs.readFileSync('Dockerfile', 'utf8').split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const text = `${open?.text ?? ''}${line.replace(/\\$/, '')}`;
    open = { text, number: open?.number ?? index + 1 };
    if (line.endsWith('\\')) continue;
    const [, name, args] = /^\s*(\w+)\s+(.*?)\s*$/.exec(text) ?? [text, text, ''];
    instructions.push({ name, args: args.replaceAll(/\s+/g, ' '), number: open.number });
    open = undefined;
  }
  return instructions;
}

/** Builds all stages. @returns the last one */
function build(folder) {
  const context = readContext();
  const stages = new Map();
  let stage;
  for (const { name, args, number } of readDockerfile()) {
    console.log(`${name} ${args}`);
    try {
      if (name === 'FROM') {
        const [, image, as = stages.size] = /^(node:\S+)(?: AS (\S+))?$/i.exec(args) ?? unknown();
        console.log(`  instead of ${image}: Node.js ${process.version} of this machine`);
        stage = {
          root: join(folder, `stage-${stages.size}`),
          workdir: '/',
          env: {},
          folders: [],
          entrypoint: [],
          cmd: [],
        };
        fs.mkdirSync(stage.root);
        stages.set(String(as), stage);
      } else {
        const perform = Object.hasOwn(INSTRUCTIONS, name) ? INSTRUCTIONS[name] : unknown(name);
        perform(stage ?? unknown(`${name} before FROM`), args, { context, stages });
      }
    } catch (error) {
      throw error instanceof ImageError ? new ImageError(`Dockerfile:${number}: ${name}: ${error.message}`) : error;
    }
  }
  return stage ?? unknown('a Dockerfile without FROM');
}

/** Finds a free port below those that Linux chooses, so that nobody else takes it before the service does. */
async function freePort() {
  for (let port = 10_000 + (process.pid % 20_000); ; port++) {
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Starts the service of an image as the image's user, runs its health check and commands, and stops it. */
async function serve(stage) {
  const command = [...stage.entrypoint, ...stage.cmd];
  if (command.length === 0) throw new ImageError('The image has no CMD');
  if (stage.user === undefined) throw new ImageError('The service would run as root: the image has no USER');
  const bin = inStage(stage, '/usr/local/bin');
  const port = await freePort();
  const { PATH, ...env } = environmentOf(stage);
  const isRoot = process.getuid() === 0;
  const options = {
    cwd: inStage(stage, '.'),
    env: { ...env, PATH: `${bin}:${PATH}`, HOME: stage.root, KEYBLOCK_PORT: String(port) },
    ...(isRoot ? { uid: stage.user, gid: stage.user } : {}),
  };
  for (const path of stage.folders) {
    fs.mkdirSync(dirname(inStage(stage, path)), { recursive: true });
    fs.mkdirSync(inStage(stage, path), { mode: 0o700 });
    if (isRoot) fs.chownSync(inStage(stage, path), stage.user, stage.user);
  }

  console.log(`Starting ${command.join(' ')}${isRoot ? ` as user ${stage.user}` : ''}`);
  const service = spawn(command[0], command.slice(1), { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [service.stdout, service.stderr]) stream.on('data', (data) => (output += data));
  const ended = once(service, 'exit').then(
    ([code, signal]) => code ?? signal,
    (error) => error.message,
  );
  try {
    await answers(`http://127.0.0.1:${port}/healthz`, service);
    if (hasEnded(service)) throw new ImageError(`The service ended (${await ended}) before it answered:\n${output}`);
    for (const path of ['/healthz', '/readyz']) {
      const { status } = await fetch(`http://127.0.0.1:${port}${path}`);
      if (status !== 200) throw new ImageError(`${path} answers ${status}:\n${output}`);
      console.log(`  ${path} answers ${status}`);
    }
    const commands = fs.existsSync(bin) ? fs.readdirSync(bin).map((name) => [name, '--help']) : [];
    for (const tried of stage.healthcheck ? [stage.healthcheck, ...commands] : commands) {
      const { status, stderr, error } = spawnSync(tried[0], tried.slice(1), { ...options, encoding: 'utf8' });
      if (status !== 0) throw new ImageError(`${tried.join(' ')} failed: ${error?.message ?? stderr}`);
      console.log(`  ${tried.join(' ')} succeeds`);
    }
    service.kill('SIGTERM');
    const how = await ended;
    if (how !== 0) throw new ImageError(`The service ended with ${how} after SIGTERM:\n${output}`);
    console.log('  exits with 0 on SIGTERM');
  } finally {
    service.kill('SIGKILL');
    await ended;
  }
}

function hasEnded({ pid, exitCode, signalCode }) {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

/** Waits until the URL answers or the service process ends. */
async function answers(url, service) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!hasEnded(service)) {
    try {
      await fetch(url);
      return;
    } catch {
      if (Date.now() > deadline) throw new ImageError(`${url} does not answer within ${START_TIMEOUT_MS / 1000} s`);
      await delay(100);
    }
  }
}

const folder = fs.mkdtempSync(join(tmpdir(), 'keyblock-image-'));
try {
  // The service's user may read the image's files but owns none of them.
  fs.chmodSync(folder, 0o755);
  await serve(build(folder));
} catch (error) {
  if (!(error instanceof ImageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
