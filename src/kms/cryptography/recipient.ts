import type { z } from 'zod';
import { ValidationException } from '../../errors/exceptions.js';
import type { Recipient } from '../fields.js';

/**
 * Refuses a request whose result should be encrypted for an enclave. Its attestation document would have to be signed
 * under the root of AWS Nitro for this service, which isn't AWS's: no valid document can exist.
 *
 * @throws ValidationException
 */
export function refuseRecipient(recipient: z.infer<typeof Recipient> | undefined): void {
  if (recipient === undefined) return;
  const document = Buffer.from(recipient.AttestationDocument ?? '', 'base64');
  throw new ValidationException(
    isAttestationDocument(document)
      ? 'The AttestationDocument in Recipient is not accepted: this service does not support AWS Nitro Enclaves.'
      : 'The AttestationDocument in Recipient is malformed: it must be a COSE_Sign1 structure with an attestation document.',
  );
}

/** Mandatory members of an attestation document's payload. */
const MEMBERS = ['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle'];

/** True for COSE_Sign1 (RFC 9052 section 4.2) with the members of an attestation document in its payload. */
function isAttestationDocument(document: Buffer): boolean {
  try {
    const structure = new Cbor(document).whole();
    if (!Array.isArray(structure) || structure.length !== 4) return false;
    const payload: unknown = structure[2];
    const members = Buffer.isBuffer(payload) ? new Cbor(payload).whole() : undefined;
    return members instanceof Map && MEMBERS.every((member) => members.has(member));
  } catch {
    return false;
  }
}

/** Major types of CBOR: RFC 8949 section 3.1. */
const [UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG] = [0, 1, 2, 3, 4, 5, 6];

/** Maximum depth of nested items: more than an attestation document has. */
const MAX_DEPTH = 8;

/** Reads CBOR (RFC 8949) of definite lengths, without floating point. Throws for anything else. */
class Cbor {
  #offset = 0;

  constructor(private readonly input: Buffer) {}

  /** Reads an item that fills the whole input. */
  whole(): unknown {
    const item = this.#item(0);
    if (this.#offset !== this.input.length) throw new RangeError('There are bytes after the item');
    return item;
  }

  #item(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new RangeError('The items are nested too deep');
    const initial = this.input.readUInt8(this.#offset++);
    const argument = this.#argument(initial & 0x1f);
    switch (initial >> 5) {
      case UNSIGNED:
        return argument;
      case NEGATIVE:
        return -1 - argument;
      case BYTES:
        return this.#take(argument);
      case TEXT:
        return this.#take(argument).toString();
      case ARRAY:
        return this.#items(argument, depth);
      case MAP: {
        const items = this.#items(2 * argument, depth);
        return new Map(items.flatMap((key, i) => (i % 2 === 0 ? [[key, items[i + 1]]] : [])));
      }
      case TAG:
        return this.#item(depth + 1);
      default:
        // False, true and null.
        return undefined;
    }
  }

  /** Reads the items of an array or a map, each of at least one byte. */
  #items(count: number, depth: number): unknown[] {
    if (count > this.input.length - this.#offset) throw new RangeError('The items are longer than the input');
    return Array.from({ length: count }, () => this.#item(depth + 1));
  }

  #argument(information: number): number {
    if (information < 24) return information;
    if (information > 27) throw new RangeError('The length is not definite');
    const bytes = this.#take(2 ** (information - 24));
    return bytes.length === 8 ? Number(bytes.readBigUInt64BE()) : bytes.readUIntBE(0, bytes.length);
  }

  #take(length: number): Buffer {
    const end = this.#offset + length;
    if (end > this.input.length) throw new RangeError('The item is longer than the input');
    return this.input.subarray(this.#offset, (this.#offset = end));
  }
}
