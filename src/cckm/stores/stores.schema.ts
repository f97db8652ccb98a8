import { z } from 'zod';
import { MAX_CHARACTERS } from '../../http/bounds.js';
import { sensitive } from '../../http/fields.js';
import { CreateKeyInput } from '../keys/keys.schema.js';
import { envelope, Filter, Paging } from '../lists.js';
import { Resource } from '../resources.js';

const text = z.string().max(MAX_CHARACTERS);
/** Constraints are those of KMS, which reports them. Empty strings count as absent. */
const Password = sensitive(text).optional();

/** A custom key store from KMS, with CCKM's member names. */
export const StoreParam = z
  .object({
    aws_account_id: z.string(),
    custom_key_store_id: z.string().meta({ description: 'The id in KMS: `cks-…`.' }),
    custom_key_store_name: z.string().optional(),
    custom_key_store_type: z.string().optional(),
    connection_state: z.string().optional(),
    connection_error_details: z.string().optional(),
    cloud_hsm_cluster_id: z.string().optional(),
    trust_anchor_certificate: z.string().optional(),
    xks_proxy_connectivity: z.string().optional(),
    xks_proxy_uri_endpoint: z.string().optional(),
    xks_proxy_uri_path: z.string().optional(),
  })
  .meta({ id: 'CustomKeyStoreParam' });
export type StoreParam = z.infer<typeof StoreParam>;

export const Store = Resource.extend({
  kms_id: z.string(),
  kms: z.string(),
  name: z.string(),
  region: z.string(),
  cloud_name: z.string(),
  type: z.string().meta({ description: '`AWS_CLOUDHSM` or `EXTERNAL_KEY_STORE`.' }),
  linked_state: z.boolean().meta({ description: 'True: Every store in Keyblock exists in KMS.' }),
  gone: z.boolean().meta({ description: 'True once KMS no longer has the store.' }),
  aws_param: StoreParam,
  local_hosted_params: z.object({ blocked: z.boolean(), linked_state: z.boolean() }),
}).meta({ id: 'CustomKeyStore' });
export type Store = z.infer<typeof Store>;
export const Stores = envelope('CustomKeyStores', Store);

export const ListStoresQuery = Paging.extend({
  id: Filter,
  name: Filter,
  kms: Filter,
  kms_id: Filter,
  region: Filter,
  cloud_name: Filter,
  type: Filter,
  gone: Filter,
  connection_state: Filter,
  custom_key_store_id: Filter,
  cloud_hsm_cluster_id: Filter,
});
export type ListStoresQuery = z.infer<typeof ListStoresQuery>;

export const CreateStoreInput = z
  .object({
    kms: text.meta({ description: 'Id or name of a KMS container.' }),
    region: text,
    name: text,
    aws_param: z.object({
      custom_key_store_type: text.optional().meta({ description: '`AWS_CLOUDHSM`, the only type that is served.' }),
      cloud_hsm_cluster_id: text.optional(),
      trust_anchor_certificate: z.string().max(5000).optional(),
      key_store_password: Password,
    }),
  })
  .meta({
    id: 'CreateStoreInput',
    examples: [
      {
        kms: 'kms',
        region: 'us-east-1',
        name: 'hsm',
        aws_param: {
          custom_key_store_type: 'AWS_CLOUDHSM',
          cloud_hsm_cluster_id: 'cluster-234567abcde',
          trust_anchor_certificate: '-----BEGIN CERTIFICATE-----…',
          key_store_password: 'user-pin-1234',
        },
      },
    ],
  });
export type CreateStoreInput = z.infer<typeof CreateStoreInput>;

export const UpdateStoreInput = z
  .object({
    name: text.optional(),
    aws_param: z
      .object({
        cloud_hsm_cluster_id: text.optional(),
        key_store_password: Password,
        xks_proxy_connectivity: text.optional(),
        xks_proxy_uri_endpoint: text.optional(),
      })
      .optional(),
  })
  .meta({ id: 'UpdateStoreInput', examples: [{ name: 'payments-hsm' }] });
export type UpdateStoreInput = z.infer<typeof UpdateStoreInput>;

/** The Ansible module sends the password itself, the Terraform provider inside aws_param. */
export const ConnectStoreInput = z
  .object({
    key_store_password: Password,
    aws_param: z.object({ key_store_password: Password }).optional(),
  })
  .meta({ id: 'ConnectStoreInput' });
export type ConnectStoreInput = z.infer<typeof ConnectStoreInput>;

export const CreateKeyInStoreInput = CreateKeyInput.omit({ kms: true, region: true }).meta({
  id: 'CreateKeyInStoreInput',
  examples: [{ aws_param: { Alias: 'orders' } }],
});
export type CreateKeyInStoreInput = z.infer<typeof CreateKeyInStoreInput>;
