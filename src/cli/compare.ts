import { once } from 'node:events';
import { InvalidArgumentError } from 'commander';
import { described, KINDS } from './compare/answers.js';
import type { Comparison } from './compare/replay.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { addressOf, type HostOptions, hostTargetOf, withHost } from './host-connection.js';
import { readJson } from './input.js';
import { count, section, table } from './layout.js';
import { type OutputOptions, print, printAnswer, remark, withOutput } from './results.js';
import { connectionOf, type ServiceOptions, withService } from './service/connection.js';

const DOCUMENT = 'docs/migrating.md';
const REPLAY = `Repeat recorded calls, and compare the responses.

The file has a JSON line for each call with its recorded response. Calls of the AWS APIs are signed and sent to --endpoint, host commands are sent to a listener. Prints the first difference in verdict, error, value and latency. Calls that would change something are skipped, and random values are not compared. Values are not printed, because they may be secret.

Exit code 1 means that verdicts, errors or values differ.`;
const RECORD = `Record host commands between hosts and an HSM.

Forwards connections from hosts to an HSM, and appends each command with its reply to a file. The file contains keys under the LMK, PIN blocks and account numbers as sent. TLS is not supported. Records until it is interrupted.`;

interface ReplayOptions extends ServiceOptions, HostOptions {
  names?: string;
}

interface RecordOptions extends OutputOptions {
  listen: string;
  hsm: string;
  to: string;
  headerLength: number;
}

/** Adds `keyblock compare`. */
export function addCompare(program: Command, streams: Streams): void {
  const compare = program
    .command('compare')
    .description('Compare responses of Keyblock with recorded ones.')
    .readOn(DOCUMENT);
  addReplay(compare, streams);
  addRecord(compare, streams);
}

function addReplay(compare: Command, streams: Streams): void {
  const replay = compare
    .command('replay')
    .description(REPLAY)
    .argument('<file>', 'recorded calls, JSON lines; - reads standard input')
    .option('--names <path>', 'JSON object with the key ARNs and aliases to replace.')
    .examples('keyblock compare replay calls.jsonl --names keys.json', 'keyblock compare replay commands.jsonl --json')
    .readOn(DOCUMENT);
  withHost(withService(replay)).action(async (path: string, options: ReplayOptions) => {
    const names = options.names === undefined ? {} : await readJson(options.names, streams.stdin);
    if (!Object.values(names).every((name) => typeof name === 'string'))
      throw new Failure(EXIT.usage, `${options.names} must map strings to strings.`);
    const { compare } = await import('./compare/replay.js');
    const comparison = await compare(path, streams.stdin, {
      connection: () => connectionOf(options, process.env),
      host: () => hostTargetOf(options),
      names: new Map(Object.entries(names as Record<string, string>)),
    });
    const { skipped, random } = comparison;
    if (skipped > 0) remark(streams, options, `Skipped because they would change something: ${skipped}`);
    if (random > 0) remark(streams, options, `With random values, which were not compared: ${random}`);
    printAnswer(streams, options, comparison.first.size === 0, presented(comparison), lines(comparison));
  });
}

function addRecord(compare: Command, streams: Streams): void {
  const record = compare
    .command('record')
    .description(RECORD)
    .requiredOption('--listen <host:port>', 'Address on which hosts connect.')
    .requiredOption('--hsm <host:port>', 'Address of the HSM.')
    .requiredOption('--to <path>', 'File to append to.')
    .option('--header-length <number>', 'Length of the message header, 0 to 255.', headerLength, 4)
    .examples(
      'keyblock compare record --listen 127.0.0.1:1501 --hsm 127.0.0.1:1500 \\\n  --to commands.jsonl',
      'keyblock compare record --listen 127.0.0.1:1501 --hsm hsm.example.com:1500 \\\n  --header-length 6 --to commands.jsonl',
    )
    .readOn(DOCUMENT);
  withOutput(record).action(async (options: RecordOptions) => {
    const { listen, hsm, to, headerLength } = options;
    const [own, other] = [addressOf(listen, '--listen'), addressOf(hsm, '--hsm')];
    const { HostRecorder } = await import('./compare/recorder.js');
    const recorder = new HostRecorder(other, headerLength, to);
    const port = await recorder.listen(own);
    remark(streams, options, `Recording at ${own.host}:${port} until interrupted`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await recorder.close();
    print(streams, options, { Recorded: recorder.recorded }, [`${count(recorder.recorded, 'command')} recorded`]);
  });
}

function headerLength(text: string): number {
  const length = Number(text);
  if (!/^\d{1,3}$/.test(text) || length > 255) throw new InvalidArgumentError('Give a number from 0 to 255.');
  return length;
}

function presented({ compared, skipped, random, differing, first, latencies, slower }: Comparison): object {
  return {
    Compared: compared,
    Skipped: skipped,
    Random: random,
    Differences: [...first].map(([Kind, { line, operation, member, recorded, answered }]) => ({
      Kind,
      Calls: differing.get(Kind),
      First: {
        Line: line,
        Operation: operation,
        ...(Kind === 'value' ? { Member: member } : { Recorded: recorded, Answered: answered }),
      },
    })),
    Latency: {
      RecordedMedianMs: percentile(latencies.recorded, 0.5),
      AnsweredMedianMs: percentile(latencies.answered, 0.5),
      RecordedP99Ms: percentile(latencies.recorded, 0.99),
      AnsweredP99Ms: percentile(latencies.answered, 0.99),
      FirstSlower: slower && {
        Line: slower.line,
        Operation: slower.operation,
        RecordedMs: slower.recordedMs,
        AnsweredMs: slower.answeredMs,
      },
    },
  };
}

function lines({ compared, differing, first, latencies, slower }: Comparison): string[] {
  const rows = KINDS.map((kind) => {
    const found = first.get(kind);
    const calls = differing.get(kind) ?? 0;
    return [
      kind,
      found ? `${count(calls, 'call')}, first line ${found.line}, ${found.operation}: ${described(found)}` : 'same',
    ];
  });
  const timed = latencies.recorded.length;
  const figures = (share: number) =>
    `${percentile(latencies.answered, share)} ms (recorded ${percentile(latencies.recorded, share)} ms)`;
  rows.push(['latency', timed === 0 ? 'not recorded' : `median ${figures(0.5)}, 99th percentile ${figures(0.99)}`]);
  if (slower)
    rows.push([
      'slower',
      `first line ${slower.line}, ${slower.operation}: ${slower.answeredMs.toFixed(1)} ms, recorded ${slower.recordedMs.toFixed(1)} ms`,
    ]);
  return [`${count(compared, 'call')} compared`, ...section('Differences', table(rows))];
}

/** @returns milliseconds with one decimal place; undefined if there are no values */
function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? undefined : Math.round(value * 10) / 10;
}
