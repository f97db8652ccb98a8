import type { Handle, PKCS11 } from 'pkcs11js';
import { pkcs11 } from './pkcs11-calls.js';
import { TokenError } from './token-error.js';

/** CKS_RW_USER_FUNCTIONS, which the addon doesn't name. */
const RW_USER_FUNCTIONS = 3;

/**
 * Return values after which the same call may succeed in a new session: an operation was left active in the old one, or
 * it was closed.
 */
const SESSION_FAULTS = new Set(['CKR_OPERATION_ACTIVE', 'CKR_OPERATION_NOT_INITIALIZED', 'CKR_BUFFER_TOO_SMALL']);
const LOGIN_FAULTS = new Set(['CKR_SESSION_HANDLE_INVALID', 'CKR_SESSION_CLOSED', 'CKR_USER_NOT_LOGGED_IN']);

export interface TokenSessionsOptions {
  constants: typeof import('pkcs11js');
  module: PKCS11;
  slot: Handle;
  /** Maximum number of calls at a time. */
  limit: number;
  /** Called before a new login, which invalidates all handles of objects. */
  loggedOut: () => void;
}

/**
 * The sessions of a token, and its login. Each call has its own session for its duration. A session in which a call
 * failed is closed, because the failure may have left an operation active in it.
 */
export class TokenSessions {
  readonly #options: TokenSessionsOptions;
  #pin: string | undefined;
  /** Does nothing: a token logs out when the last session is closed. */
  #loginSession: Handle | undefined;
  /** Why the process couldn't log in again. */
  #loginFault: TokenError | undefined;
  readonly #idle: Handle[] = [];
  #mayOpen: number;
  readonly #waiting: (() => void)[] = [];

  constructor(options: TokenSessionsOptions) {
    this.#options = options;
    this.#mayOpen = options.limit;
  }

  /** @throws TokenError; the token locks after a few wrong PINs */
  login(pin: string): void {
    this.#login(this.#open(), pin);
    this.#pin = pin;
  }

  /** @throws TokenError if a new login failed for another reason than the PIN, so that only a new process may help */
  requireLogin(): void {
    if (this.#loginFault?.isOfPin === false) throw this.#loginFault;
  }

  /** Runs a call in a session of its own. If the fault is the session's, tries once more in another one. */
  async run<T>(call: (session: Handle) => T | Promise<T>): Promise<T> {
    try {
      return await this.#once(call);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      const isOfLogin = LOGIN_FAULTS.has(error.code);
      if (!isOfLogin && !SESSION_FAULTS.has(error.code)) throw error;
      // A token that has closed one session has probably closed all.
      if (isOfLogin) this.#closeIdle();
      return this.#once((session) => {
        if (isOfLogin) this.loginAgain(session);
        return call(session);
      });
    }
  }

  /**
   * Logs in if the token has logged the process out, by the PIN that it accepted before.
   *
   * @returns true if it was logged out
   */
  loginAgain(session: Handle): boolean {
    // Do not try again: the token locks after a few wrong PINs. After another fault, a new process logs in.
    if (this.#loginFault) throw this.#loginFault;
    const { module, loggedOut } = this.#options;
    const pin = this.#pin;
    if (pin === undefined) return false;
    if (pkcs11(() => module.C_GetSessionInfo(session)).state === RW_USER_FUNCTIONS) return false;
    loggedOut();
    if (this.#loginSession) this.#close(this.#loginSession);
    this.#loginSession = undefined;
    const loginSession = this.#open();
    try {
      this.#login(loginSession, pin);
    } catch (error) {
      if (error instanceof TokenError) this.#loginFault = error;
      throw error;
    }
    return true;
  }

  #login(session: Handle, pin: string): void {
    const { module, constants } = this.#options;
    try {
      pkcs11(() => module.C_Login(session, constants.CKU_USER, pin));
    } catch (error) {
      this.#close(session);
      throw error;
    }
    this.#loginSession = session;
  }

  async #once<T>(call: (session: Handle) => T | Promise<T>): Promise<T> {
    const session = await this.#take();
    let hasSucceeded = false;
    try {
      const result = await call(session);
      hasSucceeded = true;
      return result;
    } finally {
      if (hasSucceeded) this.#idle.push(session);
      else {
        this.#close(session);
        this.#mayOpen++;
      }
      this.#waiting.shift()?.();
    }
  }

  async #take(): Promise<Handle> {
    while (this.#idle.length === 0 && this.#mayOpen === 0)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const idle = this.#idle.pop();
    if (idle) return idle;
    const session = this.#open();
    this.#mayOpen--;
    return session;
  }

  #open(): Handle {
    const { module, slot, constants } = this.#options;
    const { CKF_RW_SESSION, CKF_SERIAL_SESSION } = constants;
    return pkcs11(() => module.C_OpenSession(slot, CKF_RW_SESSION | CKF_SERIAL_SESSION));
  }

  #close(session: Handle): void {
    try {
      this.#options.module.C_CloseSession(session);
    } catch {
      // The token has closed the session itself.
    }
  }

  #closeIdle(): void {
    for (const session of this.#idle.splice(0)) {
      this.#close(session);
      this.#mayOpen++;
    }
  }
}
