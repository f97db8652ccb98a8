import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';

/** Option of a command that asks for confirmation before an irreversible change. */
export interface ConfirmationOptions {
  yes?: boolean;
}

/** Adds the option `--yes` to a command. */
export function withConfirmation(command: Command): Command {
  return command.option('--yes', 'Skip the confirmation.');
}

/**
 * Asks at the terminal to confirm an irreversible change.
 *
 * @param question with a question mark
 * @throws Failure if the answer isn't yes, or without a terminal and --yes
 */
export async function confirm(
  { stdin, stderr }: Streams,
  { yes }: ConfirmationOptions,
  question: string,
): Promise<void> {
  if (yes === true) return;
  if ((stdin as Partial<NodeJS.ReadStream>).isTTY !== true)
    throw new Failure(
      EXIT.usage,
      `This can't be undone, and there is no terminal to confirm it on: give --yes. (${question})`,
    );
  const terminal = createInterface({ input: stdin, output: stderr, terminal: true, historySize: 0 });
  try {
    const interrupted = new Promise<never>((_, reject) => {
      terminal.once('SIGINT', () => reject(new Failure(EXIT.interrupted, 'Interrupted. Nothing was changed.')));
      terminal.once('close', () => reject(new Failure(EXIT.no, 'Nothing was changed.')));
    });
    terminal.setPrompt(`${question} [y/N] `);
    terminal.prompt();
    const [answer] = (await Promise.race([once(terminal, 'line'), interrupted])) as [string];
    interrupted.catch(() => undefined);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure(EXIT.no, 'Nothing was changed.');
  } finally {
    terminal.close();
  }
}
