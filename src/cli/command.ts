import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { Command as CommanderCommand, type HelpConfiguration } from 'commander';

/** The path is the same from src/cli, dist/cli and dist/bundle. */
export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The streams of the process, or their replacements in a test. Results go to stdout, remarks and errors to stderr. */
export interface Streams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/**
 * A command or a group of commands. The first line of its description is a summary and appears in lists of commands.
 */
export class Command extends CommanderCommand {
  #examples: readonly string[] = [];
  #document?: string;

  constructor(name?: string) {
    super(name);
    this.version(version, '--version', 'Print the version.');
    this.helpOption('-h, --help', 'Print this help.');
    // The `help` command of the program covers all groups.
    this.helpCommand(false);
    this.addHelpText('after', () => this.#endOfHelp());
  }

  override createCommand(name?: string): Command {
    return new Command(name);
  }

  /** Adds two examples to the help; they can be run exactly as printed. */
  examples(first: string, second: string): this {
    this.#examples = [first, second];
    return this;
  }

  /** Names the document to read next, at the end of the help. */
  readOn(document: string): this {
    this.#document = document;
    return this;
  }

  #endOfHelp(): string {
    const lines = this.#examples.flatMap((example) => example.split('\n')).map((line) => `  ${line}`);
    const examples = lines.length === 0 ? [] : ['', 'Examples:', ...lines];
    return [...examples, ...(this.#document === undefined ? [] : ['', `More: ${this.#document}`])].join('\n');
  }
}

/** Lists each command with the first line of its description, and a group also with the names of its commands. */
export const HELP: HelpConfiguration = {
  sortOptions: true,
  subcommandTerm: (command) => command.name(),
  subcommandDescription: (command) => {
    const [summary = ''] = command.description().split('\n');
    const names = command.commands.map((subcommand) => subcommand.name());
    return names.length === 0 ? summary : `${summary}\n${names.join(', ')}`;
  },
};
