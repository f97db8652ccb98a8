import type { Readable } from 'node:stream';
import { type HostTarget } from '../host-connection.js';
import { EXIT, Failure } from '../failure.js';
import type { Connection } from '../service/signed-fetch.js';
import { type Answer, type Difference, difference, type Kind, randomMembers } from './answers.js';
import { AwsReplay } from './aws-replay.js';
import { HostReplay } from './host-replay.js';
import { type Pair, readPairs } from './pairs.js';

/** A call counts as slower if it takes this many times as long as recorded. */
const SLOWER = 2;

/** The first difference of a kind. */
export interface Found extends Difference {
  readonly line: number;
  /** The operation, or the command code. */
  readonly operation: string;
}

/** The first call that took more than twice as long as recorded. */
export interface Slower {
  readonly line: number;
  readonly operation: string;
  readonly recordedMs: number;
  readonly answeredMs: number;
}

/** Latencies of the calls whose latency was recorded, in milliseconds. */
export interface Latencies {
  readonly recorded: number[];
  readonly answered: number[];
}

/** The outcome of a comparison. */
export interface Comparison {
  /** Number of calls that were repeated. */
  compared: number;
  /** Number of calls that weren't repeated, because they change something or have no target. */
  skipped: number;
  /** Number of calls with values that the service draws at random, which weren't compared. */
  random: number;
  /** Number of calls with a difference, by kind. */
  readonly differing: Map<Kind, number>;
  readonly first: Map<Kind, Found>;
  readonly latencies: Latencies;
  slower?: Slower;
}

/** The targets of the calls; calls without a target are skipped. */
export interface Targets {
  readonly connection: () => Promise<Connection>;
  readonly host: () => Promise<HostTarget>;
  /** Replacements of whole strings in recorded calls, such as key ARNs. */
  readonly names: ReadonlyMap<string, string>;
}

interface Replay {
  readonly operation: string;
  readonly recorded: Answer;
  readonly answer: () => Promise<Answer>;
}

/**
 * Repeats the calls of a file, or of standard input if its path is `-`, in order, and compares the responses with the
 * recorded ones.
 */
export async function compare(path: string, stdin: Readable, targets: Targets): Promise<Comparison> {
  const comparison: Comparison = {
    compared: 0,
    skipped: 0,
    random: 0,
    differing: new Map(),
    first: new Map(),
    latencies: { recorded: [], answered: [] },
  };
  let aws: AwsReplay | undefined;
  let host: HostReplay | undefined;
  const replayOf = async (pair: Pair): Promise<Replay | undefined> => {
    if ('command' in pair) {
      if (!host) {
        host = new HostReplay(await targets.host());
        // The first call of a target also connects, so its time is not compared.
        await host.answer(pair);
      }
      const replay = host;
      const operation = pair.command.slice(0, 2);
      return { operation, recorded: replay.recorded(pair), answer: () => replay.answer(pair) };
    }
    if (!AwsReplay.isRepeatable(pair)) return undefined;
    if (!aws) {
      aws = new AwsReplay(await targets.connection(), targets.names);
      await aws.answer(pair);
    }
    const replay = aws;
    return { operation: pair.operation, recorded: replay.recorded(pair), answer: () => replay.answer(pair) };
  };
  try {
    for await (const { line, pair } of readPairs(path, stdin)) {
      const replay = await replayOf(pair);
      if (replay) await compareCall(comparison, replay, line, pair.latencyMs);
      else comparison.skipped++;
    }
  } finally {
    host?.close();
  }
  if (comparison.compared + comparison.skipped === 0) throw new Failure(EXIT.usage, `${path} has no recorded call.`);
  return comparison;
}

async function compareCall(
  comparison: Comparison,
  { operation, recorded, answer }: Replay,
  line: number,
  recordedMs: number | undefined,
): Promise<void> {
  const startMs = performance.now();
  const answered = await answer();
  const answeredMs = performance.now() - startMs;
  comparison.compared++;
  if (recordedMs !== undefined) {
    comparison.latencies.recorded.push(recordedMs);
    comparison.latencies.answered.push(answeredMs);
    if (answeredMs > SLOWER * recordedMs) comparison.slower ??= { line, operation, recordedMs, answeredMs };
  }
  let found = difference(recorded, answered);
  if (found?.kind === 'value') {
    const random = randomMembers(answered, await answer());
    if (random.size > 0) comparison.random++;
    found = difference(recorded, answered, random);
  }
  if (!found) return;
  const { kind } = found;
  comparison.differing.set(kind, (comparison.differing.get(kind) ?? 0) + 1);
  if (!comparison.first.has(kind)) comparison.first.set(kind, { ...found, line, operation });
}
