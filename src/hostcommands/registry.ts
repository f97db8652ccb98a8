import { ConfigError } from '../config/config.js';
import type { HostCommand } from './command.js';
import { DATA_COMMANDS } from './commands/data-commands.js';
import { DIAGNOSTICS_COMMANDS } from './commands/diagnostics-commands.js';
import { KEY_COMMANDS } from './commands/key-commands.js';
import { PIN_COMMANDS } from './commands/pin-commands.js';

/** Every command, in the order of the documentation. */
export const COMMANDS: readonly HostCommand[] = [
  ...DIAGNOSTICS_COMMANDS,
  ...KEY_COMMANDS,
  ...PIN_COMMANDS,
  ...DATA_COMMANDS,
];

/**
 * Returns the commands that a listener serves.
 *
 * @param allowed codes; undefined for the default commands
 * @throws ConfigError for a code that no command has
 */
export function servedCommands(allowed: readonly string[] | undefined): readonly HostCommand[] {
  if (!allowed) return COMMANDS.filter(({ isDefault }) => isDefault);
  const unknown = allowed.filter((code) => !COMMANDS.some((command) => command.code === code));
  if (unknown.length > 0)
    throw new ConfigError([`KEYBLOCK_PAYSHIELD_FILE allows ${unknown.join(', ')}, which are not codes of commands`]);
  return COMMANDS.filter(({ code }) => allowed.includes(code));
}
