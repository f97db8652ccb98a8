import type { HostCall, PinsUnderLmk, Reply } from '../command.js';
import { HostError } from '../host-error.js';

/** Returns the service for PINs under the LMK. @throws HostError 68 if the listener doesn't allow them */
export function pinsUnderLmk({ services }: HostCall): PinsUnderLmk {
  if (!services.settings.servesPinsUnderLmk)
    throw new HostError('68', 'The listener does not allow PINs under the LMK');
  return services.pins;
}

/** @throws HostError 17 if an activity isn't authorised */
export function requireActivity({ services }: HostCall, activity: string): void {
  if (!services.settings.authorised.has(activity))
    throw new HostError('17', `The activity ${activity} is not authorised`);
}

/** Returns the reply with a PIN under the LMK. */
export function pinReply(pin: string): Reply {
  return { fields: [['PIN under the LMK', pin]] };
}
