import fc from 'fast-check';
import { COMMANDS } from '../../src/hostcommands/registry.js';
import { listener, useHostCommands } from '../support/host-listeners.js';
import { frame, type PayshieldClient } from '../support/payshield-client.js';
import { HOST_MESSAGES } from './host-messages.js';
import { mutatedBytes } from './mutations.js';

/**
 * Sends changed host commands. Each message is answered with its header and a known error code, whatever its fields say,
 * and the service logs no internal error. After a stream of bytes that aren't messages, the connection ends.
 *
 * FUZZ_CASES is twice the number of messages. FUZZ_SEED reproduces a run.
 */
const MESSAGES = Math.ceil(Number(process.env['FUZZ_CASES'] ?? 2000) / 2);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() & 0x7fffffff);
const BATCH = 50;
/** Streams whose lengths are changed, too, for each batch of messages. */
const STREAMS = 5;
const HEADER = 4;

const service = useHostCommands({
  listeners: [
    listener({
      commands: { allow: COMMANDS.map(({ code }) => code) },
      pinUnderLmk: true,
      authorised: ['pin.clear', 'pin.account', 'arqc.diagnostics'],
    }),
  ],
});

const VALID = HOST_MESSAGES.map((text) => Buffer.from(`0000${text}`, 'latin1'));

test('every command has a message', () => {
  const codes = new Set(HOST_MESSAGES.map((text) => text.slice(0, 2)));
  expect([...codes].sort()).toEqual(COMMANDS.map(({ code }) => code).sort());
});

test('changed messages are answered', async () => {
  process.stderr.write(`Fuzzing with FUZZ_SEED=${SEED}\n`);
  const codes = new Map<string, number>();
  let client = await service.connect();
  const property = fc.asyncProperty(
    fc.array(mutatedBytes(VALID), { minLength: BATCH, maxLength: BATCH }),
    async (sent) => {
      const messages = sent.filter(({ length }) => length >= HEADER + 2 && length < 32_768);
      if (client.socket.destroyed) client = await service.connect();
      client.socket.write(Buffer.concat(messages.map(frame)));
      for (const message of messages) count(codes, message, await replyOf(client, message));
    },
  );
  await fc.assert(property, { numRuns: Math.ceil(MESSAGES / BATCH), seed: SEED, endOnFailure: true });
  const sorted = [...codes].sort(([, a], [, b]) => b - a).map(([code, times]) => `${code}: ${times}`);
  process.stderr.write(`  ${MESSAGES} messages, answered ${sorted.join(', ')}\n`);
  expect(codes.get('15')).toBeGreaterThan(0);
  expect(service.log.filter(({ msg }) => msg === 'internal error')).toEqual([]);
});

test('changed streams end, and the service keeps answering', async () => {
  const streams = Math.ceil((MESSAGES / BATCH) * STREAMS);
  const valid = VALID.map((message, i) => Buffer.concat([frame(message), frame(VALID[(i + 1) % VALID.length]!)]));
  const property = fc.asyncProperty(mutatedBytes(valid), async (stream) => {
    const client = await service.connect();
    client.socket.end(stream);
    for (const reply of await client.readAll()) expect(reply.length).toBeGreaterThanOrEqual(HEADER + 4);
    client.close();
  });
  await fc.assert(property, { numRuns: streams, seed: SEED, endOnFailure: true });
  expect(service.log.filter(({ msg }) => msg === 'internal error')).toEqual([]);
  expect(await service.ask('B20004PING')).toBe('B300PING');
});

async function replyOf(client: PayshieldClient, message: Buffer): Promise<Buffer> {
  const reply = await client.read();
  if (!reply) throw new Error(`No reply to ${message.toString('latin1')}`);
  return reply;
}

function count(codes: Map<string, number>, message: Buffer, reply: Buffer): void {
  const code = reply.toString('latin1', HEADER + 2, HEADER + 4);
  const isWhole = reply.subarray(0, HEADER).equals(message.subarray(0, HEADER)) && /^[0-9A-B][0-9A-B]$/.test(code);
  if (!isWhole) throw new Error(`${message.toString('latin1')} is answered ${reply.toString('latin1')}`);
  codes.set(code, (codes.get(code) ?? 0) + 1);
}
