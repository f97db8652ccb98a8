import { signal } from '@preact/signals';
import { HOME } from './navigation.js';

/** A location in the console. It is the fragment of the URL, so it is never sent to the server. */
export interface Place {
  path: readonly string[];
  query: URLSearchParams;
}

/** The current place. */
export const place = signal(read());
addEventListener('hashchange', () => {
  place.value = read();
});

/** Returns the address of a place. Parameters that are undefined or empty are left out. */
export function hrefOf(path: readonly string[], query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(given).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${search && `?${search}`}`;
}

/** Returns the URL of the simulator for a request. @param principal default: the signed-in principal */
export function simulatorHref(question: { principal?: string; action: string; resource: string }): string {
  return hrefOf(['access', 'simulator'], question);
}

/** Returns the address of a request for approval. @param arn of its session */
export function approvalHref(arn: string): string {
  const [, region = '', team = '', id = ''] = /^arn:aws:mpa:([^:]+):\d+:session\/([^/]+)\/(.+)$/.exec(arn) ?? [];
  return hrefOf(['approvals', region, `${team}:${id}`]);
}

/** Returns the address of a payment key or of a KMS key. */
export function keyHref(arn: string): string {
  const [, , api, region = '', , key = ''] = arn.split(':');
  return hrefOf([api === 'kms' ? 'kms-keys' : 'keys', region, key.replace(/^key\//, '')]);
}

/** Changes parameters of the current place without a step in the history. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const { path, query } = place.value;
  history.replaceState(null, '', hrefOf(path, { ...Object.fromEntries(query), ...changes }));
  place.value = read();
}

export function goTo(path: readonly string[]): void {
  location.hash = hrefOf(path);
}

function read(): Place {
  const [path = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const steps = path.split('/').filter(Boolean).map(decode);
  return { path: steps.length > 0 ? steps : HOME, query: new URLSearchParams(search) };
}

/** Decodes a step of the path. A segment that isn't encoded properly is returned unchanged. */
function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
