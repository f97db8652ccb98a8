import { listener, useHostCommands, type HostService } from './host-listeners.js';

/** Commands that are off by default; those with clear PINs and other accounts need authorised activities, too. */
export const OFF_BY_DEFAULT = 'NK BA NG QK MY C2 C4 LQ LS HE HG RY AS BI FG IA'.split(' ');

/** A command as the host sends it and the whole reply, with a name. */
export type Exchange = [name: string, command: string | Buffer, reply: string];

/** Joins the fields of a message; text is Latin-1. */
export const message = (...fields: (string | Buffer)[]): Buffer =>
  Buffer.concat(fields.map((field) => (typeof field === 'string' ? Buffer.from(field, 'latin1') : field)));

/** Returns a length field of four hexadecimal digits. */
export const hex4 = (length: number) => length.toString(16).toUpperCase().padStart(4, '0');

/** Index of the listener with a key block LMK. */
export const KEY_BLOCK = 2;

/**
 * Starts a service that serves every command under the public test LMK: those of the default set on a listener without
 * a list of commands, the others on a second one. If commands are given, a third one serves them under a key block LMK.
 */
export function useEveryCommand(commands: readonly string[] = [], lmks: object = {}): HostService {
  const authorised = ['pin.clear', 'pin.account'];
  const payshield = {
    lmks: { '00': { scheme: 'variant', set: 'test' }, '03': { scheme: 'variant', set: 'test', pinLength: 6 }, ...lmks },
    listeners: [
      listener({ pinUnderLmk: true, defaultLmk: '00' }),
      // NK runs commands of its listener only.
      listener({
        commands: { allow: [...OFF_BY_DEFAULT, 'B2', 'N0'] },
        authorised,
        pinUnderLmk: true,
        defaultLmk: '00',
      }),
      ...(commands.length > 0
        ? [listener({ commands: { allow: commands }, authorised, pinUnderLmk: true, defaultLmk: '01' })]
        : []),
    ],
  };
  return useHostCommands(payshield);
}

/** Sends a command to the listener that serves it. */
export const send = (service: HostService, command: string | Buffer): Promise<string> =>
  service.ask(command, OFF_BY_DEFAULT.includes(command.toString('latin1').slice(0, 2)) ? 1 : 0);

/** Declares a test for each exchange. */
export function testExchanges(service: HostService, exchanges: Exchange[]): void {
  test.each(exchanges)('%s', async (_name, command, reply) => {
    expect(await send(service, command)).toBe(reply);
  });
}
