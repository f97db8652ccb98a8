import { Inject, Injectable } from '@nestjs/common';
import { toHex } from '../crypto/bytes.js';
import { tdes } from '../crypto/des.js';
import { CONFIG, type Config, ConfigError } from '../config/config.js';
import { KeyFileError } from '../config/key-file.js';
import type { HostListenerConfig, LmkConfig } from '../config/payshield-file.js';
import { Verifications } from '../payment/dataplane/verification/verifications.js';
import { KeyRepository } from '../payment/keys/key.repository.js';
import { CryptoProvider } from '../provider/crypto-provider.js';
import { whenReady } from '../when-ready.js';
import type { HostCall, HostServices, ListenerSettings } from './command.js';
import { HostError } from './host-error.js';
import { fieldSettings, pinLengthOf } from './listener-settings.js';
import { FieldKeys } from './host-keys.js';
import { KeyIssuer } from './key-issuer.js';
import { type KeyTable, readKeyTable } from './key-table.js';
import { readVariantLmk } from './lmk/lmk-files.js';
import type { Lmk, Lmks } from './lmk/lmks.js';
import { PAIR_NAMES, VariantLmk } from './lmk/variant-lmk.js';
import { LmkPins } from './pins-under-lmk.js';

const CHECK_VALUE_DIGITS = 16;

/** Creates the services that a listener's commands use. */
@Injectable()
export class ListenerServicesFactory {
  readonly #configured: ReadonlyMap<string, LmkConfig>;
  readonly #lmks: Lmks;
  readonly #fieldKeys: FieldKeys;
  readonly #pins: LmkPins;
  readonly #issuer: KeyIssuer;

  constructor(
    @Inject(CONFIG) { payshield }: Config,
    private readonly keys: KeyRepository,
    private readonly verifications: Verifications,
    provider: CryptoProvider,
  ) {
    this.#configured = payshield?.lmks ?? new Map();
    this.#lmks = new Map([...this.#configured].map(([id, lmk]) => [id, lmkOf(id, lmk)]));
    const path = payshield?.keyTable;
    const table: KeyTable =
      path === undefined ? new Map() : usable(`the key table ${path}, which`, () => readKeyTable(path));
    this.#fieldKeys = new FieldKeys(this.#lmks, table, keys, provider);
    this.#issuer = new KeyIssuer(this.#lmks, this.#fieldKeys.blocks);
    this.#pins = new LmkPins(this.#lmks, this.#fieldKeys.blocks);
  }

  of(config: HostListenerConfig): {
    services: Omit<HostServices, 'listener'>;
    checkValue: (host: HostCall) => string | Promise<string>;
  } {
    return {
      services: {
        keys: this.#fieldKeys,
        pins: this.#pins,
        issuer: this.#issuer,
        verifications: this.verifications,
        settings: settingsOf(config, this.#configured),
      },
      checkValue: (host) => this.#checkValue(host),
    };
  }

  /**
   * Returns the check value of the LMK of a call: for a variant LMK, zeros encrypted under each pair in turn; for a key
   * block LMK, the check value of its key, padded with zeros.
   */
  #checkValue({ call, lmk: id }: HostCall): string | Promise<string> {
    const lmk = this.#lmks.get(id);
    if (!lmk) throw new HostError('13', `LMK identifier: there is no LMK ${id}`);
    if (lmk.scheme === 'keyblock')
      return whenReady(this.keys.get({ ...call, operation: 'GetKey' }, lmk.key), ({ kcv }) =>
        kcv.padEnd(CHECK_VALUE_DIGITS, '0'),
      );
    let value: Buffer = Buffer.alloc(CHECK_VALUE_DIGITS / 2);
    for (const pair of PAIR_NAMES)
      value = lmk.lmk.lend(pair, (key) => {
        using cipher = tdes(key);
        return cipher.encrypt(value);
      });
    return toHex(value);
  }
}

function lmkOf(id: string, config: LmkConfig): Lmk {
  const pinLength = pinLengthOf(config);
  if (config.scheme === 'keyblock') return { id, ...config, pinLength };
  const { scheme, components } = config;
  const lmk = components ? usable(`the LMK ${id}, which`, () => readVariantLmk(components)) : VariantLmk.test();
  return { id, scheme, pinLength, lmk };
}

/** @throws ConfigError instead of KeyFileError */
function usable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    throw new ConfigError([`KEYBLOCK_PAYSHIELD_FILE names ${what} ${error.message}`]);
  }
}

function settingsOf(config: HostListenerConfig, lmks: ReadonlyMap<string, LmkConfig>): ListenerSettings {
  return {
    ...fieldSettings(config, lmks),
    authorised: new Set(config.authorised),
    servesPinsUnderLmk: config.pinUnderLmk,
    takesAnsiX917: config.ansiX917,
    takesWeakTables: config.weakTables,
    padsEmvData: config.emvPad,
    firmware: config.firmware,
  };
}
