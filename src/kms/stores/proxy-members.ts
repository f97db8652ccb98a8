import { ValidationException } from '../../errors/exceptions.js';
import { KmsException } from '../exceptions.js';
import type { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import type { CreateCustomKeyStoreInput, UpdateCustomKeyStoreInput } from './stores.schema.js';

/** The only version of the XKS proxy API; AWS's pattern allows more. */
const PATH = /\/kms\/xks\/v1$/;
/** The exception for members that need a VPC endpoint service, because this service isn't in a VPC. */
const NO_VPC = 'This service reaches external key store proxies by their public endpoint only.';

type VpcMember = 'XksProxyConnectivity' | 'XksProxyVpcEndpointServiceName' | 'XksProxyVpcEndpointServiceOwner';

interface Proxy {
  endpoint: string;
  path: string;
  credential: { AccessKeyId: string; RawSecretAccessKey: string };
}

/** Returns the proxy of a new external key store. @throws ValidationException, KmsException */
export function checkProxyMembers(input: CreateCustomKeyStoreInput): Proxy {
  const { XksProxyUriEndpoint, XksProxyUriPath, XksProxyAuthenticationCredential, XksProxyConnectivity } = input;
  if (
    XksProxyUriEndpoint === undefined ||
    XksProxyUriPath === undefined ||
    XksProxyAuthenticationCredential === undefined ||
    XksProxyConnectivity === undefined
  )
    throw new ValidationException(
      'XksProxyUriEndpoint, XksProxyUriPath, XksProxyAuthenticationCredential and XksProxyConnectivity are required for an external key store.',
    );
  refuseVpc(input);
  checkEndpoint(XksProxyUriEndpoint);
  checkPath(XksProxyUriPath);
  return { endpoint: XksProxyUriEndpoint, path: XksProxyUriPath, credential: XksProxyAuthenticationCredential };
}

/** @throws KmsException XksProxyVpcEndpointServiceNotFoundException */
export function refuseVpc(input: Pick<UpdateCustomKeyStoreInput, VpcMember>): void {
  const { XksProxyConnectivity, XksProxyVpcEndpointServiceName, XksProxyVpcEndpointServiceOwner } = input;
  const isVpc = XksProxyConnectivity === 'VPC_ENDPOINT_SERVICE';
  if (isVpc && XksProxyVpcEndpointServiceName === undefined)
    throw new ValidationException('XksProxyVpcEndpointServiceName is required for VPC_ENDPOINT_SERVICE.');
  if (!isVpc && (XksProxyVpcEndpointServiceName ?? XksProxyVpcEndpointServiceOwner) !== undefined)
    throw new ValidationException('XksProxyVpcEndpointServiceName and its owner are for VPC_ENDPOINT_SERVICE only.');
  if (isVpc) throw new KmsException('XksProxyVpcEndpointServiceNotFoundException', NO_VPC);
}

/** @throws ValidationException for an invalid host, such as 256.1.1.1, although AWS's pattern allows it */
export function checkEndpoint(endpoint: string): void {
  if (!URL.canParse(endpoint)) throw new ValidationException(`XksProxyUriEndpoint ${endpoint} has no valid host.`);
}

/** @throws ValidationException */
export function checkPath(path: string): void {
  if (!PATH.test(path))
    throw new ValidationException('XksProxyUriPath must end in /kms/xks/v1: no other version exists.');
}

/**
 * Checks that no other store uses the endpoint and path.
 *
 * @throws KmsException XksProxyUriInUseException
 */
export function requireUnusedUri(
  { id, uriEndpoint, uriPath }: Pick<KmsCustomKeyStore, 'id' | 'uriEndpoint' | 'uriPath'>,
  others: readonly KmsCustomKeyStore[],
): void {
  if (others.some((other) => other.id !== id && other.uriEndpoint === uriEndpoint && other.uriPath === uriPath))
    throw new KmsException('XksProxyUriInUseException', `A custom key store already uses ${uriEndpoint}${uriPath}.`);
}
