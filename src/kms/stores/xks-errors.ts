import { KmsException } from '../exceptions.js';
import { XksError, type XksFault } from './xks-client.js';

type Name = KmsException['name'];

/** Exceptions that report a fault of the proxy, by the kind of call. */
interface Row {
  /** CreateCustomKeyStore and UpdateCustomKeyStore. */
  store: Name;
  createKey: Name;
  /** ConnectionErrorCode of a connection that fails. */
  connection: string;
}

const UNREACHABLE = {
  store: 'XksProxyUriUnreachableException',
  createKey: 'CustomKeyStoreInvalidStateException',
} as const;
const INVALID_RESPONSE = {
  store: 'XksProxyInvalidResponseException',
  createKey: 'CustomKeyStoreInvalidStateException',
  connection: 'XKS_PROXY_INVALID_RESPONSE',
} as const;
const INVALID_KEY = {
  store: 'XksProxyInvalidResponseException',
  createKey: 'XksKeyInvalidConfigurationException',
  connection: 'XKS_PROXY_INVALID_RESPONSE',
} as const;
const INVALID_CONFIGURATION = {
  store: 'XksProxyInvalidConfigurationException',
  createKey: 'CustomKeyStoreInvalidStateException',
  connection: 'XKS_PROXY_INVALID_CONFIGURATION',
} as const;

const ROWS: Readonly<Record<XksFault, Row>> = {
  ValidationException: INVALID_RESPONSE,
  InvalidResponse: INVALID_RESPONSE,
  InternalException: INVALID_RESPONSE,
  InvalidCiphertextException: INVALID_RESPONSE,
  InvalidStateException: { ...INVALID_CONFIGURATION, createKey: 'XksKeyInvalidConfigurationException' },
  InvalidKeyUsageException: INVALID_KEY,
  AuthenticationFailedException: {
    store: 'XksProxyIncorrectAuthenticationCredentialException',
    createKey: 'CustomKeyStoreInvalidStateException',
    connection: 'INVALID_CREDENTIALS',
  },
  AccessDeniedException: {
    store: 'XksProxyInvalidConfigurationException',
    createKey: 'KMSInvalidStateException',
    connection: 'XKS_PROXY_ACCESS_DENIED',
  },
  KeyNotFoundException: { ...INVALID_RESPONSE, createKey: 'XksKeyNotFoundException' },
  InvalidUriPathException: INVALID_CONFIGURATION,
  ThrottlingException: { ...UNREACHABLE, connection: 'XKS_PROXY_NOT_REACHABLE' },
  UnsupportedOperationException: { ...INVALID_RESPONSE, createKey: 'XksProxyInvalidResponseException' },
  DependencyTimeoutException: { ...UNREACHABLE, connection: 'XKS_PROXY_TIMED_OUT' },
  TimedOut: { ...UNREACHABLE, connection: 'XKS_PROXY_TIMED_OUT' },
  NotReachable: { ...UNREACHABLE, connection: 'XKS_PROXY_NOT_REACHABLE' },
  InvalidTls: { ...UNREACHABLE, connection: 'XKS_PROXY_INVALID_TLS_CONFIGURATION' },
};

/** Returns the exception of CreateCustomKeyStore, UpdateCustomKeyStore or CreateKey for a failed call to a proxy. */
export function xksError(error: unknown, during: 'store' | 'createKey'): unknown {
  return error instanceof XksError ? new KmsException(ROWS[error.fault][during], error.message) : error;
}

/** Returns the exception of a cryptographic operation for a failed call to a proxy. */
export function xksUseError(error: unknown): unknown {
  return error instanceof XksError ? new KmsException('KMSInvalidStateException', error.message) : error;
}

export function xksConnectionError({ fault }: XksError): string {
  return ROWS[fault].connection;
}
