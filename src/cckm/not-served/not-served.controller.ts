import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { OperationsController } from '../../http/operation.js';
import { notServed } from '../errors.js';
import { CckmOperation } from '../operation.js';

const ROTATION_JOB = 'Enable rotation with enable-auto-rotation, which calls KMS EnableKeyRotation.';
const IMPORT = 'Import the material with KMS GetParametersForImport and ImportKeyMaterial.';
const UPLOAD = 'Create a key with aws_param.Origin EXTERNAL, and import its material with KMS ImportKeyMaterial.';
const HYOK_KEY = 'Create a key in an external key store with KMS CreateKey, and synchronize.';
const HYOK_PROXY = 'The proxy of an external key store isn’t managed here. Disable the key, or disconnect the store.';
const LINK = 'Every store and every key is linked: KMS has them.';
const HEALTH =
  'KMS checks the health of a proxy when the store is connected: get the store, and read its connection_state.';
const CREDENTIAL = 'Change the credential of a proxy with KMS UpdateCustomKeyStore.';
const CLUSTERS = 'The operator configures the clusters in the file of KEYBLOCK_CLUSTERS_FILE.';
const LOG_GROUPS = 'Keyblock writes its audit events to its database and to standard output, not to CloudWatch.';

/**
 * Endpoints that need a part of CipherTrust Manager which Keyblock doesn't have: source keys, a scheduler, the proxy of
 * an external key store, CloudWatch. Each refusal names an alternative.
 */
@OperationsController('not served')
export class NotServedController {
  @CckmOperation({
    name: 'EnableRotationJob',
    route: ['POST', 'cckm/aws/keys/:id/enable-rotation-job'],
    resource: 'self',
    summary: 'Adds a key to a rotation job: not served',
    description: ROTATION_JOB,
    output: Nothing,
  })
  enableRotationJob(_call: Call): Nothing {
    throw notServed(ROTATION_JOB);
  }

  @CckmOperation({
    name: 'DisableRotationJob',
    route: ['POST', 'cckm/aws/keys/:id/disable-rotation-job'],
    resource: 'self',
    summary: 'Removes a key from a rotation job: not served',
    description: ROTATION_JOB,
    output: Nothing,
  })
  disableRotationJob(_call: Call): Nothing {
    throw notServed(ROTATION_JOB);
  }

  @CckmOperation({
    name: 'ImportMaterial',
    route: ['POST', 'cckm/aws/keys/:id/import-material'],
    resource: 'self',
    summary: 'Imports the material of a source key: not served',
    description: IMPORT,
    output: Nothing,
  })
  importMaterial(_call: Call): Nothing {
    throw notServed(IMPORT);
  }

  @CckmOperation({
    name: 'UploadKey',
    route: ['POST', 'cckm/aws/upload-key'],
    resource: 'self',
    summary: 'Uploads a source key: not served',
    description: UPLOAD,
    output: Nothing,
  })
  uploadKey(_call: Call): Nothing {
    throw notServed(UPLOAD);
  }

  @CckmOperation({
    name: 'CreateHyokKey',
    route: ['POST', 'cckm/aws/create-hyok-key'],
    resource: 'self',
    summary: 'Creates a key of an external key store: not served',
    description: HYOK_KEY,
    output: Nothing,
  })
  createHyokKey(_call: Call): Nothing {
    throw notServed(HYOK_KEY);
  }

  @CckmOperation({
    name: 'BlockHyokKey',
    route: ['POST', 'cckm/aws/keys/:id/block'],
    resource: 'self',
    summary: 'Blocks a key of an external key store: not served',
    description: HYOK_PROXY,
    output: Nothing,
  })
  blockHyokKey(_call: Call): Nothing {
    throw notServed(HYOK_PROXY);
  }

  @CckmOperation({
    name: 'UnblockHyokKey',
    route: ['POST', 'cckm/aws/keys/:id/unblock'],
    resource: 'self',
    summary: 'Unblocks a key of an external key store: not served',
    description: HYOK_PROXY,
    output: Nothing,
  })
  unblockHyokKey(_call: Call): Nothing {
    throw notServed(HYOK_PROXY);
  }

  @CckmOperation({
    name: 'LinkHyokKey',
    route: ['POST', 'cckm/aws/keys/:id/link'],
    resource: 'self',
    summary: 'Links a key of an external key store: not served',
    description: LINK,
    output: Nothing,
  })
  linkHyokKey(_call: Call): Nothing {
    throw notServed(LINK);
  }

  @CckmOperation({
    name: 'ListHyokKeyVersions',
    route: ['GET', 'cckm/aws/keys/:id/versions'],
    resource: 'self',
    summary: 'Lists the versions of a source key: not served',
    description: HYOK_PROXY,
    output: Nothing,
  })
  listHyokKeyVersions(_call: Call): Nothing {
    throw notServed(HYOK_PROXY);
  }

