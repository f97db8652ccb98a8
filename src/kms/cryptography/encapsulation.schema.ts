import { z } from 'zod';
import { sensitive } from '../../http/fields.js';
import { Blob, CiphertextBlob, demoKmsAlias, DryRun, EncapsulationAlgorithm, GrantTokens, KeyId } from '../fields.js';

/** Ciphertext of a shared secret for the demo key. */
const EXAMPLE_CIPHERTEXT =
  'OiKXuFgHF1imauABmNnoVIyoxqcgumiiFVxTG6gutxCxAUYdAVKTr3fEPJaX11ktuPaAZZa+wfEi80yvfOkyK72dqehv5V9NfakEcy/+HytDUWrO' +
  'fCn0MvjEgEEjX1INduyBV7G852ZamqEmhc3ASPS026i3AU97J895pHwpdfUtKcYKWPbKdMXhuzPuKOw5/xVRj9/M6X6gxkzygb2N0DwdSuT6k2dI' +
  'CNvNF/QzhqXSYy1zLmktk+godIx7jrvN/afgVlSUYLoeqpRqK9nataShcEaHbD5FPp6QGfTjSTpRj67xESUMS/kWwa2t4SkrKRf43yiOmrXLI2MJ' +
  'naI8e80YZCc7g7dAnruLk3i1rQFY3vyfyvE+BzcIa2fnFTDfOctwuiHTvgqLxNzYX3wrKSnZ6h0YEmu3XGQEY7K2wdu/t9r3sKB0flsoQO/yeEJ3' +
  'YXvA16w7Lurw8LTEVDDb0d6k55ru4XZyJpCUAhQCOoEgrHZ4FNne/i6BMXzv9aFvQ+qIh0yq37IKambtYaGapmhmeK4edWgON+Bj/xQbQfTgMK+z' +
  'pUuMFTyAlPQFjiTsub09RjQLF/kTyZhfiP+mReb3i0SCh2CQozgxhFKIDm3CCAeJeAmh+cxCDXlt4ugq4YF5CgAx/y9ztdzF/uY5dSnvsnwj/hZL' +
  '9WBQRM8BLIEN7iOLRqyE4ZL4oWGOQZEToBBoUS1hmK0Z7DPwWX1AVCfohUJQsmrTxnugEBRKlQqlcUDf1mMHkK+VK9+RLstkNfr6UJzR4H5mArqA' +
  'BDTjhzVgICmzxxQfdkRH7SOT5FvqNfJk7wOUN2jrtqb/i4bO4U9wTa/n1BRNCK4PCmxDUf0q9k0jFDj/iGQM3nEW9fOZ8QbiO5fYNxpofEmbunkG' +
  'dFJy710r5gVU5ySWq46RB0o0ndpyCIl6H725bGCNO+t6QeGNaOvDE7Dil5mRYjLY8BxzUzy0x+WWCmGH5Pyj1NKJ6GMiZTmqM9/vGYBhJaxnvlpt' +
  'F5VsoKruBbWgrxgl';

export const EncapsulateInput = z
  .object({ KeyId, EncapsulationAlgorithm, GrantTokens: GrantTokens.optional(), DryRun: DryRun.optional() })
  .meta({ id: 'EncapsulateInput', examples: [{ KeyId: demoKmsAlias('kem'), EncapsulationAlgorithm: 'ML_KEM' }] });
export type EncapsulateInput = z.infer<typeof EncapsulateInput>;
export const EncapsulateOutput = z
  .object({
    KeyId: KeyId.optional(),
    SharedSecret: sensitive(Blob).optional(),
    SharedSecretCiphertextBlob: Blob.optional(),
    EncapsulationAlgorithm: EncapsulationAlgorithm.optional(),
  })
  .meta({ id: 'EncapsulateOutput' });
export type EncapsulateOutput = z.infer<typeof EncapsulateOutput>;

export const DecapsulateInput = z
  .object({
    KeyId,
    SharedSecretCiphertextBlob: CiphertextBlob,
    EncapsulationAlgorithm,
    GrantTokens: GrantTokens.optional(),
    DryRun: DryRun.optional(),
  })
  .meta({
    id: 'DecapsulateInput',
    examples: [
      { KeyId: demoKmsAlias('kem'), SharedSecretCiphertextBlob: EXAMPLE_CIPHERTEXT, EncapsulationAlgorithm: 'ML_KEM' },
    ],
  });
export type DecapsulateInput = z.infer<typeof DecapsulateInput>;
export const DecapsulateOutput = z
  .object({
    KeyId: KeyId.optional(),
    SharedSecret: sensitive(Blob).optional(),
    EncapsulationAlgorithm: EncapsulationAlgorithm.optional(),
  })
  .meta({ id: 'DecapsulateOutput' });
export type DecapsulateOutput = z.infer<typeof DecapsulateOutput>;
