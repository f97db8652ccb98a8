import type { Call } from '../call.js';
import type { WorkingKey } from '../payment/dataplane/keys/working-keys.js';
import type { Verifications } from '../payment/dataplane/verification/verifications.js';
import type { KeyRequirement } from '../payment/keys/key-rules.js';
import type { HostErrorCode } from './host-error.js';
import type { HostKeyAttributes } from './layouts/block-header.js';
import type { WantedHeader } from './layouts/key-options.js';
import type { KeyType, RequestLayout } from './layouts/layout.js';
import type { FieldSettings, KeyField, RequestFields } from './layouts/request-fields.js';

/** A field of a reply: its name, for printing replies field by field, and its value. Text is Latin-1. */
export type ReplyField = readonly [name: string, value: string | Buffer];

/** A complete reply. */
export interface Reply {
  /** A warning; the reply is nevertheless complete. `00` by default. */
  readonly code?: Extract<HostErrorCode, '01' | '02'>;
  readonly fields: readonly ReplyField[];
}

/** Requirements of a command for a key. */
export interface KeyNeeds {
  /** Type by which a key under a variant LMK is decrypted. */
  readonly type: KeyType;
  /** Rule for a stored key and for a key block, those of the AWS operation. */
  readonly rule: KeyRequirement;
  /** Error for a key that can't be opened: 10, or 11 for the second key of a command. */
  readonly code?: '10' | '11';
  /** A key block must hold a component of a key instead of a key. */
  readonly isComponent?: boolean;
}

/** A key of a host command. */
export interface HostKey extends WorkingKey {
  /**
   * Length of the host's key in bytes. A single-length DES key of 8 bytes is passed as two equal halves, i.e. as an
   * equivalent TDES key.
   */
  readonly bytes: number;
  /** Permitted uses of the key; undefined for a key under a variant LMK, whose type determines them. */
  readonly attributes?: HostKeyAttributes;
}

/** Finds the keys of host commands. */
export interface HostKeys {
  /**
   * Returns the key that a field names or contains.
   *
   * @returns a promise only for a key that isn't cached
   * @throws HostError 10 or 11 for a key that can't be opened, 28 or A6 to A8 for a key of another kind, 29 if policies
   *         don't allow the operation with it
   */
  find(host: HostCall, field: KeyField, needs: KeyNeeds): HostKey | Promise<HostKey>;
}

/** The form in which a key is issued. */
export interface IssuedAs {
  readonly type: KeyType;
  /** Letter of the scheme; Z and 0 mean a single-length key without a letter. */
  readonly scheme: string;
  /** For a key block. */
  readonly header?: WantedHeader | undefined;
}

/** Encrypts a key under the LMK of a command. @returns the key field */
export type Issue = (clear: Buffer) => string;

/** Issues keys under LMKs. Nothing is stored: the host keeps them. */
export interface Issuer {
  /**
   * Authorizes a command on its LMK and returns the function that issues a key under it.
   *
   * @throws HostError 04, 13, 15, 26, 29, A3, AA
   */
  under(host: HostCall, form: IssuedAs): Issue | Promise<Issue>;
}

/** PINs encrypted under an LMK, which hosts keep in their databases. */
export interface PinsUnderLmk {
  /** Reads the field of a PIN under the LMK of the call. Its length depends on the LMK. */
  read(fields: RequestFields, name: string): string;
  /** @param account 12 digits. @throws HostError 24 for a PIN that is too long for the LMK */
  encrypt(host: HostCall, pin: string, account: string): string | Promise<string>;
  /** @throws HostError 14 for a PIN that isn't under this LMK or belongs to another account */
  decrypt(host: HostCall, encrypted: string, account: string): string | Promise<string>;
}

/** Services of the listener for its commands. */
export interface ListenerServices {
  readonly headerLength: number;
  readonly maxConnections: number;
  /** Returns the check value of the LMK of a call, 16 hexadecimal digits. */
  checkValue(host: HostCall): string | Promise<string>;
  /**
   * Runs a command for the caller of another one, with an audit event of its own.
   *
   * @param message command without its length
   * @returns the reply without its length
   */
  run(host: HostCall, message: Buffer, headerLength: number): Buffer | Promise<Buffer>;
}

/** Dependencies of commands. */
export interface HostServices {
  readonly listener: ListenerServices;
  readonly keys: HostKeys;
  readonly pins: PinsUnderLmk;
  readonly issuer: Issuer;
  readonly verifications: Verifications;
  readonly settings: ListenerSettings;
}

/** Settings of a listener that change what commands do. */
export interface ListenerSettings extends FieldSettings {
  /** Activities that need authorisation and have it, e.g. `pin.clear`. */
  readonly authorised: ReadonlySet<string>;
  /** Allows PINs under the LMK. */
  readonly servesPinsUnderLmk: boolean;
  /** Allows keys to be exported and generated under the schemes X and Y. */
  readonly takesAnsiX917: boolean;
  /** Disables the check of the digits of a decimalisation table. */
  readonly takesWeakTables: boolean;
  /** Data of EMV cryptograms is padded by ISO/IEC 9797-1 method 2 where its length isn't a multiple of 8. */
  readonly padsEmvData: boolean;
  /** Firmware number that diagnostics report, 9 characters. */
  readonly firmware: string;
}

/** Parts of a command's message. */
interface CommandOrigin {
  readonly command?: string;
  readonly namesLmk?: boolean;
  /** Receives the check values of keys under an LMK, for the audit event. */
  readonly checkValues?: string[];
}

/** One host command that is being served. */
export class HostCall {
  constructor(
    readonly call: Call,
    /** Identifier of the LMK: the one after `%`, or the default one of the listener. */
    readonly lmk: string,
    readonly services: HostServices,
    private readonly origin: CommandOrigin = {},
  ) {}

  /** Code of the command, e.g. `CA`. */
  get command(): string {
    return this.origin.command ?? '';
  }

  /** True if the command names its LMK. If it doesn't, a key block under another LMK is opened with that one. */
  get namesLmk(): boolean {
    return this.origin.namesLmk ?? false;
  }

  /**
   * Records the check value of a key under an LMK, because the ARN of the LMK doesn't identify the key in the audit
   * event.
   */
  notes(checkValue: string): void {
    this.origin.checkValues?.push(checkValue);
  }

  /** Returns the same command as another operation, for keys on which the caller needs another permission. */
  as(operation: string): HostCall {
    return new HostCall({ ...this.call, operation }, this.lmk, this.services, this.origin);
  }

  /** Returns the same command for keys under another LMK than the one that it names. */
  under(lmk: string): HostCall {
    return new HostCall(this.call, lmk, this.services, { ...this.origin, namesLmk: false });
  }

  /** Returns the key that a field names or contains: see HostKeys. */
  key(field: KeyField, needs: KeyNeeds): HostKey | Promise<HostKey> {
    return this.services.keys.find(this, field, needs);
  }
}

/**
 * A host command. It is parsed before anything is looked up, so that a malformed request costs little and gets a
 * specific error.
 */
export interface HostCommand<R = unknown> extends RequestLayout<R> {
  /** Operation of Payment Cryptography whose permission the caller needs; undefined for a command without keys. */
  readonly operation?: string;
  /** True if listeners serve the command when the configuration doesn't list commands. */
  readonly isDefault: boolean;
  /** True for a request that also exports a key, and needs the permission for ExportKey, too. Absent if none does. */
  exports?(request: R): boolean;
  execute(request: R, host: HostCall): Reply | Promise<Reply>;
}
