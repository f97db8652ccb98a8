import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { KmsException } from '../../kms/exceptions.js';
import { storeArn, storeIdOf } from '../../kms/stores/store-arn.js';
import type { CustomKeyStoresListEntry } from '../../kms/stores/stores.schema.js';
import { type AclAction, requireAction } from '../containers/acls.js';
import type { ContainerRow } from '../containers/container.entity.js';
import { ifAllowed, notFound } from '../errors.js';
import { requireChangeable } from '../keys/cckm-keys.js';
import { regionOf } from '../keys/key-record.repository.js';
import { KmsCalls } from '../kms-calls.js';
import { resource } from '../resources.js';
import { type RecordedStore, StoreRecordRepository } from './store-record.repository.js';
import type { Store, StoreParam } from './stores.schema.js';

/** The names of a store in KMS. */
export interface KmsStore {
  region: string;
  /** `cks-…` */
  CustomKeyStoreId: string;
}

/** A recorded store as visible to the caller. */
export interface StoreView extends RecordedStore {
  param: StoreParam;
  isGone: boolean;
}

/** Recorded custom key stores, limited to what their callers may see and change. */
@Injectable()
export class CckmStores {
  constructor(
    private readonly kms: KmsCalls,
    private readonly records: StoreRecordRepository,
  ) {}

  /** Reads a store. @throws CckmException NCERRResourceNotFound, NCERRForbidden; AccessDeniedException */
  async view(call: Call, id: string): Promise<StoreView> {
    return this.#view(call, await this.records.find(id));
  }

  /** Reads every recorded store that the caller may see, the newest first. */
  async list(call: Call): Promise<StoreView[]> {
    const views: StoreView[] = [];
    for (const recorded of await this.records.list()) {
      const view = await ifAllowed(this.#view(call, recorded));
      if (view) views.push(view);
    }
    return views;
  }

  /** Returns a store that the caller may see and, by its ACLs, change. @throws as `view`; NCERRConflict */
  async changeable(call: Call, id: string, action: AclAction): Promise<StoreView> {
    const view = await this.view(call, id);
    requireChangeable(call, view.container, action);
    return view;
  }

  /**
   * Changes a store by calls to KMS.
   *
   * @returns the store after the change
   * @throws the exceptions of KMS; CckmException NCERRResourceNotFound, NCERRForbidden, NCERRConflict
   */
  async change(call: Call, id: string, work: (store: KmsStore, view: StoreView) => Promise<unknown>): Promise<Store> {
    const view = await this.changeable(call, id, 'keyupdate');
    if (view.isGone) throw goneStore(view);
    await work(kmsStoreOf(view), view);
    return this.changed(call, view);
  }

  /** Deletes a store in KMS, if it still exists, and its record. @throws as `change` */
  async delete(call: Call, id: string): Promise<void> {
    const view = await this.changeable(call, id, 'keydelete');
    const { region, CustomKeyStoreId } = kmsStoreOf(view);
    if (!view.isGone) await this.kms.run(call, region, 'DeleteCustomKeyStore', { CustomKeyStoreId });
    await this.records.remove(view);
  }

  /** Lists the ids in KMS of the stores in a Region. */
  async idsIn(call: Call, region: string): Promise<string[]> {
    const ids: string[] = [];
    let Marker: string | undefined;
    do {
      const page = await this.kms.run(call, region, 'DescribeCustomKeyStores', { Marker });
      ids.push(...(page.CustomKeyStores ?? []).flatMap(({ CustomKeyStoreId }) => CustomKeyStoreId ?? []));
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    return ids;
  }

  /** Adds the record of a store that KMS has, or updates it. */
  async record(call: Call, container: ContainerRow, { region, CustomKeyStoreId }: KmsStore): Promise<Store> {
    const arn = storeArn({ accountId: container.accountId, region, id: CustomKeyStoreId });
    return this.changed(call, await this.records.add(call, container, arn));
  }

  /** Refreshes a store, and updates its record. */
  async changed(call: Call, recorded: RecordedStore): Promise<Store> {
    const view = await this.#view(call, recorded);
    return presentStore({ ...view, ...(await this.records.update(call, recorded, view.param)) });
  }

  async #view(call: Call, { record, container }: RecordedStore): Promise<StoreView> {
    requireAction(call, container, 'viewnative');
    const { region, CustomKeyStoreId } = kmsStoreOf({ record });
    try {
      const { CustomKeyStores } = await this.kms.run(call, region, 'DescribeCustomKeyStores', { CustomKeyStoreId });
      const [entry = {}] = CustomKeyStores ?? [];
      return { record, container, param: describe(entry, container), isGone: false };
    } catch (error) {
      if (!(error instanceof KmsException && error.name === 'CustomKeyStoreNotFoundException')) throw error;
      return { record, container, param: JSON.parse(record.snapshot) as StoreParam, isGone: true };
    }
  }
}

export function kmsStoreOf({ record: { storeArn: arn } }: Pick<RecordedStore, 'record'>): KmsStore {
  return { region: regionOf(arn), CustomKeyStoreId: storeIdOf(arn) };
}

/** Returns the fault for a change of a store that KMS no longer has. */
export function goneStore(store: RecordedStore) {
  return notFound(`Custom key store ${kmsStoreOf(store).CustomKeyStoreId}`);
}

function describe(entry: CustomKeyStoresListEntry, { accountId }: ContainerRow): StoreParam {
  const { XksProxyConfiguration: proxy } = entry;
  return {
    aws_account_id: accountId,
    custom_key_store_id: entry.CustomKeyStoreId ?? '',
    custom_key_store_name: entry.CustomKeyStoreName,
    custom_key_store_type: entry.CustomKeyStoreType,
    connection_state: entry.ConnectionState,
    connection_error_details: entry.ConnectionErrorCode,
    cloud_hsm_cluster_id: entry.CloudHsmClusterId,
    trust_anchor_certificate: entry.TrustAnchorCertificate,
    xks_proxy_connectivity: proxy?.Connectivity,
    xks_proxy_uri_endpoint: proxy?.UriEndpoint,
    xks_proxy_uri_path: proxy?.UriPath,
  };
}

export function presentStore({ record, container, param, isGone }: StoreView): Store {
  const { custom_key_store_name: name = '', custom_key_store_type: type = '' } = param;
  return {
    ...resource('aws-custom-key-store', record.id, record),
    kms_id: container.id,
    kms: container.name,
    name,
    region: regionOf(record.storeArn),
    cloud_name: 'aws',
    type,
    linked_state: true,
    gone: isGone,
    aws_param: param,
    local_hosted_params: { blocked: false, linked_state: true },
  };
}
