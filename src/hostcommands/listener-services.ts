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
import { type KeyTable, readKeyTable } from './key-table.js';
import type { Lmk, Lmks } from './lmk/lmks.js';
import { PAIR_NAMES, VariantLmk } from './lmk/variant-lmk.js';
import { LmkPins } from './pins-under-lmk.js';

const CHECK_VALUE_DIGITS = 16;

/** Makes what the commands of a listener are served with. */
@Injectable()
export class ListenerServicesFactory {
  readonly #configured: ReadonlyMap<string, LmkConfig>;
  readonly #lmks: Lmks;
  readonly #fieldKeys: FieldKeys;
  readonly #pins: LmkPins;

  constructor(
    @Inject(CONFIG) { payshield }: Config,
    private readonly keys: KeyRepository,
    private readonly verifications: Verifications,
    provider: CryptoProvider,
  ) {
    this.#configured = payshield?.lmks ?? new Map();
    this.#lmks = new Map([...this.#configured].map(([id, lmk]) => [id, lmkOf(id, lmk)]));
    this.#fieldKeys = new FieldKeys(this.#lmks, keyTableIn(payshield?.keyTable), keys, provider);
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
        verifications: this.verifications,
        settings: settingsOf(config, this.#configured),
      },
      checkValue: (host) => this.#checkValue(host),
    };
  }

  /**
   * Returns the check value of the LMK of a call: of a variant LMK, zeros that each pair has encrypted in turn; of a key
   * block LMK, that of its key, with zeros behind it.
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

function keyTableIn(path: string | undefined): KeyTable {
  if (path === undefined) return new Map();
  try {
    return readKeyTable(path);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    throw new ConfigError([`KEYBLOCK_PAYSHIELD_FILE names the key table ${path}, which ${error.message}`]);
  }
}

function lmkOf(id: string, config: LmkConfig): Lmk {
  if (config.scheme === 'keyblock') return { id, ...config, pinLength: pinLengthOf(config) };
  const { scheme, pairs, pinLength } = config;
  return { id, scheme, pinLength, lmk: pairs ? new VariantLmk(namedPairs(pairs)) : VariantLmk.test() };
}

/** Returns the pairs that the service uses by their names, from all pairs in the order of their numbers. */
function namedPairs(pairs: readonly Buffer[]) {
  return new Map(PAIR_NAMES.map((name) => [name, pairs[Number(name.slice(0, 2)) / 2] as Buffer]));
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
