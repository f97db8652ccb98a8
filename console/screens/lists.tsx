import { Aliases } from './aliases.js';
import { Connections } from './connections.js';
import { Grants } from './grants.js';
import { KmsKey } from './kms-key.js';
import { KmsKeys } from './kms-keys.js';
import { Regions } from './regions.js';

/** The screen for a location; undefined if there is none. @param rest segments after the screen's name */
export function listAt(screen: string, rest: readonly string[]) {
  const [, id] = rest;
  if (screen === 'kms-keys' && id !== undefined && rest.length === 2) return <KmsKey id={id} key={id} />;
  if (rest.length > 0) return undefined;
  if (screen === 'kms-keys') return <KmsKeys />;
  if (screen === 'aliases') return <Aliases />;
  if (screen === 'grants') return <Grants />;
  return screen === 'regions' ? <Regions /> : <Connections />;
}
