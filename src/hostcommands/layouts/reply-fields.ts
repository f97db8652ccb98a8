/** A field of a reply, for printing it field by field. */
export type ShownField = readonly [name: string, value: string];

/**
 * Fields of the replies by the code of the command: names with their lengths in characters. `K` is a key, which states
 * its own length, `#` is data whose length is in the preceding field, and `*` is the rest. If a reply has several
 * forms, the first one whose fields cover the whole reply applies. Replies don't state their form, so some names stand
 * for two fields: the reply of M6 contains an IV if the request has mode 1 or 2.
 */
const LAYOUTS: Readonly<Record<string, readonly string[]>> = {
  ...ofEach(['A0'], ['key under the LMK K, check value 6', 'key under the LMK K, key under the ZMK K, check value 6']),
  ...ofEach(['A4', 'A6'], ['key under the LMK K, check value 6']),
  ...ofEach(['B0', 'BI', 'BW'], ['key under the LMK K', 'key under the LMK 32']),
  ...ofEach(
    ['AS', 'AW', 'BY', 'DW', 'FA', 'FC', 'FK', 'GG', 'GY', 'MI'],
    withCheckValues('key under the LMK K', 'key under the LMK 32'),
  ),
  ...ofEach(['A8', 'AU', 'DY', 'FE', 'FM', 'GC', 'MG'], withCheckValues('key under the ZMK K', 'key under the ZMK 32')),
  ...ofEach(['AG'], withCheckValues('key under the TMK K')),
  ...ofEach(['AE'], ['key under the TMK K']),
  ...ofEach(['HA', 'HC'], ['key under the TMK K, key under the LMK K']),
  ...ofEach(
    ['FG', 'FI', 'IA'],
    withCheckValues('key under the ZMK K, key under the LMK K', 'key under the ZMK 32, key under the LMK 32'),
  ),
  ...ofEach(['BU', 'KA'], ['check value *']),
  ...ofEach(['CA', 'CC', 'G0', 'CI'], ['PIN length 2, PIN block *, PIN block format 2']),
  ...ofEach(['JA', 'JC', 'JE', 'BA', 'BG', 'QK', 'EE'], ['PIN under the LMK *']),
  ...ofEach(['DE', 'BK', 'DU'], ['offset 12']),
  ...ofEach(['DG', 'FW', 'CU'], ['PVV 4']),
  ...ofEach(['C2', 'MY', 'GW'], ['MAC *']),
  ...ofEach(['M0', 'M2'], ['data length 4, data #', 'IV 16, data length 4, data #', 'IV 32, data length 4, data #']),
  ...ofEach(['KQ', 'KW'], ['ARPC 8']),
  NC: ['LMK check value 16, firmware *'],
  NO: [
    'PCI HSM compliance 1',
    'I/O buffer size 1, connection 1, number of sockets 4, firmware 9, reserved 1, reserved 4',
  ],
  B2: ['data *'],
  N0: ['random value *'],
  JG: ['PIN block *'],
  NG: ['PIN *'],
  CW: ['CVV 3'],
  RY: ['mode 1, results 3', 'mode 1, CSC of 5 digits 5, CSC of 4 digits 4, CSC of 3 digits 3'],
  M6: ['MAC or IV *'],
  M8: ['IV *'],
  M4: [
    'data length 4, data #',
    'source IV 16, data length 4, data #',
    'source IV 32, data length 4, data #',
    'source IV 16, destination IV 16, data length 4, data #',
    'source IV 16, destination IV 32, data length 4, data #',
    'source IV 32, destination IV 16, data length 4, data #',
    'source IV 32, destination IV 32, data length 4, data #',
  ],
  LQ: ['HMAC length 4, HMAC *'],
  HE: ['data 16'],
  HG: ['data 16'],
  GM: ['hash *'],
};

/** Returns layouts with the check values that follow the keys. */
function withCheckValues(...keys: readonly string[]): string[] {
  const halves = 'check value of the left half 6, check value of the right half 6';
  return keys.flatMap((begin) => [`${begin}, check value 6`, `${begin}, check value 16`, `${begin}, ${halves}`]);
}

function ofEach(codes: readonly string[], layouts: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(codes.map((code) => [code, layouts]));
}

/** Number of characters of a key after its scheme letter. */
const KEY_CHARACTERS: Readonly<Record<string, number>> = { U: 32, X: 32, T: 48, Y: 48 };

/**
 * Splits the fields of a reply.
 *
 * @param code  code of the command
 * @param reply the reply after the error code, without the trailer, as Latin-1
 * @returns one field with all of it for a command or a reply without a known layout
 */
export function replyFields(code: string, reply: string): readonly ShownField[] {
  if (reply === '') return [];
  for (const layout of LAYOUTS[code] ?? []) {
    const fields = split(layout, reply);
    if (fields) return fields;
  }
  return [['fields', reply]];
}

/** Returns undefined if the reply isn't one of this layout. */
function split(layout: string, reply: string): readonly ShownField[] | undefined {
  const parts = layout.split(', ').map((part) => {
    const end = part.lastIndexOf(' ');
    return { name: part.slice(0, end), length: part.slice(end + 1) };
  });
  const fixed = parts.reduce((sum, { length }) => sum + (Number(length) || 0), 0);
  const fields: ShownField[] = [];
  let position = 0;
  for (const { name, length } of parts) {
    const left = reply.slice(position);
    const characters = charactersOf(length, left, reply.length - fixed, fields.at(-1)?.[1]);
    if (characters === undefined || characters > left.length) return undefined;
    fields.push([name, left.slice(0, characters)]);
    position += characters;
  }
  return position === reply.length ? fields : undefined;
}

function charactersOf(length: string, left: string, rest: number, before: string | undefined): number | undefined {
  if (length === '*') return rest > 0 ? rest : undefined;
  if (length === '#') {
    // Data in hexadecimal digits may be counted in bytes.
    const stated = /^[0-9A-F]{4}$/.test(before ?? '') ? parseInt(before as string, 16) : undefined;
    return stated !== undefined && [stated, 2 * stated].includes(left.length) ? left.length : undefined;
  }
  if (length !== 'K') return Number(length);
  const letter = left.charAt(0);
  if (letter === 'S' || letter === 'R') {
    const stated = Number(left.slice(2, 6));
    return Number.isInteger(stated) ? 1 + stated : undefined;
  }
  return letter in KEY_CHARACTERS ? 1 + (KEY_CHARACTERS[letter] as number) : 16;
}
