import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { Option } from 'commander';
import { type FiledKey, KeyFileError, parseKey, readComponentFiles, readKeyFile } from '../config/key-file.js';
import { CryptoError } from '../crypto/errors.js';
import { checkComponent, componentCheckValue, generateComponent } from '../crypto/key-components.js';
import type { Rotation } from '../provider/master-key-rotation.js';
import { MasterKey } from '../provider/master-key.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { table, timeOf } from './layout.js';
import { type OutputOptions, print, remark, withOutput } from './results.js';
import { addMasterKeyToken } from './master-key-token.js';
import { writeKeyFile } from './key-output.js';

const DOCUMENT = 'docs/operating.md';
const STATUS_DESCRIPTION = `Print the state of the master key.

The command reads the environment of the service, which keeps running.`;
const ROTATE_DESCRIPTION = `Replace the master key while the service runs.

Re-encrypts everything under another master key, and retires the old one. To continue after an interruption, run the command again without a key. If the master key is in data/master-key, a new one is generated unless you give one. The command reads the environment of the service.

Audited as RotateMasterKey. If a guard of that name covers it, the command is refused with a request for approval: repeat the same command when it is approved.`;
const COMPONENT_DESCRIPTION = `Write a random component of a master key to a new file.

Prints its check value. The file holds 64 hexadecimal digits, and only its owner can read it. The XOR of two or three components is the master key. With --typed you enter the component instead, without echo, and confirm it with its check value.`;
const CHECK_DESCRIPTION = `Print the check values of a master key and of its components, and its id.`;

/** Options for a master key: one file, or two or three files of components. */
interface KeyOptions extends OutputOptions {
  file?: string;
  componentFile?: string[];
}

interface ComponentOptions extends OutputOptions {
  file: string;
  typed?: true;
}

/** Adds `keyblock master-key`. */
export function addMasterKey(program: Command, streams: Streams): void {
  const masterKey = program
    .command('master-key')
    .description('Replace the master key, or create and check its components.')
    .readOn(DOCUMENT);
  const keyCommand = (name: string, description: string) =>
    masterKey
      .command(name)
      .description(description)
      .addOption(new Option('--file <path>', 'Read the key from a file of 64 hexadecimal digits.'))
      .addOption(
        new Option(
          '--component-file <path>',
          'Read a component from this file (repeat the option for each of two or three components).',
        )
          .argParser((path: string, before: string[] | undefined) => [...(before ?? []), path])
          .conflicts('file'),
      )
      .readOn(DOCUMENT);

  const status = masterKey
    .command('status')
    .description(STATUS_DESCRIPTION)
    .examples('keyblock master-key status', 'keyblock master-key status --json')
    .readOn(DOCUMENT);
  withOutput(status).action((options: OutputOptions) => printStatus(options, streams));
  const rotation = keyCommand('rotate', ROTATE_DESCRIPTION).examples(
    'keyblock master-key rotate --file master-key-2027',
    'keyblock master-key rotate --component-file alice --component-file bob',
  );
  withOutput(rotation).action((options: KeyOptions) => rotate(options, streams));
  const generation = masterKey
    .command('component')
    .description(COMPONENT_DESCRIPTION)
    .requiredOption('--file <path>', 'Write to this file, which must not exist.')
    .option('--typed', 'Enter the component instead of generating it.')
    .examples('keyblock master-key component --file alice', 'keyblock master-key component --file bob --typed')
    .readOn(DOCUMENT);
  withOutput(generation).action((options: ComponentOptions) => component(options, streams));
  const checking = keyCommand('check', CHECK_DESCRIPTION).examples(
    'keyblock master-key check --file master-key-2027',
    'keyblock master-key check --component-file alice --component-file bob',
  );
  withOutput(checking).action((options: KeyOptions) => check(options, streams));
  addMasterKeyToken(masterKey, streams);
}

async function printStatus(options: OutputOptions, streams: Streams): Promise<void> {
  const [{ withDeployment }, { masterKeyStatus }] = await Promise.all([
    import('./deployment.js'),
    import('../admin/master-key-status.js'),
  ]);
  await withDeployment(async ({ database, config }) => {
    const answer = await masterKeyStatus(database.manager, config);
    const { State, Holder, Created, Retiring } = answer;
    const lines = [
      ['state', State === 'ROTATING' ? 'rotating: run keyblock master-key rotate to continue' : 'active'],
      ['holder', Holder],
      ['created', timeOf(Created)],
      ...(Retiring === undefined ? [] : [['retiring', `the key of ${timeOf(Retiring)}`]]),
    ];
    print(streams, options, answer, table(lines));
  });
}

