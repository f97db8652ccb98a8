import { z } from 'zod';
import { sensitive, Timestamp, wellFormed } from '../../http/fields.js';
import { CustomKeyStoreId, Limit, Marker } from '../fields.js';

const CustomKeyStoreName = wellFormed(z.string().min(1).max(256));
const CloudHsmClusterId = z
  .string()
  .min(19)
  .max(24)
  .regex(/cluster-[2-7a-zA-Z]{11,16}/);
const TrustAnchorCertificate = wellFormed(z.string().min(1).max(5000));
const KeyStorePassword = sensitive(z.string().min(7).max(32));
const XksProxyUriEndpoint = z
  .string()
  .min(10)
  .max(128)
  .regex(/^https:\/\/[a-zA-Z0-9.-]+$/);
const XksProxyUriPath = z
  .string()
  .min(10)
  .max(128)
  .regex(/^(\/[a-zA-Z0-9/_-]+\/kms\/xks\/v\d{1,2})$|^(\/kms\/xks\/v\d{1,2})$/);
const XksProxyVpcEndpointServiceName = z
  .string()
  .min(20)
  .max(64)
  .regex(/^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$/);
const XksProxyVpcEndpointServiceOwner = z
  .string()
  .min(12)
  .max(12)
  .regex(/[0-9]{12}/);
const AccessKeyId = sensitive(
  z
    .string()
    .min(20)
    .max(30)
    .regex(/^[A-Z2-7]+$/),
);
const XksProxyAuthenticationCredential = z
  .object({
    AccessKeyId,
    RawSecretAccessKey: sensitive(
      z
        .string()
        .min(43)
        .max(64)
        .regex(/^[a-zA-Z0-9/+=]+$/),
    ),
  })
  .meta({ id: 'XksProxyAuthenticationCredentialType' });
const XksProxyConnectivity = z.enum(['PUBLIC_ENDPOINT', 'VPC_ENDPOINT_SERVICE']);

/** Members that describe an external key store proxy. */
const PROXY = {
  XksProxyUriEndpoint: XksProxyUriEndpoint.optional(),
  XksProxyUriPath: XksProxyUriPath.optional(),
  XksProxyVpcEndpointServiceName: XksProxyVpcEndpointServiceName.optional(),
  XksProxyVpcEndpointServiceOwner: XksProxyVpcEndpointServiceOwner.optional(),
  XksProxyAuthenticationCredential: XksProxyAuthenticationCredential.optional(),
  XksProxyConnectivity: XksProxyConnectivity.optional(),
};

export const CreateCustomKeyStoreInput = z
  .object({
    CustomKeyStoreName,
    CloudHsmClusterId: CloudHsmClusterId.optional(),
    TrustAnchorCertificate: TrustAnchorCertificate.optional(),
    KeyStorePassword: KeyStorePassword.optional(),
    CustomKeyStoreType: z.enum(['AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE']).optional(),
    ...PROXY,
  })
  .meta({ id: 'CreateCustomKeyStoreInput' });
export type CreateCustomKeyStoreInput = z.infer<typeof CreateCustomKeyStoreInput>;
export const CreateCustomKeyStoreOutput = z
  .object({ CustomKeyStoreId: CustomKeyStoreId.optional() })
  .meta({ id: 'CreateCustomKeyStoreOutput' });
export type CreateCustomKeyStoreOutput = z.infer<typeof CreateCustomKeyStoreOutput>;

export const UpdateCustomKeyStoreInput = z
  .object({
    CustomKeyStoreId,
    NewCustomKeyStoreName: CustomKeyStoreName.optional(),
    KeyStorePassword: KeyStorePassword.optional(),
    CloudHsmClusterId: CloudHsmClusterId.optional(),
    ...PROXY,
  })
  .meta({ id: 'UpdateCustomKeyStoreInput' });
export type UpdateCustomKeyStoreInput = z.infer<typeof UpdateCustomKeyStoreInput>;

/** The input of the operations that only name a store. */
export const NamedCustomKeyStoreInput = z.object({ CustomKeyStoreId }).meta({ id: 'NamedCustomKeyStoreInput' });
export type NamedCustomKeyStoreInput = z.infer<typeof NamedCustomKeyStoreInput>;

export const DescribeCustomKeyStoresInput = z
  .object({
    CustomKeyStoreId: CustomKeyStoreId.optional(),
    CustomKeyStoreName: CustomKeyStoreName.optional(),
    Limit: Limit.optional(),
    Marker: Marker.optional(),
  })
  .meta({ id: 'DescribeCustomKeyStoresInput', examples: [{}] });
export type DescribeCustomKeyStoresInput = z.infer<typeof DescribeCustomKeyStoresInput>;

export const CustomKeyStoresListEntry = z
  .object({
    CustomKeyStoreId: CustomKeyStoreId.optional(),
    CustomKeyStoreName: CustomKeyStoreName.optional(),
    CloudHsmClusterId: CloudHsmClusterId.optional(),
    TrustAnchorCertificate: TrustAnchorCertificate.optional(),
    ConnectionState: z.enum(['CONNECTED', 'CONNECTING', 'FAILED', 'DISCONNECTED', 'DISCONNECTING']).optional(),
    ConnectionErrorCode: z
      .enum([
        'INVALID_CREDENTIALS',
        'CLUSTER_NOT_FOUND',
        'NETWORK_ERRORS',
        'INTERNAL_ERROR',
        'INSUFFICIENT_CLOUDHSM_HSMS',
        'USER_LOCKED_OUT',
        'USER_NOT_FOUND',
        'USER_LOGGED_IN',
        'SUBNET_NOT_FOUND',
        'INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET',
        'XKS_PROXY_ACCESS_DENIED',
        'XKS_PROXY_NOT_REACHABLE',
        'XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND',
        'XKS_PROXY_INVALID_RESPONSE',
        'XKS_PROXY_INVALID_CONFIGURATION',
        'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION',
        'XKS_PROXY_TIMED_OUT',
        'XKS_PROXY_INVALID_TLS_CONFIGURATION',
      ])
      .optional(),
    CreationDate: Timestamp.optional(),
    CustomKeyStoreType: z.enum(['AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE']).optional(),
    XksProxyConfiguration: z
      .object({
        Connectivity: XksProxyConnectivity.optional(),
        AccessKeyId: AccessKeyId.optional(),
        UriEndpoint: XksProxyUriEndpoint.optional(),
        UriPath: XksProxyUriPath.optional(),
        VpcEndpointServiceName: XksProxyVpcEndpointServiceName.optional(),
        VpcEndpointServiceOwner: XksProxyVpcEndpointServiceOwner.optional(),
      })
      .meta({ id: 'XksProxyConfigurationType' })
      .optional(),
  })
  .meta({ id: 'CustomKeyStoresListEntry' });
export type CustomKeyStoresListEntry = z.infer<typeof CustomKeyStoresListEntry>;
export const DescribeCustomKeyStoresOutput = z
  .object({
    CustomKeyStores: z.array(CustomKeyStoresListEntry).optional(),
    NextMarker: Marker.optional(),
    Truncated: z.boolean().optional(),
  })
  .meta({ id: 'DescribeCustomKeyStoresOutput' });
export type DescribeCustomKeyStoresOutput = z.infer<typeof DescribeCustomKeyStoresOutput>;
