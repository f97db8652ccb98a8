import { CryptoError } from '../../src/crypto/errors.js';
import { shown, unescaped } from '../../src/hostcommands/layouts/message-text.js';
import type { FieldPlace } from '../../src/hostcommands/layouts/request-fields.js';
import { ByteRuler, type RuledField } from '../components/byte-ruler.js';
import { TextArea, TextField } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Digits, Segments } from './calculator.js';
import { grouped } from './hex.js';
import { bytesOf, Incomplete, type Inputs } from './inputs.js';

const FORMS = { text: 'Text', hex: 'Hexadecimal' } as const;

/** Maximum length of a message in bytes: its length field has two bytes. */
const MAX_MESSAGE = 65_535;
const LENGTH_BYTES = 2;

export const BLANK = {
  form: 'text' as keyof typeof FORMS,
  request: '',
  reply: '',
  headerLength: '4',
  lmk: 'variant' as 'variant' | 'keyblock',
  pinLength: '4',
  hexLength: 'characters' as 'characters' | 'bytes' | 'auto',
};
export type HostValues = typeof BLANK;

/** The message as text or in hexadecimal digits, and the length of its header. */
export function Message({ task, values, set, change }: Inputs<HostValues> & { task: 'request' | 'reply' }) {
  const { form, headerLength } = values;
  const inForm = (next: keyof typeof FORMS) =>
    change({
      form: next,
      request: converted(values, values.request, next),
      reply: converted(values, values.reply, next),
    });
  return (
    <>
      <TextArea
        label={task === 'request' ? 'Message' : 'Reply message'}
        value={values[task]}
        onInput={set(task)}
        rows={4}
        hint={
          form === 'text'
            ? 'Header, code and fields; \\xNN stands for a byte.'
            : 'Header, code and fields, with or without the length of two bytes before them.'
        }
      />
      <div class="field">
        <Segments label="Form of the message" value={form} onInput={inForm} options={FORMS} />
      </div>
      <TextField label="Header length" mono value={headerLength} onInput={set('headerLength')} hint="0 to 255 bytes." />
    </>
  );
}

/** Returns a message in another form; as it is if it can't be read. */
function converted({ form }: HostValues, text: string, to: keyof typeof FORMS): string {
  if (form === to || text === '') return text;
  if (to === 'hex') return grouped(unescaped(text).toString('hex'));
  try {
    return shown(withoutLength(bytesOf('the message', text)));
  } catch {
    return text;
  }
}

/** Drops the length before a message, if it is there. */
function withoutLength(bytes: Buffer): Buffer {
  const isFramed = bytes.length > LENGTH_BYTES && bytes.readUInt16BE(0) === bytes.length - LENGTH_BYTES;
  return isFramed ? bytes.subarray(LENGTH_BYTES) : bytes;
}

/** Reads the length of the header. */
export function headerLengthOf({ headerLength }: HostValues): number {
  const length = /^\d{1,3}$/.test(headerLength) ? Number(headerLength) : undefined;
  if (length === undefined || length > 255) throw new Incomplete('the header length, 0 to 255');
  return length;
}

/**
 * Reads a message.
 *
 * @param codes number of bytes of the codes after the header
 * @throws CryptoError DATA_LENGTH for one that no length of two bytes can state
 */
export function messageOf(values: HostValues, task: 'request' | 'reply', codes: number): Buffer {
  const text = values[task].replace(/[\r\n]+$/, '');
  const bytes = values.form === 'text' ? unescaped(text) : withoutLength(bytesOf('the message', text));
  const least = headerLengthOf(values) + codes;
  if (bytes.length < least)
    throw new Incomplete(text === '' ? 'a message' : `at least ${least} bytes: the header and ${codes} of codes`);
  if (bytes.length > MAX_MESSAGE) throw new CryptoError('DATA_LENGTH', `a message has at most ${MAX_MESSAGE} bytes`);
  return bytes;
}

const HUES: readonly RuledField['hue'][] = [1, 2, 3, 4, 5];

/** A message on the byte ruler. Bytes between two places are delimiters. */
export function MessageFields({ message, places }: { message: Buffer; places: readonly FieldPlace[] }) {
  return (
    <Sheet title="Fields" aside={<span class="quiet">With the place of their first byte</span>}>
      <div class="body">
        <ByteRuler label="Fields of the message" fields={ruled(message, places)} />
      </div>
    </Sheet>
  );
}

/** A message with the length before it. */
export function AsSent({ message }: { message: Buffer }) {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(message.length, 0);
  return (
    <Sheet title="As it is sent" aside={<span class="quiet">Length and message</span>}>
      <div class="body">
        <Digits value={Buffer.concat([length, message])} />
      </div>
    </Sheet>
  );
}

function ruled(message: Buffer, places: readonly FieldPlace[]): RuledField[] {
  let end = 0;
  let fields = 0;
  return places.flatMap((place) => {
    const gap = { name: 'delimiter', start: end, end: place.start };
    end = place.end;
    return [gap, place]
      .filter((each) => each.end > each.start)
      .map(({ name, start, end }) => ({
        value: shown(message.subarray(start, end)),
        name: capital(name),
        note: String(start),
        hue: /^(header|(command|reply|error) code|delimiter|not read)$/.test(name) ? 6 : (HUES[fields++ % 5] ?? 6),
      }));
  });
}

/** Returns the name of a field, capitalized as a label. */
export function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
