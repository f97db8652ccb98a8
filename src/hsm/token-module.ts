import type { Handle, Mechanism, PKCS11, Template } from 'pkcs11js';
import { attempt, messageOf, pkcs11, pkcs11Async } from './pkcs11-calls.js';
import { TokenError } from './token-error.js';
import type {
  Encrypted,
  KeyQuery,
  TokenAddress,
  TokenCalls,
  TokenInfo,
  TokenKey,
  TokenMechanism,
} from './token-protocol.js';
import { TokenSessions } from './token-sessions.js';

type Pkcs11 = typeof import('pkcs11js');

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The largest modulus that an RSA wrapping key may have, in bytes: the buffer size for its output. */
const MAX_RSA_BYTES = 1024;
const MAX_OBJECTS = 64;
/** Number of random bytes from which on zeros are taken for a fault of the module. */
const MIN_CHECKED_BYTES = 8;
/** CKZ_DATA_SPECIFIED, which the addon doesn't name. */
const DATA_SPECIFIED = 1;
const HANDLE_FAULTS = new Set(['CKR_OBJECT_HANDLE_INVALID', 'CKR_KEY_HANDLE_INVALID']);

type Promised<F> = F extends (...args: infer A) => infer R ? (...args: A) => R | Promise<R> : never;
type Served = { [K in keyof TokenCalls]: Promised<TokenCalls[K]> };

/** A token behind a PKCS#11 module (PKCS#11 2.40), for the process that serves it. */
export class TokenModule implements Served {
  #constants!: Pkcs11;
  #module!: PKCS11;
  #slot!: Handle;
  #sessions!: TokenSessions;
  /** Handles by `handleName`: a search takes time that grows with the number of objects. */
  readonly #handles = new Map<string, Handle>();

