import { createECDH, createPrivateKey } from 'node:crypto';
import {
  DEMO_KMS_ALIAS,
  DEMO_KMS_KEY_ID,
  demoGrantId,
  demoKmsAlias,
  demoKmsKeyId,
  demoMultiRegionKeyId,
} from '../kms/fields.js';
import type { KeySpec, KeyUsage } from '../kms/keys/key-specs.js';
import { demoMaterial } from './demo-keys.js';

/** A KMS key of `keyblock demo`. */
export interface DemoKmsKey {
  keyId: string;
  spec: KeySpec;
  usage: KeyUsage;
  origin: 'AWS_KMS' | 'EXTERNAL';
  /** Every alias of the key. */
  aliases: readonly string[];
  /** The bytes that KmsMaterial seals; absent for a key into which an example imports them. */
  clear?: Buffer;
  /** State that the examples expect; enabled by default. */
  state?: 'disabled' | 'pending';
  grantIds?: readonly string[];
  /** True for a multi-Region key that has a replica in the deployment's second Region. */
  isReplicated?: true;
}

/** Key pair `RSA_2048` of test/vectors/rsa.json, as PKCS#8 in DER. */
const RSA_PAIR =
  'MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDMmeD7XWo9MjqkHC/Z+vuxdD/1HVD3Qh+ffQt0HFaSiKQ2HO6uV2Wtmp6Ej3nu9Lqu' +
  '1r3w6b4djiYTqsGOad2JjBoV9g2CMbhlpVY2+jAVQhXURcZHyV96/uP+jxanyQwRxpGbMIu+bw9w3l6ALOWWUw64nHbJbBUCKa/1F/t0/OGc7qRT4aPB' +
  'EEPqM5nSdDpAEWgDCs4ApZYWlSUBcOHBM51n7u3kX+bkPerB7k3xGnFDeREvj26+fGhr7mT4paIk/EVVIPfxqU69IQJtWx5ktJe/kJSzIdDcrw+eTD9F' +
  '6eDeFBSgiRhB4WIc2xbodQbhOEZPKUv4SHZwyIOZc0EZAgMBAAECggEACoe88ZL8PcwRApNEzzZAsABorkfk++TWVdIMvdwbhI0tzm8sxaJP5GB52h68' +
  'StUjqo341qZhF4pSYV6/eYHvWf3w9cJlLZc7g1fAGTJFOULedr9klhtCI8VsnJRmuRn62gtbQR59gr6aj9eSC4zEADmkH1JGNtWuOx9EJBwo3/twVy7m' +
  '8VdqaJj2B8tx6vedvgj2RluZp7YngHK4TpMUb3+l1lHx0mGML4l8qwQOT1FvFLebtDvrjXMe/BuDp5wZ6ampfscvvXdyQtvqCowi7dXZVT/ZnkeyOR9Q' +
  'ZrrbYqfyp4mCVRl4PZOoznrUvRljXuwESlu0y2jnsBJDXsDQJQKBgQDwQ+mihwHIxOEmMW9j5BU6qrE121SIiz4nu8GcE4XskbKom5a6F7dlQ1W423U8' +
  'jIbP/LQF531FJ73/B4oCXU8cr3Yn1LbGQ4/PFvQv2Y7V7s1gsuuHHayw1uXq/js4D6tgPmSCJlml1BDEfjLhlDaVnnN8LW6Jv7sNCkAQ5hGVhwKBgQDa' +
  'AAzQmcTHeoYysBQAA1qeT2vcSqJPOcN6TP8K16aS7mDAINWSuL7G6nnTS2/Ip8PLT9M0bfjUQLOZ8uN0W3OM1setmKZqtHX2LUIUzNvhssoO0Q1E+oc5' +
  '6s0zpkU8h0bT2IUn3zgSy6GH06kaPTzQG7pzlLamDevR6Yjes14cXwKBgDebgDddh8wvxOxSBLXZ1A//8YPFf4sarwgDLIwy+IwILJFZcUkgtBF7xBtE' +
  'r52T6J+6nO/A4/1ddVvRIt/pOKYq9e3CDYtVl7MWXO22LJjW7DG1N03OUGmdUxlQPeR7u+5Kgnic56K5sifIDX6oDvoR8iiLW0oGVgRumuVOWkOBAoGA' +
  'K+DMs4PvxpLTxgoIzIPgTnL/68Qd7UJcJRawUvda8MIIOUOimTiUNadmQ/AwHLwfvaFginIEHnyzaa4ot/fcRyHH6RoLjPirsZQkc9lT/Jam8tqDCDpA' +
  '05h+GwJBd1BnIia3jnHwcGAKMDObGsvunJioK7FoHf45U/Pkd6a0r5MCgYBrW2BlbpHRZDwB5xa2WKDH8CMk8fogBi9frjEj0+cvC+cyYnnCJK59m+yv' +
  'st0O9BDafVqIxWj7I70Swje2aZqtWvv9TIH/ji2JdottWVgeZXJhVxueG9Q8kbcmNQWpYZiw4uS/EO8dLbmKZBngaGAlOUwMw4JQFLCTTI5nTaNPvg==';

