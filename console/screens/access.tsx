import { Principal } from './principal.js';
import { Principals } from './principals.js';
import { Simulator } from './simulator.js';

/** The screen for a location below `#/access`; undefined if there is none. */
export function accessAt([section = 'users', name, ...rest]: readonly string[]) {
  if (rest.length > 0) return undefined;
  if (section === 'simulator' && name === undefined) return <Simulator />;
  if (section !== 'users' && section !== 'roles') return undefined;
  if (name === undefined) return <Principals kind={section} key={section} />;
  return <Principal of={{ kind: section, name }} key={`${section}/${name}`} />;
}
