import { randomPin } from '../../crypto/pin.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/ja.js';
import type { Request } from '../layouts/ja.js';
import { pinReply, pinsUnderLmk } from './pins.js';

export const JA: HostCommand<Request> = {
  ...layouts.JA,
  operation: 'GeneratePinData',
  isDefault: true,
  execute: ({ account, length }, host) =>
    whenReady(pinsUnderLmk(host).encrypt(host, randomPin(length), account), pinReply),
};
