import { readFileSync } from 'node:fs';
import { HostCommands } from '../../../src/hostcommands/host-commands.js';
import { runKeyblock } from '../../support/cli.js';
import { listener, payshieldFile, useHostCommands } from '../../support/host-listeners.js';

const PAYSHIELD = { listeners: [listener()] };
const service = useHostCommands(PAYSHIELD);
const environment = { ...process.env };
beforeAll(() => void Object.assign(process.env, payshieldFile(PAYSHIELD)));
afterAll(() => void (process.env = environment));

/** Transcripts of `keyblock payshield try` whose keys are all under the public test LMK. */
const shown = ['docs/host-commands.md', 'docs/migrating.md'].flatMap((document) =>
  [
    ...readFileSync(document, 'utf8').matchAll(
      /^\$ npx keyblock payshield try '?([^'@| ]+)'?(?: \| tail -(\d+))?\n((?:(?!\$ |```).*\n)+)/gm,
    ),
  ].map(([, command = '', lines, output = '']) => ({ document, command, lines: Number(lines ?? 0), output })),
);
/** Replaces the encrypted part of a key block, which is random. */
const withoutRandom = (text: string) => text.replace(/(RB0096P0TB00E0000)[0-9A-F]{80}/, '$1…');

test('the documents have transcripts of CW, BU and A8', () => {
  expect(shown.map(({ command }) => command.slice(0, 2))).toEqual(['CW', 'BU', 'A8']);
});

test.each(shown)('$document shows what the command $command gets', async ({ command, lines, output }) => {
  const [port] = service.app.get<HostCommands>(HostCommands, { strict: false }).ports;
  const { exitCode, stdout } = await runKeyblock(['payshield', 'try', command, '--to', `127.0.0.1:${port}`]);
  const tail = stdout
    .split('\n')
    .slice(-lines - 1)
    .join('\n');
  expect([exitCode, withoutRandom(lines === 0 ? stdout : tail)]).toEqual([0, withoutRandom(output)]);
});

test('an error code in the reply is exit code 1', async () => {
  const [port] = service.app.get<HostCommands>(HostCommands, { strict: false }).ports;
  expect(await runKeyblock(['payshield', 'try', 'ZZ', '--to', `127.0.0.1:${port}`])).toMatchObject({ exitCode: 1 });
});
