import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { EXIT, Failure } from '../failure.js';
import { assumeRole } from './assume-role.js';
import type { Profile, Profiles } from './profiles.js';
import type { Credentials } from './signed-fetch.js';

/**
 * Settings for finding credentials: the endpoint for assuming roles, and permission to use a local service's
 * environment.
 */
export interface Place {
  endpoint: string;
  region: string;
  /** True if no service is named, so that the service on this machine is used. */
  isThisMachine: boolean;
}

const NONE =
  'There are no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE to the file that keyblock start names, or give --profile.';
/** Limit for a chain of profiles; longer chains are unrealistic. */
const MAX_PROFILES = 5;
const PROCESS_MS = 60_000;

/**
 * Finds credentials as the AWS CLI does: in --profile, the environment, or the profile of the environment. A role is
 * assumed at the service itself. As a last resort, on the machine of a service, uses the root credentials of its
 * environment.
 *
 * Doesn't support sources that only AWS can exchange for credentials: single sign-on, web identities and instance
 * metadata.
 *
 * @throws Failure with exit code 3 if there are none
 */
export async function findCredentials(profiles: Profiles, place: Place, env: NodeJS.ProcessEnv): Promise<Credentials> {
  const ofEnvironment = profiles.isOption ? undefined : environmentCredentials(env);
  const found = ofEnvironment ?? (await profileCredentials(profiles, profiles.name, place, env));
  if (found) return found;
  const root = place.isThisMachine && !profiles.isOption ? await rootCredentials(env) : undefined;
  if (root) return root;
  throw new Failure(EXIT.refused, profiles.isOption ? `The profile ${profiles.name} has no credentials.` : NONE);
}

function environmentCredentials(env: NodeJS.ProcessEnv): Credentials | undefined {
  const [accessKeyId, secretAccessKey] = [env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY']];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] || undefined };
}

/** @param seen the profiles that led to this one */
async function profileCredentials(
  profiles: Profiles,
  name: string,
  place: Place,
  env: NodeJS.ProcessEnv,
  seen: readonly string[] = [],
): Promise<Credentials | undefined> {
  const profile: Profile | undefined = Object.hasOwn(profiles.all, name) ? profiles.all[name] : undefined;
  const isSource = seen.length > 0;
  if (!profile) {
    if (isSource)
      throw new Failure(EXIT.usage, `The profile ${seen.at(-1)} has the source_profile ${name}, which is missing.`);
    return undefined;
  }
  const { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey } = profile;
  // A profile can be its own source; then its access key assumes its role.
  const isOwnSource = isSource && seen.at(-1) === name;
  if (profile['role_arn'] !== undefined && !isOwnSource) {
    if (seen.length === MAX_PROFILES)
      throw new Failure(EXIT.usage, `The profile ${seen[0]} has more than ${MAX_PROFILES} profiles as its sources.`);
    const source = await sourceOf(profiles, name, profile, place, env, [...seen, name]);
    return assumeRole(profile, { endpoint: place.endpoint, region: place.region, credentials: source });
  }
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, sessionToken: profile['aws_session_token'] };
  if (profile['credential_process'] !== undefined) return processCredentials(name, profile['credential_process']);
  return undefined;
}

/** Finds the credentials that assume the role of a profile. */
async function sourceOf(
  profiles: Profiles,
  name: string,
  profile: Profile,
  place: Place,
  env: NodeJS.ProcessEnv,
  seen: readonly string[],
): Promise<Credentials> {
  const { source_profile: source, credential_source: from } = profile;
  const credentials =
    source === undefined
      ? from === 'Environment'
        ? environmentCredentials(env)
        : undefined
      : await profileCredentials(profiles, source, place, env, seen);
  if (credentials) return credentials;
  throw new Failure(
    EXIT.usage,
    `The profile ${name} has a role_arn, but no credentials that assume it: set source_profile to a profile with an access key.`,
  );
}

/** Runs the program of `credential_process` in a shell, as the AWS CLI does. */
async function processCredentials(name: string, command: string): Promise<Credentials> {
  const failure = (why: string) => new Failure(EXIT.usage, `The credential_process of the profile ${name} ${why}.`);
  const [shell, option] = process.platform === 'win32' ? ['cmd.exe', '/c'] : ['/bin/sh', '-c'];
  const { stdout } = await promisify(execFile)(shell, [option, command], { timeout: PROCESS_MS }).catch(() => {
    throw failure('fails');
  });
  let answer: Record<string, unknown> | null = null;
  try {
    answer = JSON.parse(stdout) as Record<string, unknown> | null;
  } catch {
    // Reported below without the output, which may contain secrets.
  }
  const { AccessKeyId, SecretAccessKey, SessionToken } = answer ?? {};
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string')
    throw failure('must print JSON with AccessKeyId and SecretAccessKey');
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(typeof SessionToken === 'string' && { sessionToken: SessionToken }),
  };
}

/** Reads the root credentials of the service that this environment configures; undefined if there is none. */
async function rootCredentials(env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  const [{ readConfig }, { DataDirectory }] = await Promise.all([
    import('../../config/config.js'),
    import('../../config/data-directory.js'),
  ]);
  const config = readConfig(env);
  if (config.rootCredentials) return config.rootCredentials;
  const directory = DataDirectory.join(config.dataDir);
  try {
    return existsSync(directory.credentialsPath) ? directory.rootCredentials(config.region) : undefined;
  } finally {
    await directory.close();
  }
}
