import { HostError, type HostErrorCode } from '../host-error.js';

/** Number of hexadecimal digits after the letter of a key scheme. */
const SCHEME_DIGITS = { Z: 16, U: 32, T: 48, X: 32, Y: 48 } as const;

/** End of message: separates a trailer from the fields. */
export const END_OF_MESSAGE = 0x19;
export const MAX_TRAILER = 32;
const MAX_NAME = 64;

/**
 * Scheme of a key field: its first letter. `plain` is a single or double-length key without a letter, `S` a key block of
 * the vendor, `R` a TR-31 key block, `@` the name of a key of this service.
 */
export type KeyScheme = 'plain' | keyof typeof SCHEME_DIGITS | 'S' | 'R' | '@';

/** A key as the host sent it. */
export interface KeyField {
  readonly name: string;
  readonly scheme: KeyScheme;
  /** The whole field, as in the key table. */
  readonly text: string;
  /** The field after the letter of the scheme: digits in upper case, a key block, or a name. */
  readonly value: string;
}

/** A field of a request, for printing requests field by field. */
export interface FieldPlace {
  readonly name: string;
  /** Offsets into the request. */
  readonly start: number;
  readonly end: number;
}

/** A position in a request, with the number of fields before it. */
export interface FieldMark {
  readonly position: number;
  readonly places: number;
}

/** Properties of an LMK that determine the layout of requests. */
export interface LmkShape {
  readonly scheme: 'variant' | 'keyblock';
  /** Digits of the longest PIN that a variant LMK encrypts; a PIN under it has one digit more. */
  readonly pinLength: number;
}

/** Settings of a listener for parsing requests. */
export interface FieldSettings {
  readonly lmks: ReadonlyMap<string, LmkShape>;
  /** Identifier of the LMK of requests that name none. */
  readonly defaultLmk: string;
  /** Unit of the lengths of hexadecimal data. */
  readonly hexLength: 'characters' | 'bytes' | 'auto';
  /** Accepts names of keys between two `@`. */
  readonly takesKeyNames: boolean;
}

/**
 * Reads the fields of a request one after another. Every method throws HostError 15 if the field is missing or malformed; the message
 * names the field.
 */
export class RequestFields {
  #position: number;
  #lmk: string | undefined;
  /** The message as Latin-1: converting it once is cheaper than converting each field. */
  readonly #text: string;

  /**
   * @param bytes  whole message without its length
   * @param start  offset of the first field, after the command code
   * @param places receives the positions of the fields, for printing them
   */
  constructor(
    private readonly bytes: Buffer,
    start: number,
    readonly settings: FieldSettings,
    private readonly places?: FieldPlace[],
  ) {
    this.#position = start;
    this.#text = bytes.toString('latin1');
  }

  /** Number of bytes that haven't been read yet, including the LMK identifier and the trailer. */
  get remaining(): number {
    return this.bytes.length - this.#position;
  }

  /** True where a request may end: only the LMK identifier and the trailer may follow. */
  get isComplete(): boolean {
    if (this.remaining > MAX_TRAILER + 4) return false;
    const rest = this.#text.slice(this.#position).replace(/^%[0-9]{2}/, '');
    return rest === '' || rest.charCodeAt(0) === END_OF_MESSAGE;
  }

