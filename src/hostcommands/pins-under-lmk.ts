import { createHash, randomFillSync } from 'node:crypto';
import { scopeOf } from '../call.js';
import { aes } from '../crypto/aes.js';
import { equal, toHex } from '../crypto/bytes.js';
import { ff1Decrypt, ff1Encrypt } from '../crypto/ff1.js';
import { HeldKey } from '../crypto/held-key.js';
import { hmac } from '../crypto/hmac.js';
import { whenReady } from '../when-ready.js';
import type { HostCall, PinsUnderLmk } from './command.js';
import { HostError } from './host-error.js';
import type { RequestFields } from './layouts/request-fields.js';
import { authorizeLmk } from './lmk/authorize-lmk.js';
import type { BlockKeys } from './lmk/block-keys.js';
import { type Lmk, lmkArn, type Lmks, type VariantLmkEntry } from './lmk/lmks.js';
import type { VariantLmk } from './lmk/variant-lmk.js';

const MIN_PIN = 4;
const MAX_PIN = 12;
/** Letter of a PIN under a key block LMK. */
const LETTER = 'J';
const PIN_BYTES = MAX_PIN / 2;
const ACCOUNT_HASH_BYTES = 6;

/**
 * Encrypts PINs under LMKs, for hosts that keep them in their databases. The format is that of a payShield, but the
 * contents are our own: see ADR 43.
 */
export class LmkPins implements PinsUnderLmk {
  readonly #derived = new WeakMap<VariantLmk, HeldKey>();

  /** @param blocks undefined if no LMK is a key block LMK */
  constructor(
    private readonly lmks: Lmks,
    private readonly blocks?: BlockKeys,
  ) {}

  read(fields: RequestFields, name: string): string {
    const { scheme, pinLength } = fields.lmkAhead();
    if (scheme === 'variant') return fields.digits(name, pinLength + 1);
    return fields.choice(name, [LETTER]) + fields.hex(name, 32);
  }

  encrypt(host: HostCall, pin: string, account: string): string | Promise<string> {
    const lmk = this.#lmk(host);
    if (!/^[0-9]{4,12}$/.test(pin)) throw new HostError('24', 'A PIN must have 4 to 12 digits');
    if (lmk.scheme === 'variant') {
      if (pin.length > lmk.pinLength)
        throw new HostError('24', `The PIN is longer than the ${lmk.pinLength} digits of the LMK`);
      return ff1Encrypt(this.#ff1(host, lmk, account), withLength(pin, lmk.pinLength));
    }
    return whenReady(this.#opened(host, lmk), ({ blocks }) => {
      const block = pinBlock(pin, account);
      try {
        return LETTER + toHex(aes(blocks.pins).encrypt(block));
      } finally {
        block.fill(0);
      }
    });
  }

  decrypt(host: HostCall, encrypted: string, account: string): string | Promise<string> {
    const lmk = this.#lmk(host);
    // The PIN may have been encrypted when the LMK had another PIN length, which BG changes.
    if (lmk.scheme === 'variant')
      return pinOf(ff1Decrypt(this.#ff1(host, lmk, account), encrypted), encrypted.length - 1);
    return whenReady(this.#opened(host, lmk), ({ blocks }) => {
      const block = aes(blocks.pins).decrypt(Buffer.from(encrypted.slice(LETTER.length), 'hex'));
      try {
        return pinIn(block, account);
      } finally {
        block.fill(0);
      }
    });
  }

  #lmk({ lmk }: HostCall): Lmk {
    const found = this.lmks.get(lmk);
    if (!found) throw new HostError('13', `LMK identifier: there is no LMK ${lmk}`);
    return found;
  }

  #opened(host: HostCall, lmk: Extract<Lmk, { scheme: 'keyblock' }>) {
    if (!this.blocks) throw new Error('There is a key block LMK without a way to open it');
    return this.blocks.lmk(host.call, lmk);
  }

  #ff1({ call }: HostCall, { id, lmk }: VariantLmkEntry, account: string) {
    authorizeLmk(call, lmkArn(scopeOf(call), id));
    return { key: this.#key(lmk), radix: 10, tweak: Buffer.from(account, 'latin1') };
  }

  #key(lmk: VariantLmk): HeldKey {
    let key = this.#derived.get(lmk);
    if (!key) {
      key = derived(lmk);
      this.#derived.set(lmk, key);
    }
    return key;
  }
}

/** Derives the key of PINs from the LMK: HMAC-SHA-256 of a label. */
function derived(lmk: VariantLmk): HeldKey {
  return lmk.lend('02-03', (clear) => {
    const key = hmac('SHA256', clear, Buffer.from('Keyblock: PIN under the LMK'), 32);
    try {
      return new HeldKey(key);
    } finally {
      key.fill(0);
    }
  });
}

/** One digit with the difference between the LMK's PIN length and this PIN's length, the PIN, and zeros. */
function withLength(pin: string, pinLength: number): string {
  return String(pinLength - pin.length) + pin.padEnd(pinLength, '0');
}

function pinOf(text: string, pinLength: number): string {
  const length = pinLength - Number(text[0]);
  const isRight = length >= MIN_PIN && /^0*$/.test(text.slice(1 + length));
  if (!isRight) throw notThisAccount();
  return text.slice(1, 1 + length);
}

/** 16 bytes: length, PIN in BCD filled with F, 3 random bytes, the first 6 bytes of the account number's SHA-256. */
function pinBlock(pin: string, account: string): Buffer {
  const block = Buffer.alloc(16);
  randomFillSync(block);
  block.writeUInt8(pin.length, 0);
  block.write(pin.padEnd(MAX_PIN, 'F'), 1, 'hex');
  accountHash(account).copy(block, block.length - ACCOUNT_HASH_BYTES);
  return block;
}

function pinIn(block: Buffer, account: string): string {
  const [length, digits] = [block.readUInt8(0), toHex(block.subarray(1, 1 + PIN_BYTES))];
  const isAccount = equal(block.subarray(-ACCOUNT_HASH_BYTES), accountHash(account));
  const isPin = /^[0-9]{4,12}F*$/.test(digits) && digits.replace(/F/g, '').length === length;
  if (!isAccount || !isPin) throw notThisAccount();
  return digits.slice(0, length);
}

function accountHash(account: string): Buffer {
  return createHash('sha256').update(account).digest().subarray(0, ACCOUNT_HASH_BYTES);
}

/** One error and one message for every cause. */
function notThisAccount(): HostError {
  return new HostError('14', 'The PIN is not encrypted under this LMK for this account');
}
