import type { Call } from '../../call.js';
import { identityOf } from '../../kms/keys/key-id.js';
import type { KmsCalls } from '../kms-calls.js';
import { regionOf } from './key-record.repository.js';

const PAGE = 100;

interface Alias {
  name: string;
  keyId: string;
}

/**
 * The aliases of a Region's keys during one call. They are read with a call to KMS for each hundred, where the keys one
 * by one would take a call or more each.
 */
export class RegionAliases {
  readonly #regions = new Map<string, Promise<ReadonlyMap<string, string[]>>>();

  constructor(
    private readonly kms: KmsCalls,
    private readonly call: Call,
  ) {}

  /** Returns the names of a key's aliases. @throws AccessDeniedException */
  async of(keyArn: string): Promise<string[]> {
    const region = regionOf(keyArn);
    const known = this.#regions.get(region) ?? this.#read(region);
    this.#regions.set(region, known);
    return (await known).get(identityOf(keyArn).keyId) ?? [];
  }

  async #read(region: string): Promise<ReadonlyMap<string, string[]>> {
    const byKey = new Map<string, string[]>();
    for (const { name, keyId } of await listAliases(this.kms, this.call, region)) {
      const names = byKey.get(keyId) ?? [];
      byKey.set(keyId, names);
      names.push(name);
    }
    return byKey;
  }
}

/** Reads the aliases of a key, or of all keys of a Region, by name. @throws AccessDeniedException; KmsException NotFoundException */
export async function listAliases(kms: KmsCalls, call: Call, region: string, KeyId?: string): Promise<Alias[]> {
  const listed: Alias[] = [];
  let Marker: string | undefined;
  do {
    const { Aliases = [], NextMarker } = await kms.run(call, region, 'ListAliases', { KeyId, Limit: PAGE, Marker });
    for (const { AliasName: name = '', TargetKeyId: keyId = '' } of Aliases) listed.push({ name, keyId });
    Marker = NextMarker;
  } while (Marker !== undefined);
  return listed;
}
