import { errorOf, shown, unescaped } from '../hostcommands/layouts/message-text.js';
import type { ShownField } from '../hostcommands/layouts/reply-fields.js';
import type { FieldPlace } from '../hostcommands/layouts/request-fields.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { HostConnection, type HostOptions, type HostTarget, hostTargetOf, withHost } from './host-connection.js';
import { type InputOptions, readInput, withInput } from './input.js';
import { section, table } from './layout.js';
import { type OutputOptions, print, printAnswer, withOutput } from './results.js';

const DOCUMENT = 'docs/host-commands.md';
const TRY = `Send a host command, and print request and reply field by field.

The command is sent to a listener of the configuration, or to --to, and needs the credentials that the listener requires of hosts. --header sets the message header; by default it is zeros of the configured length. Fields are shown as they are sent: use test data.

Exit code 1 means that the reply has an error code other than 00.`;

interface TryOptions extends InputOptions, HostOptions, OutputOptions {
  header?: string;
}

/** Adds `keyblock payshield try`. */
export function addTry(payshield: Command, streams: Streams): void {
  const attempt = payshield.command('try').description(TRY).readOn(DOCUMENT);
  withOutput(withHost(withInput(attempt, 'command', 'command code and fields; \\xNN stands for a byte')))
    .option('--header <text>', 'Header of the message.')
    .examples('keyblock payshield try B20004PING', 'keyblock payshield try --listener 2 NC')
    .action(async (text: string | undefined, options: TryOptions) => {
      const command = unescaped(
        (await readInput(text, options, streams.stdin)).toString('latin1').replace(/\r?\n$/, ''),
      );
      const target = await hostTargetOf(options);
      const message = Buffer.concat([headerOf(options, target), command]);
      if (message.length < target.headerLength + 2) throw new Failure(EXIT.usage, 'The command has no command code.');
      const { readReply, readRequest } = await import('../hostcommands/layouts/messages.js');
      const code = command.toString('latin1', 0, 2);
      const { layout, places, end, problem: refusal } = readRequest(message, target.headerLength, target.settings);
      const rest = end < message.length ? [{ name: 'not read', start: end, end: message.length }] : [];
      const request = shownFields(message, [...places, ...rest]);
      const problem = refusal && `error ${refusal.code}: ${refusal.message}`;
      if (options.json !== true)
        print(streams, options, {}, [
          `${code} ${layout?.title ?? 'is not a command of Keyblock'}`,
          ...section('Request', [...table(request), ...(problem === undefined ? [] : [problem])]),
        ]);
      const connection = new HostConnection(target);
      const answer = await connection.exchange(message).finally(() => connection.close());
      const reply = shownFields(answer, readReply(code, answer, target.headerLength));
      const ErrorCode = errorOf(answer, target.headerLength);
      const result = {
        Command: code,
        Request: request.map(presentField),
        Problem: problem,
        ErrorCode,
        Reply: reply.map(presentField),
      };
      printAnswer(streams, options, ErrorCode === '00', result, section('Reply', table(reply)));
    });
}

function headerOf({ header }: TryOptions, { headerLength }: HostTarget): Buffer {
  if (header === undefined) return Buffer.alloc(headerLength, '0');
  const bytes = Buffer.from(header, 'latin1');
  if (bytes.length !== headerLength)
    throw new Failure(EXIT.usage, `--header must have ${headerLength} characters, as the listener is configured.`);
  return bytes;
}

function presentField([name, value]: ShownField): object {
  return { Name: name, Value: value };
}

/** Names the fields of a message, and shows their bytes. */
function shownFields(message: Buffer, places: readonly FieldPlace[]): ShownField[] {
  return places.map(({ name, start, end }) => [name, shown(message.subarray(start, end))]);
}
