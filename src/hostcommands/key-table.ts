import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { KeyFileError, readText } from '../config/key-file.js';

const MAX_ROWS = 100_000;
/** Length of the longest key field: a key block with its letter. */
const MAX_MATCH = 10_000;

/** A key of this service for a key field that hosts send. */
export interface KeyTableRow {
  /** Key ARN, alias ARN or alias name. */
  readonly key: string;
  /** Codes of the commands to which the row applies; all by default. */
  readonly usage?: ReadonlySet<string>;
}

/** Rows by the text of the key field, exactly as hosts send it. */
export type KeyTable = ReadonlyMap<string, KeyTableRow>;

const Row = z.strictObject({
  match: z
    .string('must be in quotes: YAML reads digits without them as a number')
    .min(1)
    .max(MAX_MATCH)
    .regex(/^[\x21-\x7e]+$/, 'must be the printable characters of a key field'),
  key: z
    .string()
    .max(200)
    .regex(/^(?:arn:aws:payment-cryptography:[\w:/-]+|alias\/[\w/-]+)$/, 'must be the ARN of a key, or an alias'),
  usage: z
    .array(z.string('must be in quotes').regex(/^[A-Z0-9]{2}$/, 'must be the code of a command'))
    .min(1)
    .max(200)
    .optional(),
});
const Table = z.strictObject({ keys: z.array(Row).max(MAX_ROWS) });

/** Reads a key table. @throws KeyFileError that names the line */
export function readKeyTable(path: string): KeyTable {
  return parseKeyTable(readText(path));
}

/** Parses a key table in YAML. @throws KeyFileError that names the line */
export function parseKeyTable(text: string): KeyTable {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [fault] = document.errors;
  if (fault) throw new KeyFileError(`is not YAML: ${fault.message.split('\n')[0]}`);
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const parsed = Table.safeParse(toPlain(() => document.toJS({ maxAliasCount: 0 })));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0] as z.core.$ZodIssue;
    throw new KeyFileError(`is not usable: line ${lineOf(path)}: ${String(path.at(-1) ?? 'it')} ${message}`);
  }
  const table = new Map<string, KeyTableRow>();
  for (const [i, { match, key, usage }] of parsed.data.keys.entries()) {
    if (table.has(match)) throw new KeyFileError(`is not usable: line ${lineOf(['keys', i])}: match is stated twice`);
    table.set(match, { key, ...(usage && { usage: new Set(usage) }) });
  }
  return table;
}

function toPlain(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    throw new KeyFileError(`is not YAML: ${(error as Error).message}`);
  }
}

/** Returns the text of a table with an appended row. @throws KeyFileError if the result isn't usable */
export function withRow(text: string, match: string, { key, usage }: KeyTableRow): string {
  const row = `  - match: ${JSON.stringify(match)}\n    key: ${key}\n`;
  const commands = usage ? `    usage: [${[...usage].map((code) => `'${code}'`).join(', ')}]\n` : '';
  const before = text.trim() === '' ? 'keys:\n' : text.endsWith('\n') ? text : `${text}\n`;
  const whole = before + row + commands;
  parseKeyTable(whole);
  return whole;
}