  async open(address: TokenAddress, sessions: number): Promise<TokenInfo> {
    this.#constants = await loadPackage();
    this.#module = new this.#constants.PKCS11();
    const { module, label, serial } = address;
    attempt('MODULE_NOT_LOADED', `The module ${module} can't be loaded`, () => this.#module.load(module));
    attempt('NOT_INITIALIZED', `The module ${module} can't be initialized`, () =>
      this.#module.C_Initialize({ flags: this.#constants.CKF_OS_LOCKING_OK }),
    );
    const slots = pkcs11(() => this.#module.C_GetSlotList(true));
    if (slots.length === 0 && pkcs11(() => this.#module.C_GetSlotList(false)).length > 0)
      throw new TokenError('TOKEN_NOT_PRESENT', `No slot of the module ${module} holds a token.`);
    const tokens = slots.flatMap((slot) => {
      const info = this.#infoOf(slot);
      const isMatch =
        info.isInitialized && (label ?? info.label) === info.label && (serial ?? info.serial) === info.serial;
      return isMatch ? [{ slot, info }] : [];
    });
    const [token] = tokens;
    const named = [label === undefined ? [] : `label "${label}"`, serial === undefined ? [] : `serial number ${serial}`]
      .flat()
      .join(' and ');
    if (!token) throw new TokenError('TOKEN_NOT_FOUND', `The module ${module} has no initialized token with ${named}.`);
    if (tokens.length > 1)
      throw new TokenError(
        'TOKEN_AMBIGUOUS',
        `The module ${module} has ${tokens.length} tokens with ${named}: state the serial number of one.`,
      );
    this.#slot = token.slot;
    this.#sessions = new TokenSessions({
      constants: this.#constants,
      module: this.#module,
      slot: token.slot,
      limit: sessions,
      loggedOut: () => this.#handles.clear(),
    });
    const { isInitialized: _, ...info } = token.info;
    return info;
  }

  login(pin: string): void {
    const { flags } = pkcs11(() => this.#module.C_GetTokenInfo(this.#slot));
    const { CKF_USER_PIN_INITIALIZED, CKF_USER_PIN_LOCKED } = this.#constants;
    if ((flags & CKF_USER_PIN_INITIALIZED) === 0)
      throw new TokenError('CKR_USER_PIN_NOT_INITIALIZED', 'The token has no PIN for its user.');
    if ((flags & CKF_USER_PIN_LOCKED) !== 0) throw new TokenError('CKR_PIN_LOCKED', "The token's PIN is locked.");
    this.#sessions.login(pin);
  }

  probe(): void {
    this.#sessions.requireLogin();
    pkcs11(() => this.#module.C_GetTokenInfo(this.#slot));
  }

  certificates(): Promise<Buffer[]> {
    const { CKA_CLASS, CKO_CERTIFICATE, CKA_VALUE } = this.#constants;
    return this.#sessions.run((session) =>
      this.#find(session, [{ type: CKA_CLASS, value: CKO_CERTIFICATE }]).map((handle) =>
        this.#attribute(session, handle, CKA_VALUE),
      ),
    );
  }

  checkAes(): void {
    const { CKM_AES_GCM, CKM_AES_KEY_GEN } = this.#constants;
    const mechanisms = new Set(pkcs11(() => this.#module.C_GetMechanismList(this.#slot)));
    for (const [mechanism, name] of [
      [CKM_AES_KEY_GEN, 'CKM_AES_KEY_GEN'],
      [CKM_AES_GCM, 'CKM_AES_GCM'],
    ] as const)
      if (!mechanisms.has(mechanism)) throw new TokenError('MECHANISM_MISSING', `The token lacks ${name}.`);
  }

  findKeys(query: KeyQuery, mechanism: TokenMechanism): Promise<TokenKey[]> {
    const { CKO_SECRET_KEY, CKO_PRIVATE_KEY } = this.#constants;
    const type = mechanism === 'aes-gcm' ? CKO_SECRET_KEY : CKO_PRIVATE_KEY;
    return this.#sessions.run((session) =>
      this.#find(session, this.#queryTemplate(query, type)).map((handle) => this.#keyOf(session, handle)),
    );
  }

  generateAesKey({ label, id }: { label: string; id: Buffer }): Promise<TokenKey> {
    const c = this.#constants;
    return this.#sessions.run(async (session) => {
      for (const query of [{ label }, { id }])
        if (this.#find(session, this.#queryTemplate(query, c.CKO_SECRET_KEY)).length > 0)
          throw new TokenError('KEY_AMBIGUOUS', `The token has a secret key with the label "${label}" or its CKA_ID.`);
      const handle = await pkcs11Async(() =>
        this.#module.C_GenerateKeyAsync(session, { mechanism: c.CKM_AES_KEY_GEN }, this.#aesTemplate(label, id)),
      );
      try {
        const { CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE } = c;
        const attributes = [CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE];
        if (!attributes.every((type) => this.#flag(session, handle, type)))
          throw new TokenError(
            'KEY_UNSUITABLE',
            'The token generated a key that can be read from it; it was destroyed.',
          );
        const key = this.#keyOf(session, handle);
        this.#handles.set(handleName(c.CKO_SECRET_KEY, id), handle);
        return key;
      } catch (error) {
        pkcs11(() => this.#module.C_DestroyObject(session, handle));
        throw error;
      }
    });
  }

  destroyKey({ label, id }: { label: string; id: Buffer }): Promise<number> {
    return this.#sessions.run((session) => {
      const { CKO_SECRET_KEY } = this.#constants;
      this.#handles.delete(handleName(CKO_SECRET_KEY, id));
      const handles = this.#find(session, this.#queryTemplate({ label, id }, CKO_SECRET_KEY));
      for (const handle of handles) pkcs11(() => this.#module.C_DestroyObject(session, handle));
      return handles.length;
    });
  }

  async encrypt(key: Buffer, mechanism: TokenMechanism, plaintext: Buffer, aad: Buffer): Promise<Encrypted> {
    try {
      const iv = mechanism === 'aes-gcm' ? await this.random(IV_BYTES) : Buffer.alloc(0);
      const type = mechanism === 'aes-gcm' ? this.#constants.CKO_SECRET_KEY : this.#constants.CKO_PUBLIC_KEY;
      const ciphertext = await this.#withKey(key, type, (session, handle) => {
        pkcs11(() => this.#module.C_EncryptInit(session, this.#mechanism(mechanism, iv, aad), handle));
        const room = Buffer.alloc(mechanism === 'aes-gcm' ? plaintext.length + TAG_BYTES : MAX_RSA_BYTES);
        return pkcs11Async(() => this.#module.C_EncryptAsync(session, plaintext, room));
      });
      if (mechanism === 'aes-gcm') requireLength(ciphertext, plaintext.length + TAG_BYTES);
      requireWritten(ciphertext);
      return { iv, ciphertext };
    } finally {
      plaintext.fill(0);
    }
  }

  async decrypt(key: Buffer, mechanism: TokenMechanism, encrypted: Encrypted, aad: Buffer): Promise<Buffer> {
    const { iv, ciphertext } = encrypted;
    const type = mechanism === 'aes-gcm' ? this.#constants.CKO_SECRET_KEY : this.#constants.CKO_PRIVATE_KEY;
    try {
      const plaintext = await this.#withKey(key, type, (session, handle) => {
        pkcs11(() => this.#module.C_DecryptInit(session, this.#mechanism(mechanism, iv, aad), handle));
        return pkcs11Async(() => this.#module.C_DecryptAsync(session, ciphertext, Buffer.alloc(ciphertext.length)));
      });
      if (mechanism === 'aes-gcm') requireLength(plaintext, ciphertext.length - TAG_BYTES);
      return plaintext;
    } catch (error) {
      // A lost token may respond as if it refused the ciphertext.
      this.#requireToken();
      throw error;
    }
  }

  async random(length: number): Promise<Buffer> {
    const bytes = await this.#sessions.run((session) =>
      pkcs11(() => this.#module.C_GenerateRandom(session, Buffer.alloc(length))),
    );
    requireWritten(bytes);
    return bytes;
  }

  close(): void {
    pkcs11(() => this.#module.C_CloseAllSessions(this.#slot));
    pkcs11(() => this.#module.C_Finalize());
  }

  /** @throws TokenError TOKEN_LOST if the token doesn't answer */
  #requireToken(): void {
    try {
      this.probe();
    } catch (error) {
      throw new TokenError('TOKEN_LOST', `The token does not answer any more: ${messageOf(error)}`);
    }
  }

  /** Runs a call with the handle of a key. If the token no longer knows the handle, looks the key up again. */
  async #withKey<T>(id: Buffer, type: number, call: (session: Handle, handle: Handle) => Promise<T>): Promise<T> {
    const run = () => this.#sessions.run((session) => call(session, this.#handleOf(session, id, type)));
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof TokenError && HANDLE_FAULTS.has(error.code))) throw error;
      this.#handles.delete(handleName(type, id));
      // A lost token, or one that has logged the process out, also reports an unknown handle.
      this.#requireToken();
      await this.#sessions.run((session) => this.#sessions.loginAgain(session));
      return run();
    }
  }

  /**
   * Returns the handle of a key. Ask for it immediately before its use: a new login invalidates all handles, and the
   * module may give the same ones to other keys.
   */
  #handleOf(session: Handle, id: Buffer, type: number): Handle {
    const name = handleName(type, id);
    const remembered = this.#handles.get(name);
    if (remembered) return remembered;
    const [handle] = this.#find(session, this.#queryTemplate({ id }, type));
    if (!handle) {
      this.#requireToken();
      throw new TokenError('KEY_NOT_FOUND', `The token has no key with CKA_ID ${id.toString('hex')}.`);
    }
    this.#handles.set(name, handle);
    return handle;
  }

