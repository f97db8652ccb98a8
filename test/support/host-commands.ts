import type { Logger } from 'pino';
import {
  HostCall,
  type HostCommand,
  type HostServices,
  type ListenerSettings,
  type Reply,
  type ReplyField,
} from '../../src/hostcommands/command.js';
import { hostErrorOf } from '../../src/hostcommands/host-error-of.js';
import { RequestFields } from '../../src/hostcommands/layouts/request-fields.js';
import type { Lmks } from '../../src/hostcommands/lmk/lmks.js';
import { VariantKeys } from '../../src/hostcommands/lmk/variant-keys.js';
import { VariantLmk } from '../../src/hostcommands/lmk/variant-lmk.js';
import { LmkPins } from '../../src/hostcommands/pins-under-lmk.js';
import { Metrics } from '../../src/http/metrics.js';
import { Verifications } from '../../src/payment/dataplane/verification/verifications.js';
import { rootCall } from './call.js';

/** The public test LMK as LMK 00, for PINs of up to 6 digits. */
export const TEST_LMKS: Lmks = new Map([['00', { scheme: 'variant', id: '00', pinLength: 6, lmk: VariantLmk.test() }]]);

/** Settings of a listener with the public test LMK. */
export const TEST_SETTINGS: ListenerSettings = {
  lmks: TEST_LMKS,
  defaultLmk: '00',
  hexLength: 'characters',
  takesKeyNames: false,
  authorised: new Set(),
  servesPinsUnderLmk: true,
  takesAnsiX917: true,
  takesWeakTables: false,
  padsEmvData: false,
  firmware: '0000-KB01',
};

/** Services under the public test LMK, with keys that are in no database. */
export function testServices(settings: Partial<ListenerSettings> = {}, services: Partial<HostServices> = {}) {
  return {
    keys: new VariantKeys(TEST_LMKS),
    pins: new LmkPins(TEST_LMKS),
    // Metrics take a millisecond to make.
    verifications: services.verifications ?? new Verifications(new Metrics(), undefined),
    settings: { ...TEST_SETTINGS, ...settings },
    ...services,
  } as HostServices;
}

/**
 * Executes a command without a socket, as the root user.
 *
 * @param text     command code and fields, Latin-1
 * @param settings that differ from TEST_SETTINGS
 * @param services that differ from those of testServices
 * @returns the reply, the trailer, and the check values for the audit event
 * @throws the error that the command throws
 */
export async function executeCommand(
  commands: readonly HostCommand[],
  text: string,
  settings: Partial<ListenerSettings> = {},
  services: Partial<HostServices> = {},
): Promise<Reply & { trailer: string; checkValues: string[] }> {
  const code = text.slice(0, 2);
  const command = commands.find((each) => each.code === code);
  if (!command) throw new Error(`no command ${code}`);
  const served = testServices(settings, services);
  const fields = new RequestFields(Buffer.from(text, 'latin1'), 2, served.settings);
  const request = command.parse(fields);
  const named = fields.lmk();
  const trailer = fields.end().toString('latin1');
  const checkValues: string[] = [];
  const origin = { command: code, namesLmk: named !== undefined, checkValues };
  const host = new HostCall(rootCall(command.operation ?? code), named ?? served.settings.defaultLmk, served, origin);
  return { ...(await command.execute(request, host)), trailer, checkValues };
}

/** Returns the value of a field of a reply as Latin-1. */
export function textOf([, value]: ReplyField): string {
  return typeof value === 'string' ? value : value.toString('latin1');
}

/** Executes a command as `executeCommand` does. @returns the reply from its reply code on, Latin-1 */
export async function runCommand(...command: Parameters<typeof executeCommand>): Promise<string> {
  const [, text] = command;
  const replyCode = text.charAt(0) + String.fromCharCode(text.charCodeAt(1) + 1);
  try {
    const { code = '00', fields, trailer } = await executeCommand(...command);
    return `${replyCode}${code}${fields.map(textOf).join('')}${trailer}`;
  } catch (error) {
    const unexpected = () => {
      throw error;
    };
    return `${replyCode}${hostErrorOf(error, '', { error: unexpected } as unknown as Logger).code}`;
  }
}

/** Returns a PIN under the test LMK. @param account 12 digits */
export async function pinUnderTestLmk(pin: string, account: string): Promise<string> {
  const services = testServices();
  return services.pins.encrypt(new HostCall(rootCall('TranslatePinData'), '00', services), pin, account);
}
