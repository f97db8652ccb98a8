import { DataSource, Like, MoreThan } from 'typeorm';
import { type Call, scopeOf } from '../call.js';
import { Clock } from '../clock.js';
import { readCertificate } from '../crypto/x509/certificate.js';
import { describeName } from '../crypto/x509/distinguished-name.js';
import { epochSeconds } from '../http/fields.js';
import { OperationsController } from '../http/operation.js';
import { CertificateAuthority } from '../payment/exchange/certificate-authority.entity.js';
import { ExchangeToken } from '../payment/exchange/exchange-token.entity.js';
import { keyArn } from '../payment/keys/arn.js';
import { KeyRepository } from '../payment/keys/key.repository.js';
import { PublicKeyCertificate } from '../payment/keys/public-key-certificate.entity.js';
import { CryptoProvider } from '../provider/crypto-provider.js';
import { AdminOperation } from './admin-operation.js';
import { ListCertificatesOutput } from './certificates.schema.js';

/** Maximum number of certificates of a kind per call. */
const MAX_CERTIFICATES = 1000;

interface Listed {
  kind: ListCertificatesOutput['Certificates'][number]['Kind'];
  der: Buffer;
  keyArn?: string;
}

@OperationsController('certificates')
export class CertificatesController {
  constructor(
    private readonly database: DataSource,
    private readonly clock: Clock,
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  @AdminOperation({
    name: 'ListCertificates',
    route: ['GET', 'certificates'],
    resource: 'nothing',
    summary: 'Lists the certificates that the service has issued or imported, and when they expire',
    description:
      'Lists the roots of the certificate authority, the latest certificate of each key pair, the certificates of import and export ' +
      'tokens and those of imported public keys, in the Region for which the request is signed, in the order of their expiry. ' +
      'Certificates that are only part of a request, such as that of a TR-34 token’s signer, aren’t stored.',
    example: 'http://127.0.0.1:8080/admin/certificates',
    output: ListCertificatesOutput,
  })
  async list(call: Call): Promise<ListCertificatesOutput> {
    const { manager } = this.database;
    const take = MAX_CERTIFICATES + 1;
    const scope = scopeOf(call);
    const authorities = await manager.findBy(CertificateAuthority, scope);
    const ofKeys = await manager.find(PublicKeyCertificate, {
      where: { keyArn: Like(keyArn(scope, '%')) },
      order: { keyArn: 'ASC' },
      take,
    });
    const tokens = await manager.find(ExchangeToken, {
      where: { ...scope, expiresAt: MoreThan(this.clock.now()) },
      order: { expiresAt: 'ASC' },
      take,
    });
    const imported = await this.keys.publicKeys(call, take);
    const listed: Listed[] = [
      ...authorities.map(({ certificate }) => ({ kind: 'authority' as const, der: certificate })),
      ...ofKeys
        .slice(0, MAX_CERTIFICATES)
        .map(({ certificate, keyArn }) => ({ kind: 'key' as const, der: certificate, keyArn })),
      ...tokens
        .slice(0, MAX_CERTIFICATES)
        .map(({ certificate }) => ({ kind: 'exchange token' as const, der: certificate })),
      // The material of a public key is the certificate in which it was imported.
      ...imported.slice(0, MAX_CERTIFICATES).map((key) => ({
        kind: 'imported' as const,
        der: this.provider.use(key, (der) => Buffer.from(der)),
        keyArn: key.arn,
      })),
    ];
    return {
      Certificates: listed.map(presentCertificate).toSorted((one, other) => one.NotAfter - other.NotAfter),
      Complete: Math.max(ofKeys.length, tokens.length, imported.length) <= MAX_CERTIFICATES,
    };
  }
}

function presentCertificate({ kind, der, keyArn }: Listed) {
  const { subject, issuer, notBefore, notAfter } = readCertificate(der);
  return {
    Kind: kind,
    KeyArn: keyArn,
    Subject: describeName(subject),
    Issuer: describeName(issuer),
    NotBefore: epochSeconds(notBefore),
    NotAfter: epochSeconds(notAfter),
  };
}
