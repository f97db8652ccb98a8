import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { certificationRequest } from '../../../crypto/x509/certification-request.js';
import type { NameAttribute } from '../../../crypto/x509/distinguished-name.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { textOf } from '../../exchange/certificate-text.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { CryptoProvider } from '../../../provider/crypto-provider.js';
import type {
  CertificateSubject,
  GetCertificateSigningRequestInput,
  GetCertificateSigningRequestOutput,
} from './exchange.schema.js';

/** Members of CertificateSubject in the order of the distinguished name, with their attribute types. */
const NAME = [
  ['Country', 'C'],
  ['StateOrProvince', 'ST'],
  ['City', 'L'],
  ['Organization', 'O'],
  ['OrganizationUnit', 'OU'],
  ['CommonName', 'CN'],
  ['EmailAddress', 'emailAddress'],
] as const satisfies [keyof CertificateSubject, NameAttribute['type']][];

@Injectable()
export class GetCertificateSigningRequestOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  async execute(call: Call, input: GetCertificateSigningRequestInput): Promise<GetCertificateSigningRequestOutput> {
    const { KeyIdentifier, SigningAlgorithm: hash, CertificateSubject } = input;
    const key = await this.keys.getEnabled(call, KeyIdentifier);
    if (key.class !== 'ASYMMETRIC_KEY_PAIR')
      throw new ValidationException(`KeyClass of the input key ${key.arn} is invalid for the operation.`);

    const subject = subjectOf(CertificateSubject);
    const request = this.provider.use(key, (privateKey) => certificationRequest({ subject, privateKey, hash }));
    return { CertificateSigningRequest: textOf('CERTIFICATE REQUEST', request) };
  }
}

function subjectOf(subject: CertificateSubject): NameAttribute[] {
  return NAME.flatMap(([member, type]) => {
    const value = subject[member];
    return value === undefined ? [] : [{ type, value }];
  });
}
