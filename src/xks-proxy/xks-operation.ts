import { type Operation, served } from '../http/operation.js';
import { XKS_PATH, XKS_PROXY } from './api.js';

const ERRORS = {
  400: 'ValidationException, InvalidStateException, InvalidCiphertextException, InvalidKeyUsageException',
  401: 'AuthenticationFailedException',
  404: 'KeyNotFoundException, InvalidUriPathException',
  429: 'ThrottlingException',
  500: 'InternalException',
  501: 'UnsupportedOperationException',
  503: 'DependencyTimeoutException',
};

interface XksOperation extends Omit<Operation<'key' | 'nothing'>, 'example'> {
  /** Path after the version. */
  path: string;
  /** The request body of the example. */
  example: string;
}

/** A call of the XKS proxy API. */
export function XksOperation({ path, example, ...operation }: XksOperation): MethodDecorator {
  const url = `http://127.0.0.1:8080/demo/${XKS_PATH}/${path.replace(':xksKeyId', 'orders')}`;
  const command = `curl --aws-sigv4 aws:amz:us-east-1:${XKS_PROXY.signingName} --user "$ACCESS_KEY_ID:$SECRET_ACCESS_KEY" \\\n  -d '${example}' ${url}`;
  return served(path, { ...operation, example, api: XKS_PROXY, command, errors: ERRORS });
}
