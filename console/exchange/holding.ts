/** Key material from a partner: a key block, or DER. */
export type Holding = { block: string } | { der: Buffer };

const PEM = /-----BEGIN [A-Z0-9 ]+-----([^-]*)-----END/;

/**
 * Parses pasted text: a TR-31 key block, or DER as PEM, hexadecimal, base64 or base64 of PEM.
 *
 * @returns undefined if nothing is typed; any other text is treated as a key block, whose errors are shown
 */
export function holdingOf(text: string): Holding | undefined {
  const packed = text.replace(/\s/g, '');
  if (packed === '') return undefined;
  const pem = PEM.exec(text)?.[1];
  if (pem !== undefined) return { der: Buffer.from(pem, 'base64') };
  if (/^30([0-9A-F]{2})+$/i.test(packed)) return { der: Buffer.from(packed, 'hex') };
  if (/^LS0tLS1CRUdJTi/.test(packed)) return holdingOf(Buffer.from(packed, 'base64').toString('latin1'));
  if (/^MI[0-9A-Za-z+/]+={0,2}$/.test(packed)) return { der: Buffer.from(packed, 'base64') };
  return { block: packed };
}

/** Encodes a certificate as ImportKey expects it. */
export function pemOf(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}(?!$)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}