  #infoOf(slot: Handle): TokenInfo & { isInitialized: boolean } {
    const { label, serialNumber, manufacturerID, model, flags } = pkcs11(() => this.#module.C_GetTokenInfo(slot));
    return {
      label: unpadded(label),
      serial: unpadded(serialNumber),
      manufacturer: unpadded(manufacturerID),
      model: unpadded(model),
      isInitialized: (flags & this.#constants.CKF_TOKEN_INITIALIZED) !== 0,
    };
  }

  #find(session: Handle, template: Template): Handle[] {
    const found = this.#search(session, template);
    // A token that has logged the process out doesn't find private objects.
    return found.length === 0 && this.#sessions.loginAgain(session) ? this.#search(session, template) : found;
  }

  #search(session: Handle, template: Template): Handle[] {
    pkcs11(() => this.#module.C_FindObjectsInit(session, template));
    const handles = pkcs11(() => this.#module.C_FindObjects(session, MAX_OBJECTS));
    pkcs11(() => this.#module.C_FindObjectsFinal(session));
    return handles;
  }

  #queryTemplate({ label, id }: KeyQuery, type: number): Template {
    const { CKA_CLASS, CKA_LABEL, CKA_ID } = this.#constants;
    return [
      { type: CKA_CLASS, value: type },
      ...(label === undefined ? [] : [{ type: CKA_LABEL, value: label }]),
      ...(id === undefined ? [] : [{ type: CKA_ID, value: id }]),
    ];
  }

  #keyOf(session: Handle, handle: Handle): TokenKey {
    const { CKA_LABEL, CKA_ID, CKA_SENSITIVE, CKA_EXTRACTABLE } = this.#constants;
    return {
      label: this.#attribute(session, handle, CKA_LABEL).toString(),
      id: this.#attribute(session, handle, CKA_ID),
      isSensitive: this.#flag(session, handle, CKA_SENSITIVE),
      isExtractable: this.#flag(session, handle, CKA_EXTRACTABLE),
    };
  }