  @CckmOperation({
    name: 'LinkStore',
    route: ['POST', 'cckm/aws/custom-key-stores/:id/link'],
    resource: 'self',
    summary: 'Links an external key store: not served',
    description: LINK,
    output: Nothing,
  })
  linkStore(_call: Call): Nothing {
    throw notServed(LINK);
  }

  @CckmOperation({
    name: 'BlockStore',
    route: ['POST', 'cckm/aws/custom-key-stores/:id/block'],
    resource: 'self',
    summary: 'Blocks an external key store: not served',
    description: HYOK_PROXY,
    output: Nothing,
  })
  blockStore(_call: Call): Nothing {
    throw notServed(HYOK_PROXY);
  }

  @CckmOperation({
    name: 'UnblockStore',
    route: ['POST', 'cckm/aws/custom-key-stores/:id/unblock'],
    resource: 'self',
    summary: 'Unblocks an external key store: not served',
    description: HYOK_PROXY,
    output: Nothing,
  })
  unblockStore(_call: Call): Nothing {
    throw notServed(HYOK_PROXY);
  }

  @CckmOperation({
    name: 'GetStoreHealth',
    route: ['GET', 'cckm/aws/custom-key-stores/:id/health'],
    resource: 'self',
    summary: 'Gets the health of a proxy: not served',
    description: HEALTH,
    output: Nothing,
  })
  getStoreHealth(_call: Call): Nothing {
    throw notServed(HEALTH);
  }

  @CckmOperation({
    name: 'RotateStoreCredential',
    route: ['POST', 'cckm/aws/custom-key-stores/:id/rotate-credential'],
    resource: 'self',
    summary: 'Rotates the credential of a proxy: not served',
    description: CREDENTIAL,
    output: Nothing,
  })
  rotateStoreCredential(_call: Call): Nothing {
    throw notServed(CREDENTIAL);
  }

  @CckmOperation({
    name: 'ListStoreCredentials',
    route: ['GET', 'cckm/aws/custom-key-stores/:id/credentials'],
    resource: 'self',
    summary: 'Lists the credentials of a proxy: not served',
    description: CREDENTIAL,
    output: Nothing,
  })
  listStoreCredentials(_call: Call): Nothing {
    throw notServed(CREDENTIAL);
  }

  @CckmOperation({
    name: 'GetStoreCredential',
    route: ['GET', 'cckm/aws/custom-key-stores/:id/credentials/:credential'],
    resource: 'self',
    summary: 'Gets a credential of a proxy: not served',
    description: CREDENTIAL,
    output: Nothing,
  })
  getStoreCredential(_call: Call): Nothing {
    throw notServed(CREDENTIAL);
  }

  @CckmOperation({
    name: 'DeleteStoreCredential',
    route: ['DELETE', 'cckm/aws/custom-key-stores/:id/credentials/:credential'],
    resource: 'self',
    summary: 'Deletes a credential of a proxy: not served',
    description: CREDENTIAL,
    output: Nothing,
  })
  deleteStoreCredential(_call: Call): Nothing {
    throw notServed(CREDENTIAL);
  }

  @CckmOperation({
    name: 'EnableCredentialRotationJob',
    route: ['POST', 'cckm/aws/custom-key-stores/:id/enable-credential-rotation-job'],
    resource: 'self',
    summary: 'Adds a store to a credential rotation job: not served',
    description: CREDENTIAL,
    output: Nothing,
  })
  enableCredentialRotationJob(_call: Call): Nothing {
    throw notServed(CREDENTIAL);
  }

  @CckmOperation({
    name: 'DisableCredentialRotationJob',
    route: ['POST', 'cckm/aws/custom-key-stores/:id/disable-credential-rotation-job'],
    resource: 'self',
    summary: 'Removes a store from a credential rotation job: not served',
    description: CREDENTIAL,
    output: Nothing,
  })
  disableCredentialRotationJob(_call: Call): Nothing {
    throw notServed(CREDENTIAL);
  }

  @CckmOperation({
    name: 'ListUnusedClusters',
    route: ['POST', 'cckm/aws/custom-key-stores/get-unused-cloudhsm-clusters'],
    resource: 'self',
    summary: 'Lists unused CloudHSM clusters: not served',
    description: CLUSTERS,
    output: Nothing,
  })
  listUnusedClusters(_call: Call): Nothing {
    throw notServed(CLUSTERS);
  }

  @CckmOperation({
    name: 'ListLogGroups',
    route: ['POST', 'cckm/aws/get-log-groups'],
    resource: 'self',
    summary: 'Lists CloudWatch log groups: not served',
    description: LOG_GROUPS,
    output: Nothing,
  })
  listLogGroups(_call: Call): Nothing {
    throw notServed(LOG_GROUPS);
  }
}