  /** Returns the position, for `rewind`. */
  mark(): FieldMark {
    return { position: this.#position, places: this.places?.length ?? 0 };
  }

  /** Resets the position to a mark. */
  rewind({ position, places }: FieldMark): void {
    this.#position = position;
    if (this.places) this.places.length = places;
  }

  /** Reads decimal digits. */
  digits(name: string, length: number): string {
    return this.#matching(name, length, /^[0-9]*$/, 'decimal digits');
  }

  /** Reads a number in decimal digits. */
  number(name: string, length: number): number {
    return Number(this.digits(name, length));
  }

  /** Reads hexadecimal digits of either case, and returns them in upper case. */
  hex(name: string, length: number): string {
    return this.#matching(name, length, /^[0-9A-Fa-f]*$/, 'hexadecimal digits').toUpperCase();
  }

  /** Reads hexadecimal digits as bytes. @param length number of digits, even */
  hexBytes(name: string, length: number): Buffer {
    return Buffer.from(this.hex(name, length), 'hex');
  }

  /** Reads printable ASCII characters. */
  text(name: string, length: number): string {
    return this.#matching(name, length, /^[ -~]*$/, 'printable characters');
  }

  /** Reads raw bytes. Returns a view of the request. */
  raw(name: string, length: number): Buffer {
    const start = this.#take(name, length);
    return this.bytes.subarray(start, start + length);
  }

  /**
   * Reads one of the values that the field may have, in upper case.
   *
   * @param code error for any other value; 15 by default
   */
  choice<T extends string>(name: string, values: readonly T[], code: HostErrorCode = '15'): T {
    const [first = ''] = values;
    const value = this.text(name, first.length).toUpperCase();
    const found = values.find((each) => each === value);
    if (found === undefined) throw new HostError(code, `${name}: "${value}" is not one of ${values.join(' ')}`);
    return found;
  }

  /** Reads as many decimal digits as follow. */
  digitRun(name: string, { least, most }: { least: number; most: number }): string {
    let length = 0;
    while (length <= most && isDigit(this.bytes[this.#position + length])) length += 1;
    if (length < least || length > most) throw new HostError('15', `${name} must be ${least} to ${most} digits`);
    return this.digits(name, length);
  }

  /** Reads decimal digits up to a delimiter, which is read, too. */
  digitsUntil(name: string, delimiter: string, { least, most }: { least: number; most: number }): string {
    const end = this.#text.indexOf(delimiter, this.#position);
    const length = end - this.#position;
    if (end < 0 || length < least || length > most)
      throw new HostError('15', `${name} must be ${least} to ${most} digits that end with "${delimiter}"`);
    const value = this.digits(name, length);
    this.#position += delimiter.length;
    return value;
  }

  /** Returns the next character without reading it; empty at the end. */
  peek(): string {
    return this.#text.charAt(this.#position);
  }

  /** Reads a character if it is the next one. Returns whether it was. */
  accept(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#position += 1;
    return true;
  }

  /** Reads a delimiter. */
  expect(character: string): void {
    if (!this.accept(character)) throw new HostError('15', `"${character}" is missing at offset ${this.#position}`);
  }

  /**
   * Reads a key.
   *
   * @param isDouble true if the command's key is always double length, so that 32 digits are read if there is no letter
   * @throws HostError 12 for the index of a key in user storage
   */
  key(name: string, { isDouble = false } = {}): KeyField {
    const start = this.#position;
    const letter = this.peek().toUpperCase();
    const scheme = this.#schemeOf(name, letter);
    if (scheme === 'plain') {
      const value = this.hex(name, isDouble ? 32 : 16);
      return { name, scheme, text: this.#copyFrom(start), value };
    }
    this.#position += 1;
    if (scheme !== '@' && this.peek().toUpperCase() === 'K')
      throw new HostError('12', `${name} is an index of user storage`);
    const value = this.#keyValue(name, scheme);
    // One place for the whole field.
    if (this.places) this.places[this.places.length - 1] = { name, start, end: this.#position };
    return { name, scheme, text: this.#copyFrom(start), value };
  }

  /**
   * Returns the LMK that the request names at its end, or the default one: the layout of some fields depends on it.
   *
   * @throws HostError 13 if there is no such LMK
   */
  lmkAhead(): LmkShape {
    const tail = this.#text.slice(Math.max(this.#position, this.bytes.length - MAX_TRAILER - 4));
    const [fields = ''] = tail.split(String.fromCharCode(END_OF_MESSAGE), 1);
    const named = /%([0-9]{2})$/.exec(fields)?.[1];
    const id = named ?? this.settings.defaultLmk;
    const shape = this.settings.lmks.get(id);
    if (!shape) throw new HostError('13', `LMK identifier: there is no LMK ${id}`);
    return shape;
  }

  /** Reads the LMK identifier, if there is one: `%` and two digits. Returns it again if it was read before. */
  lmk(): string | undefined {
    if (this.#lmk === undefined && this.accept('%')) this.#lmk = this.digits('LMK identifier', 2);
    return this.#lmk;
  }

  /**
   * Parses the remaining fields in the first of several ways that consumes everything except the LMK identifier and the
   * trailer: for fields whose length the request doesn't state. If no way does, the first one determines the error.
   */
  firstComplete<T>(first: () => T, ...others: readonly (() => T)[]): T {
    if (others.length === 0) return first();
    const start = this.mark();
    let firstOutcome: (() => T) | undefined;
    for (const read of [first, ...others]) {
      try {
        const fields = read();
        if (this.isComplete) return fields;
        firstOutcome ??= this.#kept(() => fields);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        firstOutcome ??= this.#kept(() => {
          throw error;
        });
      }
      this.rewind(start);
    }
    return (firstOutcome as () => T)();
  }

  /**
   * Reads the trailer, which must be the rest of the message. Returns it with its delimiter; empty if there is none.
   *
   * @throws HostError 15 for anything else after the last field
   */
  end(): Buffer {
    const rest = this.bytes.subarray(this.#position);
    if (rest.length === 0) return rest;
    if (rest[0] !== END_OF_MESSAGE || rest.length > 1 + MAX_TRAILER)
      throw new HostError('15', `${characters(rest.length)} after the last field`);
    this.raw('trailer', rest.length);
    return rest;
  }

  /** Returns a function that resumes reading at this position, even if more was read in between. */
  #kept<T>(outcome: () => T): () => T {
    const position = this.#position;
    const places = this.places?.slice();
    return () => {
      this.#position = position;
      if (places) this.places?.splice(0, Infinity, ...places);
      return outcome();
    };
  }

  #schemeOf(name: string, letter: string): KeyScheme {
    if (/^[0-9A-F]$/.test(letter)) return 'plain';
    if (letter in SCHEME_DIGITS || letter === 'S' || letter === 'R') return letter as KeyScheme;
    if (letter === '@' && this.settings.takesKeyNames) return letter;
    throw new HostError(letter === '' ? '15' : '26', `${name} doesn't begin with a key scheme`);
  }

  #keyValue(name: string, scheme: Exclude<KeyScheme, 'plain'>): string {
    if (scheme === '@') {
      const end = this.#text.indexOf('@', this.#position);
      if (end < 0 || end === this.#position || end - this.#position > MAX_NAME)
        throw new HostError('15', `${name} must be a name of 1 to ${MAX_NAME} characters between two "@"`);
      const value = this.text(name, end - this.#position);
      this.#position += 1;
      return value;
    }
    if (scheme !== 'S' && scheme !== 'R') return this.hex(name, SCHEME_DIGITS[scheme]);
    // Characters 2 to 5 of a key block are its length.
    const length = Number(this.#text.slice(this.#position + 1, this.#position + 5));
    if (!Number.isInteger(length) || length < 16) throw new HostError('A5', `${name} is a key block without a length`);
    return this.text(name, length);
  }

  #matching(name: string, length: number, pattern: RegExp, what: string): string {
    const start = this.#take(name, length);
    const value = this.#text.slice(start, start + length);
    if (!pattern.test(value)) throw new HostError('15', `${name} must be ${length} ${what}`);
    return value;
  }

  #take(name: string, length: number): number {
    const start = this.#position;
    if (start + length > this.bytes.length)
      throw new HostError('15', `${name} must have ${characters(length)}: the request ends after ${this.remaining}`);
    this.#position += length;
    this.places?.push({ name, start, end: this.#position });
    return start;
  }

  /** Returns the text read since a mark, as a copy that doesn't retain the message: keys are cached by it. */
  #copyFrom(start: number): string {
    return this.bytes.toString('latin1', start, this.#position);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function characters(count: number): string {
  return `${count} ${count === 1 ? 'character' : 'characters'}`;
}