  #attribute(session: Handle, handle: Handle, type: number): Buffer {
    const [attribute] = pkcs11(() => this.#module.C_GetAttributeValue(session, handle, [{ type }]));
    return Buffer.from((attribute as { value: Buffer }).value);
  }

  #flag(session: Handle, handle: Handle, type: number): boolean {
    return this.#attribute(session, handle, type)[0] === 1;
  }

  #aesTemplate(label: string, id: Buffer): Template {
    const c = this.#constants;
    return [
      { type: c.CKA_CLASS, value: c.CKO_SECRET_KEY },
      { type: c.CKA_KEY_TYPE, value: c.CKK_AES },
      { type: c.CKA_VALUE_LEN, value: KEY_BYTES },
      { type: c.CKA_LABEL, value: label },
      { type: c.CKA_ID, value: id },
      ...[c.CKA_TOKEN, c.CKA_PRIVATE, c.CKA_SENSITIVE, c.CKA_ENCRYPT, c.CKA_DECRYPT].map((type) => ({
        type,
        value: true,
      })),
      ...[c.CKA_EXTRACTABLE, c.CKA_MODIFIABLE, c.CKA_WRAP, c.CKA_UNWRAP, c.CKA_SIGN, c.CKA_VERIFY, c.CKA_DERIVE].map(
        (type) => ({ type, value: false }),
      ),
    ];
  }

  #mechanism(mechanism: TokenMechanism, iv: Buffer, aad: Buffer): Mechanism {
    const c = this.#constants;
    if (mechanism === 'aes-gcm') {
      // SoftHSM2 accepts an empty IV.
      if (iv.length !== IV_BYTES) throw new TokenError('CKR_MECHANISM_PARAM_INVALID', 'The IV has 12 bytes.');
      const parameter = { type: c.CK_PARAMS_AES_GCM_v240, iv, aad, ivBits: IV_BYTES * 8, tagBits: TAG_BYTES * 8 };
      return { mechanism: c.CKM_AES_GCM, parameter };
    }
    const [hashAlg, mgf] =
      mechanism === 'rsa-oaep-sha1' ? [c.CKM_SHA_1, c.CKG_MGF1_SHA1] : [c.CKM_SHA256, c.CKG_MGF1_SHA256];
    const parameter = { type: c.CK_PARAMS_RSA_OAEP, hashAlg, mgf, source: DATA_SPECIFIED };
    return { mechanism: c.CKM_RSA_PKCS_OAEP, parameter };
  }
}

async function loadPackage(): Promise<Pkcs11> {
  try {
    return ((await import('pkcs11js')) as unknown as { default: Pkcs11 }).default;
  } catch {
    throw new TokenError(
      'PACKAGE_MISSING',
      'The package pkcs11js is not installed: install it where python3, make and a C++ compiler are, and start again.',
    );
  }
}

/** Checks the length of a response: a short one would be an undecryptable ciphertext or a truncated plaintext. */
function requireLength({ length }: Buffer, expected: number): void {
  if (length !== expected)
    throw new TokenError('MODULE_FAILED', `The token answered ${length} bytes instead of ${expected}.`);
}

/** Checks that the module has written to a buffer of zeros: it may answer CKR_OK without doing anything. */
function requireWritten(bytes: Buffer): void {
  // Fewer random bytes may all be zero by chance.
  if (bytes.length >= MIN_CHECKED_BYTES && bytes.every((byte) => byte === 0))
    throw new TokenError('MODULE_FAILED', 'The token answered only zeros.');
}

function handleName(type: number, id: Buffer): string {
  return `${type} ${id.toString('hex')}`;
}

function unpadded(text: string): string {
  return text.replace(/[\s\0]+$/, '');
}
