import type { HostCommand } from '../hostcommands/command.js';
import type { FieldPlace } from '../hostcommands/request-fields.js';
import { withInput, type InputOptions, readInput } from './input.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { HostConnection, type HostOptions, type HostTarget, hostTargetOf, withHost } from './host-connection.js';
import { errorOf, fieldsEnd, shown, unescaped } from './host-text.js';
import { section, table } from './layout.js';
import { replyFields, type ShownField } from './payshield-replies.js';
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
      const { COMMANDS } = await import('../hostcommands/registry.js');
      const code = command.toString('latin1', 0, 2);
      const found = COMMANDS.find((each) => each.code === code);
      const { fields: request, problem } = await requestFields(message, target, found);
      if (options.json !== true)
        print(streams, options, {}, [
          `${code} ${found?.title ?? 'is no command of Keyblock'}`,
          ...section('Request', [...table(request), ...(problem === undefined ? [] : [problem])]),
        ]);
      const connection = new HostConnection(target);
      const answer = await connection.exchange(message).finally(() => connection.close());
      const reply = fieldsOfReply(code, answer, target.headerLength);
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

/** Splits a request into fields, and finds the parts that a listener will refuse. */
async function requestFields(
  message: Buffer,
  target: HostTarget,
  command: HostCommand | undefined,
): Promise<{ fields: ShownField[]; problem: string | undefined }> {
  const [{ RequestFields }, { HostError }] = await Promise.all([
    import('../hostcommands/request-fields.js'),
    import('../hostcommands/host-error.js'),
  ]);
  const { headerLength, settings } = target;
  const places: FieldPlace[] = [];
  const fields = new RequestFields(message, headerLength + 2, settings, places);
  let problem: string | undefined;
  try {
    command?.parse(fields);
    fields.lmk();
    fields.end();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    problem = `error ${error.code}: ${error.message}`;
  }
  const rows = places.map(({ name, start, end }) => [name, shown(message.subarray(start, end))] as const);
  const begin = [
    ['header', shown(message.subarray(0, headerLength))],
    ['command code', message.toString('latin1', headerLength, headerLength + 2)],
  ] as const;
  const read = places.at(-1)?.end ?? headerLength + 2;
  const rest =
    problem !== undefined && read < message.length ? [['not read', shown(message.subarray(read))] as const] : [];
  return { fields: [...begin, ...rows, ...rest], problem };
}

function fieldsOfReply(code: string, reply: Buffer, headerLength: number): ShownField[] {
  const trailerAt = fieldsEnd(reply, headerLength);
  const rows: ShownField[] = [
    ['header', shown(reply.subarray(0, headerLength))],
    ['reply code', reply.toString('latin1', headerLength, headerLength + 2)],
    ['error code', errorOf(reply, headerLength)],
  ];
  const fields = replyFields(code, reply.toString('latin1', headerLength + 4, trailerAt));
  rows.push(...fields.map(([name, value]) => [name, shown(Buffer.from(value, 'latin1'))] as const));
  if (trailerAt < reply.length) rows.push(['trailer', shown(reply.subarray(trailerAt))]);
  return rows;
}
