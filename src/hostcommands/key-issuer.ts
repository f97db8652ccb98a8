import { scopeOf } from '../call.js';
import { toHex } from '../crypto/bytes.js';
import { whenReady } from '../when-ready.js';
import type { HostCall, Issue, IssuedAs, Issuer } from './command.js';
import { HostError } from './host-error.js';
import { letterOf, type WantedHeader } from './layouts/key-options.js';
import { SEE_KEY_BLOCK } from './layouts/key-fields.js';
import { authorizeLmk } from './lmk/authorize-lmk.js';
import type { BlockKeys } from './lmk/block-keys.js';
import { requireScheme } from './lmk/key-scheme.js';
import { lmkArn, type Lmks } from './lmk/lmks.js';

/** Issues keys under the LMKs of a configuration. */
export class KeyIssuer implements Issuer {
  /** @param blocks undefined if no LMK is a key block LMK */
  constructor(
    private readonly lmks: Lmks,
    private readonly blocks?: BlockKeys,
  ) {}

  under(host: HostCall, { type, scheme, header }: IssuedAs): Issue | Promise<Issue> {
    const entry = this.lmks.get(host.lmk);
    if (!entry) throw new HostError('13', `LMK identifier: there is no LMK ${host.lmk}`);
    if (entry.scheme === 'variant') {
      if (type === SEE_KEY_BLOCK) throw new HostError('04', `Key type: ${type} needs a key block LMK`);
      if (header) checkKept(header, entry.id);
      const arn = lmkArn(scopeOf(host.call), entry.id);
      host.call.record.uses(arn);
      authorizeLmk(host.call, arn);
      return (clear) => {
        const { letter, scheme: under } = requireScheme(scheme, clear.length, host.services.settings.takesAnsiX917);
        return letter + toHex(entry.lmk.wrap(type, under, clear));
      };
    }
    if (scheme !== 'S') throw new HostError('26', `Key scheme: LMK ${entry.id} is a key block LMK, which needs S`);
    if (!header) throw new HostError('15', 'The fields after "#" are missing: a key block needs them');
    if (!this.blocks) throw new Error('There is a key block LMK without a way to open it');
    return whenReady(this.blocks.lmk(host.call, entry), ({ blocks }) => (clear) => {
      if (clear.length !== header.bytes)
        throw new HostError('A7', 'The length of the key differs from the fields after "#"');
      return blocks.wrap({ ...header, algorithm: letterOf(header), lmk: entry.id }, clear);
    });
  }
}

/**
 * Checks that a variant LMK doesn't lose attributes of a key block: it supports only DES keys, and doesn't record
 * exportability.
 */
function checkKept({ isAes, exportability }: WantedHeader, lmk: string): void {
  if (isAes) throw new HostError('26', `Key scheme: LMK ${lmk} is a variant LMK, which encrypts DES keys only`);
  if (exportability === 'N')
    throw new HostError(
      'AA',
      `LMK ${lmk} is a variant LMK, under which a key could be exported: it accepts no key with exportability N`,
    );
}
