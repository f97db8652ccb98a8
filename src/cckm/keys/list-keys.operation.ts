import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { identityOf } from '../../kms/keys/key-id.js';
import { type Envelope, type Filter, isSet, matches, pageOf, type SortFields } from '../lists.js';
import { KmsCalls } from '../kms-calls.js';
import { CckmStores } from '../stores/cckm-stores.js';
import { TEMPLATE_TAG } from '../templates/policies.js';
import { CckmKeys } from './cckm-keys.js';
import { type RecordedKey, regionOf } from './key-record.repository.js';
import { type KeyView, materialOrigin, type Tag } from './key-view.js';
import type { AwsParam, Key, ListKeysQuery } from './keys.schema.js';
import { RegionAliases } from './region-aliases.js';

/** Keys whose aliases are read one by one, because a Region may have many more. */
const FEW_KEYS = 20;

/** A key with the members for filtering and sorting lists. */
interface Listed {
  view: KeyView;
  param: AwsParam;
  alias: readonly string[];
}

const SORT: SortFields<Listed> = {
  cloud_name: () => 'aws',
  origin: ({ param }) => param.Origin,
  enabled: ({ param }) => param.Enabled,
  region: ({ view }) => regionOf(view.recorded.record.keyArn),
  key_id: ({ param }) => param.KeyID,
  alias: ({ alias }) => alias[0],
  updatedAt: ({ view }) => view.recorded.record.updatedAt.getTime(),
  createdAt: ({ view }) => view.recorded.record.createdAt.getTime(),
  CreationDate: ({ param }) => param.CreationDate,
  multi_region_key_type: ({ param }) => param.MultiRegionConfiguration?.MultiRegionKeyType,
  CustomKeyStoreID: ({ param }) => param.CustomKeyStoreId,
  ValidTo: ({ param }) => param.ValidTo,
};

@Injectable()
export class ListKeysOperation {
  constructor(
    private readonly keys: CckmKeys,
    private readonly stores: CckmStores,
    private readonly kms: KmsCalls,
  ) {}

  async execute(call: Call, query: ListKeysQuery): Promise<Envelope<Key>> {
    const listed: Listed[] = [];
    const isInStore = await this.#storeFilter(call, query);
    const aliases = new RegionAliases(this.kms, call);
    const isByAlias = isSet(query.alias) || /\balias\b/.test(query.sort ?? '');
    for (const view of await this.keys.list(call, (key) => isOfRecord(query, key))) {
      const param = view.described;
      if (!isOfKey(query, view, param) || !isInStore(param)) continue;
      const alias = isByAlias ? ((await view.alias(aliases)) ?? []) : [];
      if (matches(query.alias, ...alias, ...alias.map(withoutPrefix)) && (await isOfTags(query, view)))
        listed.push({ view, param, alias });
      await setImmediate();
    }
    const { resources, ...page } = pageOf(listed, query, SORT);
    const keys: Key[] = [];
    for (const { view } of resources) {
      if (resources.length > FEW_KEYS) await view.alias(aliases);
      keys.push(await view.present());
      await setImmediate();
    }
    return { ...page, resources: keys };
  }

  /** Returns the filter by stores, limited to those that the caller can see. */
  async #storeFilter(
    call: Call,
    { custom_key_store_id: id, custom_key_store_name: name }: ListKeysQuery,
  ): Promise<(param: AwsParam) => boolean> {
    if (!isSet(id) && !isSet(name)) return () => true;
    const wanted = (await this.stores.list(call))
      .filter(
        ({ record, param: { custom_key_store_id, custom_key_store_name } }) =>
          matches(id, record.id, custom_key_store_id) && matches(name, custom_key_store_name),
      )
      .map(({ param }) => param.custom_key_store_id);
    return ({ CustomKeyStoreId = '' }) => wanted.includes(CustomKeyStoreId);
  }
}

const withoutPrefix = (alias: string) => alias.replace(/^alias\//, '');

function isOfRecord(query: ListKeysQuery, { record, container }: RecordedKey): boolean {
  return (
    matches(query.id, record.id) &&
    matches(query.arn, record.keyArn) &&
    matches(query.keyid, identityOf(record.keyArn).keyId) &&
    matches(query.kms, container.name, container.id) &&
    matches(query.kms_id, container.id) &&
    matches(query.region, regionOf(record.keyArn)) &&
    matches(query.cloud_name, 'aws')
  );
}

function isOfKey(query: ListKeysQuery, view: KeyView, param: AwsParam): boolean {
  const { MultiRegionConfiguration } = param;
  return (
    matches(query.origin, param.Origin) &&
    matches(query.keystate, param.KeyState) &&
    matches(query.keyusage, param.KeyUsage) &&
    matches(query.keymanager, param.KeyManager) &&
    matches(query.CustomerMasterKeySpec, param.CustomerMasterKeySpec) &&
    matches(query.enabled, param.Enabled) &&
    matches(query.gone, view.isGone) &&
    matches(query.multi_region, param.MultiRegion) &&
    matches(query.multi_region_key_type, MultiRegionConfiguration?.MultiRegionKeyType) &&
    matches(query.key_material_origin, materialOrigin(param.Origin)) &&
    matches(query.blocked, false) &&
    matches(query.rotation_job_enabled, false) &&
    // No key has these members.
    !isSet(query.key_source) &&
    !isSet(query.job_config_id)
  );
}

/** `tags` is a substring of the tags' JSON, or a JSON object with values by tag key. */
async function isOfTags(
  { tags: text, cckm_policy_template_id: template }: ListKeysQuery,
  view: KeyView,
): Promise<boolean> {
  if (!isSet(text) && !isSet(template)) return true;
  const tags = (await view.tags()) ?? [];
  const ofTemplate = tags.find(({ TagKey }) => TagKey === TEMPLATE_TAG)?.TagValue;
  return hasOne(tags, text) && matches(template, ofTemplate);
}

function hasOne(tags: readonly Tag[], text: Filter): boolean {
  if (!isSet(text)) return true;
  const json = JSON.stringify(tags);
  return [text ?? []].flat().some((part) => json.includes(part) || hasAll(tags, part));
}

/** True if the tags have each of the values of a JSON object by tag key. */
function hasAll(tags: readonly Tag[], text: string): boolean {
  if (!text.startsWith('{')) return false;
  let wanted: object;
  try {
    wanted = JSON.parse(text) as object;
  } catch {
    return false;
  }
  return Object.entries(wanted).every(([key, value]) =>
    tags.some(({ TagKey, TagValue }) => TagKey === key && TagValue === value),
  );
}
