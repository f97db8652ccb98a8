import type { Command } from '../command.js';
import { EXIT, Failure } from '../failure.js';
import type { OutputOptions } from '../results.js';
import { withOutput } from '../results.js';
import { findCredentials } from './credentials.js';
import { type Profiles, readProfiles } from './profiles.js';
import type { Connection } from './signed-fetch.js';

const DEFAULT_PORT = '8080';
const DEFAULT_REGION = 'us-east-1';

/** Options for the service and the caller. */
export interface ConnectionOptions {
  endpoint?: string;
  region?: string;
  profile?: string;
}

/** The options of every command on a service. */
export type ServiceOptions = ConnectionOptions & OutputOptions;

/** Adds the options for the service and the caller. */
export function withConnection(command: Command): Command {
  return command
    .option('--endpoint <url>', 'Endpoint of the service; default: AWS_ENDPOINT_URL, or port 8080 on this machine.')
    .option('--region <name>', 'Region; default: AWS_REGION, or that of the profile.')
    .option('--profile <name>', 'Profile of the AWS configuration and credentials files.');
}

/** Adds the options of a command on a service. */
export function withService(command: Command, json?: string): Command {
  return withOutput(withConnection(command), json);
}

/**
 * Finds the service and the caller. Options take precedence over environment variables, and these over the profile.
 *
 * @throws Failure if an option is unusable or there are no credentials
 */
export async function connectionOf(options: ConnectionOptions, env: NodeJS.ProcessEnv): Promise<Connection> {
  const profiles = await readProfiles(options.profile, env);
  const named = options.endpoint ?? (env['AWS_ENDPOINT_URL'] || profiles.selected['endpoint_url']);
  const endpoint = endpointOf(named ?? `http://127.0.0.1:${env['KEYBLOCK_PORT'] || DEFAULT_PORT}`);
  const region = options.region ?? regionOf(profiles, env);
  const place = { endpoint, region, isThisMachine: named === undefined };
  const credentials = await findCredentials(profiles, place, env);
  return { endpoint, region, credentials };
}

function regionOf({ selected }: Profiles, env: NodeJS.ProcessEnv): string {
  return (
    env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || selected['region'] || env['KEYBLOCK_REGION'] || DEFAULT_REGION
  );
}

function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || [url.username, url.password, url.search, url.hash].some(Boolean))
    throw new Failure(
      EXIT.usage,
      `${JSON.stringify(text)} is not an endpoint: give a URL such as https://keyblock.example.com.`,
    );
  return url.href.replace(/\/$/, '');
}
