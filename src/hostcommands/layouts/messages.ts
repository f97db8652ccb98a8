import { HostError } from '../host-error.js';
import type { RequestLayout } from './layout.js';
import { LAYOUTS } from './layouts.js';
import { errorOf, fieldsEnd } from './message-text.js';
import { replyFields } from './reply-fields.js';
import { type FieldPlace, type FieldSettings, RequestFields } from './request-fields.js';

const CODE_BYTES = 2;

/** A request with the places of its fields. */
export interface ReadRequest {
  /** Undefined for a code that no command has. */
  readonly layout: RequestLayout | undefined;
  /** Header, command code and the fields that could be read. Delimiters lie between them. */
  readonly places: readonly FieldPlace[];
  /** Offset of the first byte that wasn't read. */
  readonly end: number;
  /** Refusal of a listener, without looking up keys; undefined if there is none. */
  readonly problem: HostError | undefined;
}

/**
 * Reads a request field by field.
 *
 * @param message of the header, the command code and fields, without its length; it has at least header and code
 */
export function readRequest(message: Buffer, headerLength: number, settings: FieldSettings): ReadRequest {
  const start = headerLength + CODE_BYTES;
  const code = message.toString('latin1', headerLength, start);
  const layout = LAYOUTS.find((each) => each.code === code);
  const read: FieldPlace[] = [];
  const fields = new RequestFields(message, start, settings, read);
  let problem: HostError | undefined;
  try {
    layout?.parse(fields);
    fields.lmk();
    fields.end();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    problem = error;
  }
  const places = [
    { name: 'header', start: 0, end: headerLength },
    { name: 'command code', start: headerLength, end: start },
    ...read,
  ];
  return { layout, places, end: problem ? (read.at(-1)?.end ?? start) : message.length, problem };
}

/**
 * Splits a reply into its fields, which follow one another.
 *
 * @param code  code of the command
 * @param reply without its length; it has at least header, reply code and error code
 */
export function readReply(code: string, reply: Buffer, headerLength: number): readonly FieldPlace[] {
  const end = fieldsEnd(reply, headerLength);
  const start = headerLength + 2 * CODE_BYTES;
  const parts = [
    ['header', headerLength],
    ['reply code', CODE_BYTES],
    ['error code', errorOf(reply, headerLength).length],
    ...replyFields(code, reply.toString('latin1', start, end)).map(([name, value]) => [name, value.length] as const),
    ...(end < reply.length ? [['trailer', reply.length - end] as const] : []),
  ] as const;
  let position = 0;
  return parts.map(([name, length]) => ({ name, start: position, end: (position += length) }));
}
