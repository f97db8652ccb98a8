import type { Call } from '../../call.js';
import { CryptoError } from '../../crypto/errors.js';
import { ValidationException } from '../../errors/exceptions.js';
import { modesOf, usageOf } from '../../payment/keys/key-block-attributes.js';
import type { KeyRequirement } from '../../payment/keys/key-rules.js';
import type { Key } from '../../payment/keys/key.entity.js';
import type { KeyRepository } from '../../payment/keys/key.repository.js';
import type { CryptoProvider } from '../../provider/crypto-provider.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostKey, KeyNeeds } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField } from '../layouts/request-fields.js';
import { holdsComponent, type LmkBlock, LmkBlocks, parseLmkBlock } from './lmk-block.js';
import type { KeyBlockLmkEntry, Lmks } from './lmks.js';
import { LentKey, opened, type OpenedKey, takesLength } from './opened-key.js';
import { OpenedKeys } from './opened-keys.js';
import { lookUp } from './refusals.js';

/** A key of this service that is an LMK. */
const LMK_KEY: KeyRequirement = {
  usages: ['TR31_K0_KEY_ENCRYPTION_KEY'],
  algorithms: ['AES_256'],
  modes: ['Wrap', 'Unwrap'],
};

/** A key block LMK that a call may use. */
export interface OpenedLmk {
  /** ARN of the LMK's key. */
  readonly arn: string;
  readonly blocks: LmkBlocks;
  readonly keys: OpenedKeys<OpenedKey>;
}

/** Opens key blocks that were issued here. */
export class BlockKeys {
  /**
   * LMKs by the rows of their keys. KeyCache returns the same object to every call, and drops it when the key, its
   * policy or one of its aliases changes; the opened keys under the LMK are dropped with it.
   */
  readonly #lmks = new WeakMap<Key, OpenedLmk>();

  constructor(
    private readonly lmks: Lmks,
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  /**
   * Opens a key block and checks that a command accepts the key.
   *
   * @throws HostError 13 for a block under an LMK other than the command's, A3 to AB, 29
   */
  find(host: HostCall, field: KeyField, needs: KeyNeeds): HostKey | Promise<HostKey> {
    const block = parseLmkBlock(field.value, field.name);
    const entry = this.#lmkOf(host, block, field.name);
    return whenReady(this.lmk(host.call, entry), ({ arn, blocks, keys }) => {
      const key = keys.get(field.text, () => openBlock(blocks, block, field.name));
      host.notes(key.kcv);
      const { isComponent = false } = needs;
      if (holdsComponent(block.header) !== isComponent)
        throw new HostError('A9', `${field.name} is a block with ${isComponent ? 'a whole' : 'a component of a'} key`);
      checkBlock(block, field.name, needs, key);
      return new LentKey(arn, key, block.header);
    });
  }

  /**
   * Opens an LMK for a call, which needs the permission for its operation on the LMK's key.
   *
   * @throws HostError 29, A3 for an LMK whose key doesn't exist, isn't enabled or isn't suitable
   */
  lmk(call: Call, { id, key: identifier }: KeyBlockLmkEntry): OpenedLmk | Promise<OpenedLmk> {
    const find = () => this.keys.getFor(call, LMK_KEY, identifier);
    return whenReady(lookUp(find, 'A3', `LMK ${id}`), (key) => {
      let lmk = this.#lmks.get(key);
      if (!lmk) {
        const blocks = this.provider.use(key, (clear) => new LmkBlocks(clear));
        this.#lmks.set(key, (lmk = { arn: key.arn, blocks, keys: new OpenedKeys() }));
      }
      return lmk;
    });
  }

  #lmkOf(host: HostCall, { header: { lmk: id } }: LmkBlock, name: string): KeyBlockLmkEntry {
    if (host.namesLmk && id !== host.lmk)
      throw new HostError('13', `${name} is a block under LMK ${id}, but the command names ${host.lmk}`);
    const entry = this.lmks.get(id);
    if (entry?.scheme !== 'keyblock')
      throw new HostError('A3', `${name} is a block under LMK ${id}, which is not a key block LMK`);
    return entry;
  }
}

function openBlock(blocks: LmkBlocks, block: LmkBlock, name: string): OpenedKey {
  let clear: Buffer;
  try {
    clear = blocks.open(block);
  } catch (error) {
    if (error instanceof CryptoError) throw new HostError('A4', `${name}: ${error.message}`);
    throw error;
  }
  try {
    return opened(clear, block.header.algorithm === 'A');
  } finally {
    clear.fill(0);
  }
}

/** @throws HostError A6, A7, A8 for the first unsuitable attribute */
function checkBlock(
  { header }: LmkBlock,
  name: string,
  { rule }: KeyNeeds,
  key: Pick<OpenedKey, 'algorithm' | 'bytes'>,
): void {
  const usage = known(() => usageOf({ keyUsage: header.usage }));
  if (usage === undefined || !rule.usages.includes(usage))
    throw new HostError('A6', `${name} is a block with usage ${header.usage}, which this command doesn't accept`);
  if (!takesLength(rule, key))
    throw new HostError('A7', `${name} is a block with a key of ${key.bytes} bytes of ${header.algorithm}`);
  const modes = known(() => modesOf(header));
  const isUnrestricted = modes?.NoRestrictions === true && rule.unrestrictedRefusal === undefined;
  if (!modes || !(isUnrestricted || rule.modes.every((mode) => modes[mode])))
    throw new HostError('A8', `${name} is a block with mode of use ${header.modeOfUse}`);
}

function known<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ValidationException) return undefined;
    throw error;
  }
}
