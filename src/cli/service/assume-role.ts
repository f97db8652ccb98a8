import { EXIT, Failure } from '../failure.js';
import type { Profile } from './profiles.js';
import { type Connection, type Credentials, signedFetch } from './signed-fetch.js';

/**
 * Assumes the role of a profile at the service's STS.
 *
 * @param connection the service, and the caller who assumes the role
 * @throws Failure with the service's message if it refuses
 */
export async function assumeRole(profile: Profile, connection: Connection): Promise<Credentials> {
  const { role_arn: RoleArn = '', role_session_name: RoleSessionName = 'keyblock-cli' } = profile;
  const { duration_seconds: DurationSeconds, external_id: ExternalId } = profile;
  const fields = { Version: '2011-06-15', Action: 'AssumeRole', RoleArn, RoleSessionName };
  const body = new URLSearchParams({
    ...fields,
    ...(DurationSeconds !== undefined && { DurationSeconds }),
    ...(ExternalId !== undefined && { ExternalId }),
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await signedFetch(connection, { service: 'sts', method: 'POST', path: '/', headers, body });
  const xml = await response.text();
  const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  const [accessKeyId, secretAccessKey] = [element('AccessKeyId'), element('SecretAccessKey')];
  if (response.ok && accessKeyId !== undefined && secretAccessKey !== undefined)
    return { accessKeyId, secretAccessKey, sessionToken: element('SessionToken') };
  const message = element('Message') ?? `HTTP status ${response.status}`;
  throw new Failure(
    response.status < 500 ? EXIT.refused : EXIT.unavailable,
    `The role ${RoleArn} can't be assumed: ${unescaped(message)}`,
    { name: element('Code') ?? 'AssumeRole', requestId: element('RequestId') },
  );
}

function unescaped(text: string): string {
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? '');
}
