// What stands outside the service in real life and is simulated here with the cryptography of src/crypto: another HSM, a
// payment terminal, a bank's system, a chip card. In production none of this runs on your machine.
import { padMethod2, toHex } from '../../src/crypto/bytes.js';
import { tdes } from '../../src/crypto/des.js';
import { tdesWorkingKey } from '../../src/crypto/dukpt/tdes.js';
import { applicationCryptogram, arpcMethod1 } from '../../src/crypto/emv/application-cryptogram.js';
import { iccMasterKey } from '../../src/crypto/emv/icc-master-key.js';
import { applicationCryptogramKey } from '../../src/crypto/emv/session-key.js';
import { decryptPinBlock, encryptPinBlock } from '../../src/crypto/pin-block.js';
import { retailMac } from '../../src/crypto/retail-mac.js';
import { wrapKeyBlock } from '../../src/crypto/tr31/wrap.js';

/** A double-length TDES key with the attributes it has in a TR-31 header. */
export interface KeyToSend {
  /** 32 hexadecimal digits. */
  clear: string;
  /** Key usage, e.g. `P0`. */
  usage: string;
  /** Mode of use, e.g. `B` for encrypt and decrypt. */
  mode: string;
}

/** The HSM that a key comes from: wraps it in a TR-31 key block of version D under an AES KEK. */
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
 * A terminal that does TDES DUKPT, ANSI X9.24. A real one holds keys that were derived from the BDK when it was loaded, and
 * never the BDK; the keys of a transaction are the same either way.
 */
export class Terminal {
  readonly #bdk: Buffer;
  readonly #ksn: Buffer;

  /** @param keys hexadecimal; the KSN with the counter of the transaction */
  constructor({ bdk, ksn }: { bdk: string; ksn: string }) {
    this.#bdk = Buffer.from(bdk, 'hex');
    this.#ksn = Buffer.from(ksn, 'hex');
  }

  /** The PIN that was keyed in, in an encrypted PIN block of ISO format 0. */
  encryptsPin(pin: string, pan: string): string {
    using cipher = tdes(this.#key('PIN'));
    return toHex(encryptPinBlock(cipher, 0, { pin, pan }));
  }

  /** MAC of a request: ISO 9797-1 algorithm 3, 8 bytes. */
  macs(message: Buffer): string {
    return toHex(retailMac(this.#key('MAC_REQUEST'), message));
  }

  /** Whether the MAC of a response is right. */
  accepts(message: Buffer, mac: string): boolean {
    return toHex(retailMac(this.#key('MAC_RESPONSE'), message)) === mac;
  }

  #key(usage: 'PIN' | 'MAC_REQUEST' | 'MAC_RESPONSE'): Buffer {
    return tdesWorkingKey({ bdk: this.#bdk, ksn: this.#ksn, usage });
  }
}

/** Another party's system, which shares a PIN encryption key, and may share a MAC key. Keys are hexadecimal. */
export class Partner {
  constructor(private readonly keys: { pek: string; macKey?: string }) {}

  /** An encrypted PIN block of ISO format 0. */
  encryptsPin(pin: string, pan: string): string {
    using cipher = tdes(Buffer.from(this.keys.pek, 'hex'));
    return toHex(encryptPinBlock(cipher, 0, { pin, pan }));
  }

  /** The PIN of such a block. */
  decryptsPin(block: string, pan: string): string {
    using cipher = tdes(Buffer.from(this.keys.pek, 'hex'));
    return decryptPinBlock(cipher, 0, { block: Buffer.from(block, 'hex'), pan });
  }

  /** MAC by ISO 9797-1 algorithm 3, 8 bytes. */
  macs(message: Buffer): string {
    return toHex(retailMac(Buffer.from(this.keys.macKey ?? '', 'hex'), message));
  }
}

/** A chip card with cryptogram version 18 of Visa: EMV option A, EMV common session key, ARPC by method 1. */
export class ChipCard {
  readonly #iccKey: Buffer;

  /** @param imk the issuer master key from which the key of the card was derived when it was personalized, hexadecimal */
  constructor(imk: string, { pan, psn }: { pan: string; psn: string }) {
    this.#iccKey = iccMasterKey(Buffer.from(imk, 'hex'), { majorKeyDerivation: 'EMV_OPTION_A', pan, psn });
  }

  /** The ARQC, and the data it is over with the padding of the scheme (ISO 9797-1 method 2): both hexadecimal. */
  asksFor(data: string, atc: string): { arqc: string; paddedData: string } {
    const padded = padMethod2(Buffer.from(data, 'hex'), 8);
    return { arqc: toHex(applicationCryptogram(this.#sessionKey(atc), padded)), paddedData: toHex(padded) };
  }

  /** Whether the ARPC is the issuer's answer to the ARQC. */
  accepts({ arqc, arpc, arc, atc }: Record<'arqc' | 'arpc' | 'arc' | 'atc', string>): boolean {
    const request = { arqc: Buffer.from(arqc, 'hex'), arc: Buffer.from(arc, 'hex') };
    return toHex(arpcMethod1(this.#sessionKey(atc), request)) === arpc;
  }

  #sessionKey(atc: string): Buffer {
    return applicationCryptogramKey('EMV_COMMON_SESSION_KEY', this.#iccKey, { atc: Buffer.from(atc, 'hex') });
  }
}
