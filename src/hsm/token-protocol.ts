import type { TokenError } from './token-error.js';

/** Address of a token: its module, and its label, serial number or both. */
export interface TokenAddress {
  /** Path of the PKCS#11 module, a shared library. */
  readonly module: string;
  /** Label without padding blanks. */
  readonly label?: string | undefined;
  readonly serial?: string | undefined;
}

/** Identity of a token, from C_GetTokenInfo without the padding. */
export interface TokenInfo {
  label: string;
  serial: string;
  manufacturer: string;
  model: string;
}

/** The keys to look for: those that have the label, the CKA_ID, or both. */
export interface KeyQuery {
  label?: string | undefined;
  /** CKA_ID, 1 to 255 bytes. */
  id?: Buffer | undefined;
}

/** Mechanism by which a token encrypts: AES-GCM (PKCS#11 2.40, 6.11) or RSAES-OAEP (PKCS#1) with MGF1 over the same hash. */
export type TokenMechanism = 'aes-gcm' | 'rsa-oaep-sha1' | 'rsa-oaep-sha256';

/** A key of a token. */
export interface TokenKey {
  label: string;
  /** CKA_ID. */
  id: Buffer;
  isSensitive: boolean;
  isExtractable: boolean;
}

export interface Encrypted {
  /** The 12-byte IV of AES-GCM; empty for RSA. */
  iv: Buffer;
  /** With AES-GCM, the 16-byte tag is at its end. */
  ciphertext: Buffer;
}

/** The calls that the process of a token serves. Each throws TokenError. */
export interface TokenCalls {
  /** Loads the module and finds the token. @param sessions maximum number of concurrent calls */
  open(address: TokenAddress, sessions: number): TokenInfo;
  /** Logs in as the normal user (CKU_USER). A refused PIN is not tried again. */
  login(pin: string): void;
  /** Asks the token for its information. Fails once the token has gone, or has logged out and accepts no new login. */
  probe(): void;
  /** Returns the DER of every certificate that is readable without a PIN. */
  certificates(): Buffer[];
  /** Throws MECHANISM_MISSING unless the token generates AES keys and encrypts with AES-GCM. */
  checkAes(): void;
  /** Returns the secret keys, or with an RSA mechanism the private keys, that match. */
  findKeys(query: KeyQuery, mechanism: TokenMechanism): TokenKey[];
  /**
   * Generates an AES-256 key on the token that never leaves it and only encrypts and decrypts. Throws KEY_AMBIGUOUS if
   * the label or CKA_ID is in use.
   */
  generateAesKey(key: { label: string; id: Buffer }): TokenKey;
  /**
   * Destroys the secret keys that have both the label and the CKA_ID, so that the CKA_ID of another key, such as a
   * master key, can't destroy that key. @returns their number
   */
  destroyKey(key: { label: string; id: Buffer }): number;
  encrypt(key: Buffer, mechanism: TokenMechanism, plaintext: Buffer, aad: Buffer): Encrypted;
  decrypt(key: Buffer, mechanism: TokenMechanism, encrypted: Encrypted, aad: Buffer): Buffer;
  /** Returns bytes of the token's random number generator. */
  random(length: number): Buffer;
  /** Logs out and releases the module. No other call may follow. */
  close(): void;
}

export type TokenCall = keyof TokenCalls;

/** From the service to the process of a token. */
export interface TokenRequest {
  id: number;
  name: TokenCall;
  args: unknown[];
}

/** From the process of a token to the service. */
export type TokenResponse =
  { id: number; result: unknown } | { id: number; failure: Pick<TokenError, 'code' | 'message'> };
