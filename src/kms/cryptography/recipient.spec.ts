import { ATTESTATION, attestationDocument, cbor } from '../../../test/support/attestation.js';
import { refuseRecipient } from './recipient.js';

const refusal = (document: Buffer) => {
  try {
    refuseRecipient({ KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: document.toString('base64') });
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

const UNTRUSTED =
  'The AttestationDocument in Recipient is not accepted: this service does not support AWS Nitro Enclaves.';
const MALFORMED =
  'The AttestationDocument in Recipient is malformed: it must be a COSE_Sign1 structure with an attestation document.';

test('a request without a recipient is accepted', () => {
  expect(() => refuseRecipient(undefined)).not.toThrow();
});

test('an attestation document is refused, with the tag of COSE_Sign1 and without', () => {
  expect(refusal(attestationDocument())).toBe(UNTRUSTED);
  expect(refusal(Buffer.concat([Buffer.from([0xd2]), attestationDocument()]))).toBe(UNTRUSTED);
});

test('a recipient without a document is refused', () => {
  expect(() => refuseRecipient({})).toThrow(MALFORMED);
});

test.each<[string, Buffer]>([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('an attestation')],
  ['an array of three', cbor([Buffer.alloc(1), {}, cbor(ATTESTATION)])],
  ['a payload that is not a byte string', cbor([Buffer.alloc(1), {}, ATTESTATION, Buffer.alloc(96)])],
  ['a payload that does not hold a map', cbor([Buffer.alloc(1), {}, cbor([1]), Buffer.alloc(96)])],
  ['a document with bytes after it', Buffer.concat([attestationDocument(), Buffer.alloc(1)])],
  ['an array longer than any input', Buffer.from('9affffffff', 'hex')],
  ['bytes longer than any input', Buffer.from('5bffffffffffffffff', 'hex')],
  ['a string of indefinite length', Buffer.from('5f4101ff', 'hex')],
  ['arrays within arrays', Buffer.alloc(100_000, 0x81)],
  ['tags of tags', Buffer.alloc(100_000, 0xd2)],
])('%s is malformed', (_, document) => {
  expect(refusal(document)).toBe(MALFORMED);
});

test.each(['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle'])(
  'a document without %s is malformed',
  (member) => {
    const payload = Object.fromEntries(Object.entries(ATTESTATION).filter(([name]) => name !== member));
    expect(refusal(attestationDocument(payload))).toBe(MALFORMED);
  },
);

test('a document cut anywhere is malformed', () => {
  const document = attestationDocument();
  for (let length = 0; length < document.length; length += 7)
    expect(refusal(document.subarray(0, length))).toBe(MALFORMED);
});
