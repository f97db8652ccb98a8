import { Aliases } from './aliases.js';
import { Connections } from './connections.js';
import { Grants } from './grants.js';
import { KmsKey } from './kms-key.js';
import { KmsKeys } from './kms-keys.js';
import { Regions } from './regions.js';

/** The screen of a place; undefined if there is none. @param rest steps of the place after the screen */
export function listAt(screen: string, rest: readonly string[]) {
  const [, id] = rest;
  if (screen === 'kms-keys' && id !== undefined && rest.length === 2) return <KmsKey id={id} key={id} />;
  if (rest.length > 0) return undefined;
  if (screen === 'kms-keys') return <KmsKeys />;
  if (screen === 'aliases') return <Aliases />;
  if (screen === 'grants') return <Grants />;
  return screen === 'regions' ? <Regions /> : <Connections />;
}
