import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { type FiledKey, KeyFileError, parseKey, readComponentFiles, readKeyFile } from '../config/key-file.js';
import { CryptoError } from '../crypto/errors.js';
import { checkComponent, componentCheckValue, generateComponent } from '../crypto/key-components.js';
import { MasterKey } from '../provider/master-key.js';
import { rotateStore } from '../store.js';
import { type Command, InputError, UsageError } from './command.js';
import { withDeployment } from './deployment.js';
import { table } from './layout.js';

const HELP = `Usage: keyblock master-key <what>

  rotate [--file <path> | --component-file <path> (two or three times)]
      seals everything anew under another master key while the service serves, and retires the old one. Run it again when it
      was interrupted: it goes on, and needs no key then. With data/master-key it generates the new key unless one is given.
  component --file <path> [--typed]
      writes one component of a master key, which only its holder may read: a random one, or one that is typed twice: itself,
      not shown, and then its check value. It prints the check value.
  check (--file <path> | --component-file <path> (two or three times))
      prints the check value of each component and of the whole key, and the key's id

rotate reads the environment that the service reads. A file holds 64 hexadecimal digits; the components' XOR is the key.

Example: keyblock master-key rotate --file /etc/keyblock/master-key-2027`;

/** The life of the master key: components, check values, rotation. */
export const masterKey: Command = {
  name: 'master-key',
  summary: 'Replaces the master key while the service serves; makes its components',
  help: HELP,
  run: async ([what = '', ...rest], io) => {
    const commands: Record<string, (args: string[], io: Io) => void | Promise<void>> = { rotate, component, check };
    const command = Object.hasOwn(commands, what) ? commands[what] : undefined;
    if (!command) throw new UsageError(what === '' ? 'Say what to do.' : `There is no master-key ${what}.`);
    try {
      await command(rest, io);
    } catch (error) {
      throw error instanceof CryptoError ? new InputError(error.message) : error;
    }
  },
};

interface Io {
  stdin: Readable;
  stdout: Writable;
}

async function rotate(args: string[], { stdout }: Io): Promise<void> {
  const paths = pathsOf(args);
  const newKey = paths && readKey(paths).key;
  const print = (line: string) => stdout.write(`${line}\n`);
  const { signal } = new AbortController();
  await withDeployment(async ({ config, clock, ...store }) => {
    await rotateStore(store, config, { newKey, now: () => clock.now(), print, signal });
    if (config.masterKey)
      print('Give every node the new master key before its next start: the old one is refused from now on.');
  });
}

async function component(args: string[], io: Io): Promise<void> {
  const options = { file: { type: 'string' }, typed: { type: 'boolean' } } as const;
  const { file, typed } = parse(args, options) as { file?: string; typed?: boolean };
  if (file === undefined) throw new UsageError('Give --file and the path to write to.');
  const clear = typed ? await typedComponent(io) : generateComponent();
  try {
    writeFileSync(file, `${clear.toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    io.stdout.write(`Component with check value ${componentCheckValue(clear)} written to ${file}\n`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new InputError(`${file} is there already, and nothing is written over it.`);
    throw code === undefined ? error : new InputError(`The component can't be written: ${message}`);
  } finally {
    clear.fill(0);
  }
}

/** A component and then its check value, as two people would read them from paper. */
async function typedComponent({ stdin, stdout }: Io): Promise<Buffer> {
  const answers = new Answers(stdin, stdout);
  try {
    const clear = parseKey(
      (await answers.next('Component, 64 hexadecimal digits (not shown): ', true)).replace(/\s/g, ''),
    );
    if (!clear) throw new InputError('A component has 64 hexadecimal digits. Nothing was written.');
    checkComponent(clear);
    const checkValue = componentCheckValue(clear);
    stdout.write(`Its check value is ${checkValue}\n`);
    const confirmed = await answers.next('Type the check value to confirm it: ');
    if (confirmed.trim().toUpperCase() === checkValue) return clear;
    clear.fill(0);
    throw new InputError('That is not the check value. Nothing was written.');
  } finally {
    answers.close();
  }
}

/** Lines that are typed at a terminal, or come from the standard input. */
class Answers {
  #isHidden = false;
  readonly #lines;
  readonly #answers;

  constructor(
    stdin: Readable,
    private readonly stdout: Writable,
  ) {
    const output = new Writable({
      write: (chunk: Buffer, _, done) => {
        if (!this.#isHidden) stdout.write(chunk);
        done();
      },
    });
    const terminal = (stdin as Partial<NodeJS.ReadStream>).isTTY === true;
    this.#lines = createInterface({ input: stdin, output, terminal, historySize: 0 });
    this.#lines.once('SIGINT', () => this.close());
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async next(question: string, isHidden = false): Promise<string> {
    this.stdout.write(question);
    this.#isHidden = isHidden;
    const answer = await this.#answers.next();
    if (isHidden) this.stdout.write('\n');
    this.#isHidden = false;
    if (answer.done) throw new InputError('Nothing was entered, and nothing was written.');
    return answer.value;
  }

  close(): void {
    this.#lines.close();
  }
}

function check(args: string[], { stdout }: Io): void {
  const paths = pathsOf(args);
  if (!paths) throw new UsageError('Give --file, or --component-file two or three times.');
  const { key, componentCheckValues = [] } = readKey(paths);
  const components = componentCheckValues.map((checkValue, i) => [`component ${i + 1}`, checkValue, paths[i] ?? '']);
  const whole = ['master key', componentCheckValue(key), `id ${new MasterKey(key).id}`];
  key.fill(0);
  stdout.write(`${table([...components, whole]).join('\n')}\n`);
}

/** One path of a whole key, or two or three of components; undefined where none is given. */
function pathsOf(args: string[]): string[] | undefined {
  const { file, 'component-file': components } = parse(args, {
    file: { type: 'string' },
    'component-file': { type: 'string', multiple: true },
  }) as { file?: string; 'component-file'?: string[] };
  if (file !== undefined && components) throw new UsageError('Give --file or --component-file, not both.');
  if (components && (components.length < 2 || components.length > 3))
    throw new UsageError('Give --component-file two or three times.');
  return file === undefined ? components : [file];
}

function readKey(paths: string[]): FiledKey {
  const [path = ''] = paths;
  try {
    return paths.length === 1 ? { key: readKeyFile(path) } : readComponentFiles(paths);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    throw new InputError(paths.length === 1 ? `${path} ${error.message}` : `The components: ${error.message}`);
  }
}

/** Values by option: text or texts, true where it takes none. */
function parse(args: string[], options: NonNullable<ParseArgsConfig['options']>): Record<string, unknown> {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