async function rotate(options: KeyOptions, streams: Streams): Promise<void> {
  const paths = pathsOf(options);
  const newKey = paths && readKey(paths).key;
  const progress = (line: string) => remark(streams, options, line);
  const [{ withOperator }, { rotateStore }] = await Promise.all([import('./operator.js'), import('../store.js')]);
  const { signal } = new AbortController();
  await withOperator('keyblock master-key', async (operator) => {
    const { config, clock, ...store } = operator.deployment;
    const changes = await operator.guardedChanges();
    const begin: Rotation['begin'] = ({ from, to }, work) => {
      // A key that the command generates differs each time the command is repeated.
      const call = operator.call('RotateMasterKey', { masterKey: from, ...(newKey && { newMasterKey: to }) });
      call.record.created({ masterKey: { id: to } });
      return operator.audited(() => changes.transaction(call, work));
    };
    await rotateStore(store, config, { newKey, begin, now: () => clock.now(), print: progress, signal });
    print(streams, options, { Id: store.masterKey.id }, []);
    if (config.masterKey)
      progress('Give every node the new master key before its next start: the old one is no longer accepted.');
  });
}

async function component({ file, typed, ...options }: ComponentOptions, streams: Streams): Promise<void> {
  const clear = typed ? await typedComponent(streams) : generateComponent();
  try {
    writeKeyFile(file, clear);
    const checkValue = componentCheckValue(clear);
    print(streams, options, { File: file, KeyCheckValue: checkValue }, [
      `Component with check value ${checkValue} written to ${file}`,
    ]);
  } finally {
    clear.fill(0);
  }
}

/** Asks for a component and then for its check value, which the holder also has on paper. */
async function typedComponent({ stdin, stderr }: Streams): Promise<Buffer> {
  const answers = new Answers(stdin, stderr);
  try {
    const clear = parseKey(
      (await answers.next('Component, 64 hexadecimal digits (not shown): ', true)).replace(/\s/g, ''),
    );
    if (!clear) throw new Failure(EXIT.no, 'A component has 64 hexadecimal digits. Nothing was written.');
    checkUsable(clear);
    const checkValue = componentCheckValue(clear);
    stderr.write(`Its check value is ${checkValue}\n`);
    const confirmed = await answers.next('Type the check value to confirm it: ');
    if (confirmed.trim().toUpperCase() === checkValue) return clear;
    clear.fill(0);
    throw new Failure(EXIT.no, 'That is not the check value. Nothing was written.');
  } finally {
    answers.close();
  }
}

/** Refuses a component that doesn't contribute to the master key. */
function checkUsable(clear: Buffer): void {
  try {
    checkComponent(clear);
  } catch (error) {
    throw error instanceof CryptoError ? new Failure(EXIT.no, error.message) : error;
  }
}

/** Asks questions at a terminal, or takes the answers from the lines of standard input. */
class Answers {
  #isHidden = false;
  #isInterrupted = false;
  readonly #lines;
  readonly #answers;

  constructor(
    stdin: Readable,
    private readonly stderr: Writable,
  ) {
    const output = new Writable({
      write: (chunk: Buffer, _, done) => {
        if (!this.#isHidden) stderr.write(chunk);
        done();
      },
    });
    const terminal = (stdin as Partial<NodeJS.ReadStream>).isTTY === true;
    this.#lines = createInterface({ input: stdin, output, terminal, historySize: 0 });
    this.#lines.once('SIGINT', () => {
      this.#isInterrupted = true;
      this.close();
    });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async next(question: string, isHidden = false): Promise<string> {
    this.stderr.write(question);
    this.#isHidden = isHidden;
    const answer = await this.#answers.next();
    if (isHidden) this.stderr.write('\n');
    this.#isHidden = false;
    if (this.#isInterrupted) throw new Failure(EXIT.interrupted, 'Interrupted. Nothing was written.');
    if (answer.done) throw new Failure(EXIT.no, 'No component was entered, and no file was written.');
    return answer.value;
  }

  close(): void {
    this.#lines.close();
  }
}

function check(options: KeyOptions, streams: Streams): void {
  const paths = pathsOf(options);
  if (!paths) throw new Failure(EXIT.usage, 'Give --file, or --component-file two or three times.');
  const { key, componentCheckValues = [] } = readKey(paths);
  const Components = componentCheckValues.map((checkValue, i) => ({ File: paths[i] ?? '', KeyCheckValue: checkValue }));
  const result = { Id: new MasterKey(key).id, KeyCheckValue: componentCheckValue(key), Components };
  key.fill(0);
  const rows = [
    ...Components.map(({ File, KeyCheckValue }, i) => [`component ${i + 1}`, KeyCheckValue, File]),
    ['master key', result.KeyCheckValue, `id ${result.Id}`],
  ];
  print(streams, options, result, table(rows));
}

/** @returns the path of a whole key, or the two or three paths of its components; undefined if no path is given */
function pathsOf({ file, componentFile: components }: KeyOptions): string[] | undefined {
  if (components && (components.length < 2 || components.length > 3))
    throw new Failure(EXIT.usage, 'Give --component-file two or three times.');
  return file === undefined ? components : [file];
}

function readKey(paths: string[]): FiledKey {
  const [path = ''] = paths;
  try {
    return paths.length === 1 ? { key: readKeyFile(path) } : readComponentFiles(paths);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    throw new Failure(EXIT.no, paths.length === 1 ? `${path} ${error.message}` : `The components: ${error.message}`);
  }
}
