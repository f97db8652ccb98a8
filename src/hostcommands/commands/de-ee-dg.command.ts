import { pinFromOffset } from '../../crypto/ibm3624.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField } from '../request-fields.js';
import {
  checkLength,
  ibm3624,
  ibm3624Arguments,
  type Ibm3624Fields,
  offset,
  panOf,
  pinUnderLmk,
  pvki,
  SHORTEST_PIN,
} from './pin-fields.js';
import { pvkNeeds } from './pin-keys.js';
import { ibm3624Offset, ibm3624Reply, newReference, type Reference, referenceOf, visaPvv } from './pin-verification.js';
import { pinsUnderLmk } from './pins.js';

/** A PIN under the LMK and the reference value to generate for it. */
interface ReferencedPin {
  readonly pin: string;
  readonly account: string;
  readonly reference: Reference;
}

export const DE: HostCommand<ReferencedPin> = {
  code: 'DE',
  title: 'Generate the IBM 3624 offset of a PIN under the LMK',
  operation: 'GeneratePinData',
  isDefault: true,
  parse: (fields) => {
    const pvk = fields.key('PVK');
    const pin = pinUnderLmk(fields);
    const length = checkLength(fields);
    const account = fields.digits('account number', 12);
    return { pin, account, reference: ibm3624Offset(pvk, ibm3624(fields, panOf(account)), length) };
  },
  execute: generate,
};

export const DG: HostCommand<ReferencedPin> = {
  code: 'DG',
  title: 'Generate the PVV of a PIN under the LMK',
  operation: 'GeneratePinData',
  isDefault: true,
  parse: (fields) => {
    const pvk = fields.key('PVK', { isDouble: true });
    const pin = pinUnderLmk(fields);
    const account = fields.digits('account number', 12);
    return { pin, account, reference: visaPvv(pvk, panOf(account), pvki(fields)) };
  },
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

interface Derivation {
  readonly pvk: KeyField;
  /** As many digits as the PIN. */
  readonly offset: string;
  readonly account: string;
  readonly natural: Ibm3624Fields;
}

export const EE: HostCommand<Derivation> = {
  code: 'EE',
  title: 'Derive a PIN under the LMK from its IBM 3624 offset',
  operation: 'GeneratePinData',
  isDefault: true,
  parse: (fields) => {
    const pvk = fields.key('PVK');
    const whole = offset(fields, SHORTEST_PIN);
    const length = checkLength(fields);
    if (whole.length < length) throw new HostError('15', 'offset has fewer digits than the check length');
    const account = fields.digits('account number', 12);
    return { pvk, offset: whole.slice(0, length), account, natural: ibm3624(fields, panOf(account)) };
  },
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
