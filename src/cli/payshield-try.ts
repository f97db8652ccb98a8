import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readText } from '../config/key-file.js';
import type { HostCommand } from '../hostcommands/command.js';
import type { FieldPlace, FieldSettings } from '../hostcommands/request-fields.js';
import { withInput, type InputOptions, readInput } from './input.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { section, table } from './layout.js';
import { replyFields, type ShownField } from './payshield-replies.js';
import { type OutputOptions, print, printAnswer, withOutput } from './results.js';

const DOCUMENT = 'docs/host-commands.md';
const TRY = `Send a host command, and show request and reply field by field.

The command is sent to a listener of the configuration, or to --to, and needs whatever the listener asks of hosts. --header sets the message header; by default it is zeros of the configured length. Fields are shown as they are sent: use test data.

Exit code 1 means that the reply has an error code other than 00.`;
const TIMEOUT_MS = 15_000;
/** End of message: a trailer follows. */
const END_OF_MESSAGE = 0x19;

interface TryOptions extends InputOptions, OutputOptions {
  to?: string;
  listener: string;
  header?: string;
  cert?: string;
  key?: string;
  ca?: string;
}

/** Destination of a command, and settings for reading it. */
interface Target {
  host: string;
  port: number;
  headerLength: number;
  tls: boolean;
  settings: FieldSettings;
}

/** Adds `keyblock payshield try`. */
export function addTry(payshield: Command, streams: Streams): void {
  const attempt = payshield.command('try').description(TRY).readOn(DOCUMENT);
  withOutput(withInput(attempt, 'command', 'command code and fields; \\xNN stands for a byte'))
    .option('--to <host:port>', 'Send the command to another address than the configured one.')
    .option('--listener <number>', 'Number of the listener in the configuration, from 1.', '1')
    .option('--header <text>', 'Header of the message.')
    .option('--cert <path>', 'Certificate of the host, PEM, for a listener with TLS.')
    .option('--key <path>', 'Private key of the certificate, PEM.')
    .option('--ca <path>', 'Certificate that issued that of the listener, PEM.')
    .examples('keyblock payshield try B20004PING', 'keyblock payshield try --listener 2 NC')
    .action(async (text: string | undefined, options: TryOptions) => {
      const command = unescaped(
        (await readInput(text, options, streams.stdin)).toString('latin1').replace(/\r?\n$/, ''),
      );
      const target = await targetOf(options);
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
      const answer = await exchanged(message, target, options);
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

async function targetOf({ to, listener }: TryOptions): Promise<Target> {
  const [{ readConfig }, { fieldSettings }] = await Promise.all([
    import('../config/config.js'),
    import('../hostcommands/listener-settings.js'),
  ]);
  const { payshield } = readConfig(process.env);
  const config = payshield?.listeners[Number(listener) - 1];
  if (!payshield || !config)
    throw new Failure(EXIT.usage, `KEYBLOCK_PAYSHIELD_FILE has no listener ${listener}: set it, or count from 1.`);
  const [, host = config.host, port = String(config.port)] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(to ?? '') ?? [];
  if (to !== undefined && !/:\d{1,5}$/.test(to)) throw new Failure(EXIT.usage, '--to must be a host and a port.');
  const settings = fieldSettings(config, payshield.lmks);
  const { headerLength, tls } = config;
  return { host: reachable(host), port: Number(port), headerLength, tls: tls !== undefined, settings };
}

/** An address that means every address of the machine is called at the loopback address. */
function reachable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}

function headerOf({ header }: TryOptions, { headerLength }: Target): Buffer {
  if (header === undefined) return Buffer.alloc(headerLength, '0');
  const bytes = Buffer.from(header, 'latin1');
  if (bytes.length !== headerLength)
    throw new Failure(EXIT.usage, `--header must have ${headerLength} characters, as the listener is configured.`);
  return bytes;
}

function unescaped(text: string): Buffer {
  const plain = text.replaceAll(/\\x([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  return Buffer.from(plain, 'latin1');
}

function presentField([name, value]: ShownField): object {
  return { Name: name, Value: value };
}

/** Splits a request, and finds what a listener will refuse in it. */
async function requestFields(
  message: Buffer,
  target: Target,
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
  const end = reply.lastIndexOf(END_OF_MESSAGE);
  const trailerAt = end >= headerLength + 4 && reply.length - end <= 33 ? end : reply.length;
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

function errorOf(reply: Buffer, headerLength: number): string {
  return reply.toString('latin1', headerLength + 2, headerLength + 4);
}

function shown(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return text.replaceAll(/[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Sends a message, and returns the reply without its length. */
async function exchanged(message: Buffer, target: Target, { cert, key, ca }: TryOptions): Promise<Buffer> {
  const { host, port } = target;
  const files = { cert: cert && readText(cert), key: key && readText(key), ca: ca && readText(ca) };
  const socket: Socket = target.tls ? connectTls({ host, port, ...files }) : connect({ host, port });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Failure(EXIT.unavailable, 'The listener does not answer.')));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  socket.write(Buffer.concat([length, message]));
  let received = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk]);
    if (received.length >= 2 && received.length >= 2 + received.readUInt16BE()) {
      socket.destroy();
      return received.subarray(2, 2 + received.readUInt16BE());
    }
  }
  throw new Failure(EXIT.refused, 'The listener closed the connection without a reply.');
}
