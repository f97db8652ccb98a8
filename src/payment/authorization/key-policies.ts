import { ResourcePolicies } from '../../policy/policy-document.js';
import { SERVICE } from '../api.js';

/** Validates and parses the resource policies of keys. */
export const KEY_POLICIES = new ResourcePolicies(SERVICE, 'EncryptData');
