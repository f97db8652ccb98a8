import { pinFromOffset } from '../../crypto/ibm3624.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import * as layouts from '../layouts/de-ee-dg.js';
import type { Derivation, ReferencedPin } from '../layouts/de-ee-dg.js';
import { ibm3624Arguments } from './pin-fields.js';
import { pvkNeeds } from './pin-keys.js';
import { ibm3624Reply, newReference, referenceOf } from './pin-verification.js';
import { pinsUnderLmk } from './pins.js';

export const DE: HostCommand<ReferencedPin> = {
  ...layouts.DE,
  operation: 'GeneratePinData',
  isDefault: true,
  execute: generate,
};

export const DG: HostCommand<ReferencedPin> = {
  ...layouts.DG,
  operation: 'GeneratePinData',
  isDefault: true,
  execute: generate,
};

function generate({ pin: encrypted, account, reference }: ReferencedPin, host: HostCall): Reply | Promise<Reply> {
  const pins = pinsUnderLmk(host);
  const compute = referenceOf(host, reference);
  return whenReady(host.key(reference.pvk, pvkNeeds(reference.method, 'generates', '10')), (pvk) =>
    whenReady(pins.decrypt(host, encrypted, account), (pin) => {
      const fields = [pvk.use((clear) => newReference(reference, compute, clear, pin))];
      return reference.method === 'ibm3624' ? ibm3624Reply(pvk, fields) : { fields };
    }),
  );
}

export const EE: HostCommand<Derivation> = {
  ...layouts.EE,
  operation: 'GeneratePinData',
  isDefault: true,
  execute: ({ pvk, offset, account, natural }, host) => {
    const pins = pinsUnderLmk(host);
    const from = ibm3624Arguments(natural, host);
    return whenReady(host.key(pvk, pvkNeeds('ibm3624', 'generates', '10')), (key) => {
      const pin = key.use((clear) => pinFromOffset(clear, from, offset));
      return whenReady(pins.encrypt(host, pin, account), (encrypted) =>
        ibm3624Reply(key, [['PIN under the LMK', encrypted]]),
      );
    });
  },
};
