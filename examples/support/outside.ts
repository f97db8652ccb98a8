// Simulates the other parties with the cryptography of src/crypto: another HSM, a payment terminal, a bank's system, a
// chip card. In production none of this runs on your machine.
import { padMethod2, toHex } from '../../src/crypto/bytes.js';
import { tdes } from '../../src/crypto/des.js';
import { tdesWorkingKey } from '../../src/crypto/dukpt/tdes.js';
import { applicationCryptogram, arpcMethod1 } from '../../src/crypto/emv/application-cryptogram.js';
import { iccMasterKey } from '../../src/crypto/emv/icc-master-key.js';
import { applicationCryptogramKey } from '../../src/crypto/emv/session-key.js';
import { decryptPinBlock, encryptPinBlock } from '../../src/crypto/pin-block.js';
import { retailMac } from '../../src/crypto/retail-mac.js';
import { wrapKeyBlock } from '../../src/crypto/tr31/wrap.js';

/** A double-length TDES key with its TR-31 header attributes. */
export interface KeyToSend {
  /** 32 hexadecimal digits. */
  clear: string;
  /** Key usage, e.g. `P0`. */
  usage: string;
  /** Mode of use, e.g. `B` for encrypt and decrypt. */
  mode: string;
}

/** Wraps a key as the sending HSM does: in a TR-31 version D key block under an AES KEK. */
export function hsmWraps(kek: Buffer, { clear, usage, mode }: KeyToSend): string {
  return wrapKeyBlock({
    kbpk: { algorithm: 'AES', key: kek },
    header: {
      versionId: 'D',
      keyUsage: usage,
      algorithm: 'T',
      modeOfUse: mode,
      keyVersionNumber: '00',
      exportability: 'E',
      keyContext: '0',
    },
    key: Buffer.from(clear, 'hex'),
  });
}

/**
 * A terminal with TDES DUKPT, ANSI X9.24. A real terminal never holds the BDK, only keys derived from it when the
 * terminal was loaded; the transaction keys are the same either way.
 */
export class Terminal {
  readonly #bdk: Buffer;
  readonly #ksn: Buffer;

  /** @param keys hexadecimal; the KSN includes the transaction counter */
  constructor({ bdk, ksn }: { bdk: string; ksn: string }) {
    this.#bdk = Buffer.from(bdk, 'hex');
    this.#ksn = Buffer.from(ksn, 'hex');
  }

  /** Encrypts the entered PIN in a PIN block of ISO format 0. */
  encryptsPin(pin: string, pan: string): string {
    using cipher = tdes(this.#key('PIN'));
    return toHex(encryptPinBlock(cipher, 0, { pin, pan }));
  }

  /** Computes the MAC of a request: ISO 9797-1 algorithm 3, 8 bytes. */
  macs(message: Buffer): string {
    return toHex(retailMac(this.#key('MAC_REQUEST'), message));
  }

  /** True when the MAC of a response is correct. */
  accepts(message: Buffer, mac: string): boolean {
    return toHex(retailMac(this.#key('MAC_RESPONSE'), message)) === mac;
  }

  #key(usage: 'PIN' | 'MAC_REQUEST' | 'MAC_RESPONSE'): Buffer {
    return tdesWorkingKey({ bdk: this.#bdk, ksn: this.#ksn, usage });
  }
}

/** Another party's system, which shares a PIN encryption key and possibly a MAC key. Keys are hexadecimal. */
export class Partner {
  constructor(private readonly keys: { pek: string; macKey?: string }) {}

  /** Encrypts a PIN in a PIN block of ISO format 0. */
  encryptsPin(pin: string, pan: string): string {
    using cipher = tdes(Buffer.from(this.keys.pek, 'hex'));
    return toHex(encryptPinBlock(cipher, 0, { pin, pan }));
  }

  /** Decrypts the PIN of such a PIN block. */
  decryptsPin(block: string, pan: string): string {
    using cipher = tdes(Buffer.from(this.keys.pek, 'hex'));
    return decryptPinBlock(cipher, 0, { block: Buffer.from(block, 'hex'), pan });
  }

  /** Computes a MAC by ISO 9797-1 algorithm 3, 8 bytes. */
  macs(message: Buffer): string {
    return toHex(retailMac(Buffer.from(this.keys.macKey ?? '', 'hex'), message));
  }
}

/** A chip card with Visa cryptogram version 18: EMV option A, EMV common session key, ARPC by method 1. */
export class ChipCard {
  readonly #iccKey: Buffer;

  /** @param imk issuer master key that the card's key was derived from at personalization, hexadecimal */
  constructor(imk: string, { pan, psn }: { pan: string; psn: string }) {
    this.#iccKey = iccMasterKey(Buffer.from(imk, 'hex'), { majorKeyDerivation: 'EMV_OPTION_A', pan, psn });
  }

  /**
   * Computes the ARQC. Returns it with the data it covers, padded as the scheme requires (ISO 9797-1 method 2), both
   * hexadecimal.
   */
  asksFor(data: string, atc: string): { arqc: string; paddedData: string } {
    const padded = padMethod2(Buffer.from(data, 'hex'), 8);
    return { arqc: toHex(applicationCryptogram(this.#sessionKey(atc), padded)), paddedData: toHex(padded) };
  }

  /** True when the ARPC is the issuer's response to the ARQC. */
  accepts({ arqc, arpc, arc, atc }: Record<'arqc' | 'arpc' | 'arc' | 'atc', string>): boolean {
    const request = { arqc: Buffer.from(arqc, 'hex'), arc: Buffer.from(arc, 'hex') };
    return toHex(arpcMethod1(this.#sessionKey(atc), request)) === arpc;
  }

  #sessionKey(atc: string): Buffer {
    return applicationCryptogramKey('EMV_COMMON_SESSION_KEY', this.#iccKey, { atc: Buffer.from(atc, 'hex') });
  }
}
