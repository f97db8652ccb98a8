import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { EXIT, Failure } from '../failure.js';

/** Maximum length of a line, which no recorded call exceeds. */
const MAX_LINE = 1_048_576;

const members = z.record(z.string(), z.unknown());
const latencyMs = z.number().nonnegative().optional();

/** Prefix of the header X-Amz-Target by service; the data plane's operations have paths instead. */
export const TARGETS = {
  'payment-cryptography': 'PaymentCryptographyControlPlane',
  'payment-cryptography-data': undefined,
  kms: 'TrentService',
} as const;

const AwsCall = z
  .strictObject({
    service: z.enum(Object.keys(TARGETS) as [keyof typeof TARGETS]),
    operation: z.string().regex(/^[A-Za-z0-9]{1,64}$/),
    input: members,
    output: members.optional(),
    error: z.object({ name: z.string(), message: z.string().optional() }).optional(),
    latencyMs,
  })
  .refine(({ output, error }) => (output === undefined) !== (error === undefined), {
    error: 'a call has either output or error',
  });

const HostCall = z.strictObject({ command: z.string().min(2), reply: z.string().min(4), latencyMs });

/** A call of an AWS API with its response: members as in JSON on the wire, so bytes are base64. */
export type AwsCall = z.infer<typeof AwsCall>;

/** A host command with its reply, both without message header; `\xNN` stands for a byte. */
export type HostCall = z.infer<typeof HostCall>;

/** A recorded call. */
export type Pair = AwsCall | HostCall;

/**
 * Reads the pairs of a JSON-lines file with their line numbers. Blank lines are skipped.
 *
 * @param path of the file, or `-` for standard input
 * @throws Failure
 */
export async function* readPairs(path: string, stdin: Readable): AsyncGenerator<{ line: number; pair: Pair }> {
  const input = path === '-' ? stdin : createReadStream(path);
  const lines = createInterface({ input, crlfDelay: Infinity });
  let line = 0;
  try {
    for await (const text of lines) {
      line++;
      if (text.trim() !== '') yield { line, pair: pairOf(text, line) };
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(EXIT.usage, `The file can't be read: ${(error as Error).message}`);
  }
}

function pairOf(text: string, line: number): Pair {
  if (text.length > MAX_LINE) throw new Failure(EXIT.usage, `Line ${line} has more than ${MAX_LINE} characters.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The message of the parser quotes the line, which may hold secrets.
    throw new Failure(EXIT.usage, `Line ${line} is not JSON.`);
  }
  const isHost = typeof value === 'object' && value !== null && 'command' in value;
  const { success, data, error } = (isHost ? HostCall : AwsCall).safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const member = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  throw new Failure(EXIT.usage, `Line ${line} is not a recorded call: ${member}${issue?.message ?? 'invalid'}.`);
}