/** Returns the key pair on P-256 whose private key has the bytes of `demoMaterial`, as PKCS#8 in DER. */
function demoPair(name: string): Buffer {
  const scalar = demoMaterial(name, 32);
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(scalar);
  const point = pair.getPublicKey();
  const [d, x, y] = [scalar, point.subarray(1, 33), point.subarray(33)].map((each) => each.toString('base64url'));
  const jwk = { kty: 'EC', crv: 'P-256', d, x, y };
  return createPrivateKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'pkcs8' });
}

/** @param name of the alias after `alias/demo/`, and of the key in `demoMaterial` */
function demoKey(name: string, rest: Partial<DemoKmsKey> = {}): DemoKmsKey {
  return {
    keyId: demoKmsKeyId(name),
    spec: 'SYMMETRIC_DEFAULT',
    usage: 'ENCRYPT_DECRYPT',
    origin: 'AWS_KMS',
    aliases: [demoKmsAlias(name)],
    clear: demoMaterial(`kms-${name}`, 32),
    ...rest,
  };
}

/** Every KMS key that an example names. A key that an example changes is in no other example. */
export const DEMO_KMS_KEYS: readonly DemoKmsKey[] = [
  demoKey('', { keyId: DEMO_KMS_KEY_ID, aliases: [DEMO_KMS_ALIAS], clear: demoMaterial('kms', 32) }),
  demoKey('off', { state: 'disabled' }),
  demoKey('on'),
  demoKey('delete'),
  demoKey('cancel', { state: 'pending' }),
  demoKey('edit'),
  demoKey('rotate'),
  demoKey('alias', { aliases: ['alias', 'current', 'former'].map(demoKmsAlias) }),
  demoKey('grant', { grantIds: ['retire', 'revoke'].map(demoGrantId) }),
  demoKey('import', { origin: 'EXTERNAL', clear: undefined }),
  demoKey('erase', { origin: 'EXTERNAL' }),
  demoKey('mrk', { keyId: demoMultiRegionKeyId('mrk') }),
  demoKey('move', { keyId: demoMultiRegionKeyId('move'), isReplicated: true }),
  demoKey('rsa', { spec: 'RSA_2048', clear: Buffer.from(RSA_PAIR, 'base64') }),
  demoKey('sign', { spec: 'ECC_NIST_P256', usage: 'SIGN_VERIFY', clear: demoPair('kms-sign') }),
  demoKey('agree', { spec: 'ECC_NIST_P256', usage: 'KEY_AGREEMENT', clear: demoPair('kms-agree') }),
  demoKey('mac', { spec: 'HMAC_256', usage: 'GENERATE_VERIFY_MAC' }),
  demoKey('kem', {
    spec: 'ML_KEM_512',
    usage: 'ENCAPSULATE_DECAPSULATE',
    clear: Buffer.concat([demoMaterial('kms-kem d', 32), demoMaterial('kms-kem z', 32)]),
  }),
];
