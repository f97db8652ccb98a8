import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { newStore } from '../../support/database.js';
import { spawnService, until } from '../../support/process.js';
import { sendUnsigned, serviceEnv } from '../../support/service.js';

const MODULE = new URL('../../../dist/log-output.js', import.meta.url).href;
const COUNT = 5000;

/** Runs a script whose standard output is that of the log. The script reports to its parent over a separate channel. */
function run(script: string, prefix: readonly string[] = []) {
  const whole = `
    import { LogOutput } from '${MODULE}';
    const until = async (holds) => { while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5)); };
    ${script}`;
  const [command, ...args] = [...prefix, process.execPath, '--input-type=module', '--eval', whole];
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
}

async function told(child: ChildProcess): Promise<unknown> {
  const [message] = (await once(child, 'message')) as [unknown];
  return message;
}

const numbers = (lines: readonly string[], pattern: RegExp) => lines.map((line) => Number(pattern.exec(line)?.[1]));
const counted = (count: number) => Array.from({ length: count }, (_, i) => i);

const ENDS = ['throw new Error()', 'process.exit(1)', 'process.disconnect()'];

test.each(ENDS)('a process that ends with "%s" has written every log record in order', async (end) => {
  const child = run(`
    const output = new LogOutput();
    for (let i = 0; i < ${COUNT}; i++) output.write(i + ' is a line of the log\\n');
    ${end}`);
  const lines = (await text(child.stdout!)).trimEnd().split('\n');
  expect(lines).toEqual(counted(COUNT).map((i) => `${i} is a line of the log`));
});

describe('while nobody reads standard output', () => {
  test('log lines are dropped after a time and counted, and the lines that are written are whole', async () => {
    const child = run(`
      const output = new LogOutput({ logWaitMs: 60_000 });
      const write = (from) => {
        for (let i = from; i < from + ${COUNT}; i++) output.write('line ' + i + ' ' + 'x'.repeat(100) + '\\n');
      };
      write(0);
      const { now } = performance;
      performance.now = () => now.call(performance) + 60_000;
      await until(() => output.dropped > 0);
      process.send('dropped');
      process.on('message', (message) => {
        if (message === 'write') return write(${COUNT});
        process.send({ dropped: output.dropped, failures: output.failures });
        process.disconnect();
      });`);
    expect(await told(child)).toBe('dropped');
    let output = '';
    child.stdout!.on('data', (data: Buffer) => (output += data.toString()));
    child.send('write');
    await until(() => output.includes(`line ${2 * COUNT - 1} `));
    child.send('end');
    const { dropped, failures } = (await told(child)) as { dropped: number; failures: number };
    await once(child, 'close');
    const lines = output.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^line \d+ x{100}$/);
    const written = numbers(lines, /^line (\d+)/);
    expect(written).toEqual(written.toSorted((a, b) => a - b));
    expect(written.slice(-COUNT)).toEqual(counted(COUNT).map((i) => i + COUNT));
    expect([written.length + dropped, failures]).toEqual([2 * COUNT, 0]);
  });

  test('audit events are kept, and it is known when they are written', async () => {
    const child = run(`
      const output = new LogOutput({ logWaitMs: 100 });
      let waiting = 0;
      for (let i = 0; i < ${COUNT}; i++) {
        waiting += 1;
        void output.writeEvents('event ' + i + ' ' + 'x'.repeat(1000) + '\\n').then(() => (waiting -= 1));
        output.write('log\\n');
        if (i % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await until(() => output.dropped > 0);
      process.send(waiting);
      await until(() => waiting === 0);
      process.send('written');
      process.disconnect();`);
    expect(await told(child)).toBeGreaterThan(0);
    const output = text(child.stdout!);
    expect(await told(child)).toBe('written');
    const lines = (await output).trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^(log|event \d+ x{1000})$/);
    const events = lines.filter((line) => line !== 'log');
    expect(numbers(events, /^event (\d+)/)).toEqual(counted(COUNT));
  });

  test('the service serves, and stops when asked', async () => {
    const store = await newStore();
    const service = spawnService(serviceEnv(store));
    try {
      service.child.stdout!.pause();
      const url = await service.listening;
      const dropped = async () => {
        const metrics = await (await fetch(`${url}/metrics`)).text();
        return Number(/^keyblock_log_lines_dropped_total (\d+)$/m.exec(metrics)![1]);
      };
      while ((await dropped()) === 0)
        await Promise.all(
          counted(50).map(async () => expect((await sendUnsigned(url, { method: 'POST' })).status).toBe(404)),
        );
      service.child.kill('SIGTERM');
      await once(service.child, 'exit');
      expect(service.child.exitCode).toBe(0);
    } finally {
      service.child.kill('SIGKILL');
      service.child.stdout!.resume();
      await service.ended;
      await store.remove();
    }
  });
});

describe('on a full disk', () => {
  test('log lines are dropped and counted, and audit events wait until there is room and are written whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyblock-log-'));
    const disk = `mount -t tmpfs -o size=512k tmpfs ${folder} && exec "$0" "$@" > ${folder}/log`;
    const child = run(
      `
      import { readFileSync, rmSync, writeFileSync } from 'node:fs';
      writeFileSync('${folder}/filler', Buffer.alloc(400_000));
      const output = new LogOutput();
      let waiting = 0;
      for (let i = 0; i < 300; i++) {
        waiting += 1;
        void output.writeEvents('event ' + i + ' ' + 'x'.repeat(1000) + '\\n').then(() => (waiting -= 1));
        output.write('log ' + i + '\\n');
      }
      await until(() => output.dropped > 0);
      const { failures, dropped } = output;
      const waited = waiting;
      rmSync('${folder}/filler');
      output.write('log again\\n');
      await until(() => readFileSync('${folder}/log', 'utf8').endsWith('log again\\n'));
      const log = readFileSync('${folder}/log', 'utf8');
      process.send({ failures, dropped, waiting: waited, log }, () => process.disconnect());`,
      ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', disk],
    );
    const { failures, dropped, waiting, log } = (await told(child)) as Record<string, number> & { log: string };
    expect(failures).toBeGreaterThan(0);
    expect(waiting).toBeGreaterThan(0);
    const lines = log.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^(log \w+|event \d+ x{1000})$/);
    const events = lines.filter((line) => line.startsWith('event'));
    expect(numbers(events, /^event (\d+)/)).toEqual(counted(300));
    expect(lines.length - events.length).toBe(301 - dropped!);
    rmSync(folder, { recursive: true });
  });

  test('the service keeps serving', async () => {
    const store = await newStore();
    const full = openSync('/dev/full', 'w');
    const service = spawnService(serviceEnv(store), { stdout: full });
    try {
      const url = await service.listening;
      const metric = async (name: string) => {
        const metrics = await (await fetch(`${url}/metrics`)).text();
        return Number(new RegExp(`^keyblock_log_${name}_total (\\d+)$`, 'm').exec(metrics)![1]);
      };
      while ((await metric('write_failures')) === 0 || (await metric('lines_dropped')) === 0) {
        expect((await sendUnsigned(url, { method: 'POST' })).status).toBe(404);
        await pause(20);
      }
      service.child.kill('SIGTERM');
      expect(await service.ended).toBe(0);
    } finally {
      service.child.kill('SIGKILL');
      closeSync(full);
      await store.remove();
    }
  });
});
