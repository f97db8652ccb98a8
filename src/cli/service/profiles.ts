import { EXIT, Failure } from '../failure.js';

/** Settings of a profile by their names in the files, e.g. `aws_access_key_id`. */
export type Profile = Readonly<Record<string, string | undefined>>;

/** The profiles of the AWS configuration and credentials files. */
export interface Profiles {
  /** Name of the profile that is used. */
  name: string;
  /** True if --profile names it, and not the environment. */
  isOption: boolean;
  /** Its settings; none if no file has the profile `default`. */
  selected: Profile;
  all: Readonly<Record<string, Profile>>;
}

/**
 * Reads the files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name, by default those in ~/.aws.
 *
 * @param option the profile of --profile
 * @throws Failure if no file has the profile
 */
export async function readProfiles(option: string | undefined, env: NodeJS.ProcessEnv): Promise<Profiles> {
  // Imported on demand, because most commands don't need it.
  const { parseKnownFiles } = await import('@smithy/shared-ini-file-loader');
  const all = await parseKnownFiles({ ignoreCache: true });
  const named = option ?? (env['AWS_PROFILE'] || undefined);
  const name = named ?? 'default';
  const selected = Object.hasOwn(all, name) ? all[name] : undefined;
  if (named !== undefined && !selected)
    throw new Failure(EXIT.usage, `The profile ${named} is in neither the AWS configuration nor the credentials file.`);
  return { name, isOption: option !== undefined, selected: selected ?? {}, all };
}
