/** Encodes a value as CBOR: text, bytes, numbers, arrays and the members of objects. */
export function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return head(0, value);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  const members = Object.entries(value as object);
  return Buffer.concat([head(5, members.length), ...members.flatMap(([name, member]) => [cbor(name), cbor(member)])]);
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument]);
  const bytes = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : 4;
  const encoded = Buffer.alloc(1 + bytes);
  encoded[0] = (major << 5) | (bytes === 4 ? 26 : 23 + bytes);
  encoded.writeUIntBE(argument, 1, bytes);
  return encoded;
}

/** The payload of an attestation document of AWS Nitro Enclaves, with made-up values. */
export const ATTESTATION = {
  module_id: 'i-0123456789abcdef0-enc0123456789abcdef',
  digest: 'SHA384',
  timestamp: 1_700_000_000,
  pcrs: {},
  certificate: Buffer.alloc(300, 1),
  cabundle: [Buffer.alloc(300, 2)],
  public_key: Buffer.alloc(294, 3),
};

/** A COSE_Sign1 structure of an attestation document, whose signature nobody could verify. */
export function attestationDocument(payload: object = ATTESTATION): Buffer {
  return cbor([Buffer.from('a1013822', 'hex'), {}, cbor(payload), Buffer.alloc(96, 4)]);
}
