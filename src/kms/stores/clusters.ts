import { X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Cluster } from '../../config/clusters-file.js';
import { TokenError } from '../../hsm/token-error.js';
import { KmsException } from '../exceptions.js';
import type { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { StoreConnections } from './store-connections.js';

/** Number of HSMs that a cluster needs for a new store or key, as in AWS: one in each of two Availability Zones. */
const MIN_HSMS = 2;

/** Rules for clusters of custom key stores. */
@Injectable()
export class Clusters {
  /** Pending reads of certificates from tokens, by cluster: concurrent calls share one process. */
  readonly #reading = new Map<string, Promise<Buffer[]>>();

  constructor(private readonly connections: StoreConnections) {}

  isKnown(id: string | null): boolean {
    return this.connections.cluster(id) !== undefined;
  }

  /**
   * Returns a cluster that a custom key store may use.
   *
   * @param leastHsms number of HSMs that it needs
   * @throws KmsException CloudHsmClusterNotFoundException, CloudHsmClusterNotActiveException,
   *         CloudHsmClusterInvalidConfigurationException
   */
  usable(id: string | null, leastHsms = MIN_HSMS): Cluster {
    const cluster = this.connections.cluster(id);
    if (!cluster) throw new KmsException('CloudHsmClusterNotFoundException', `Cluster ${id} is not found.`);
    if (cluster.state !== 'ACTIVE')
      throw new KmsException('CloudHsmClusterNotActiveException', `Cluster ${id} is ${cluster.state}, not ACTIVE.`);
    if (cluster.hsms < leastHsms)
      throw new KmsException(
        'CloudHsmClusterInvalidConfigurationException',
        `Cluster ${id} has ${cluster.hsms} HSMs: this operation needs at least ${leastHsms}.`,
      );
    return cluster;
  }

  /**
   * Checks that no other store uses the cluster, or one with the same trust anchor: clusters that share it have the same
   * backups, and so the same keys.
   *
   * @throws KmsException CloudHsmClusterInUseException
   */
  requireUnused(cluster: Cluster, certificate: Buffer, others: readonly KmsCustomKeyStore[]): void {
    const isUsed = others.some(
      ({ clusterId, trustAnchor }) =>
        clusterId === cluster.id || (trustAnchor !== null && certificateOf(trustAnchor)?.equals(certificate)),
    );
    if (isUsed)
      throw new KmsException(
        'CloudHsmClusterInUseException',
        `A custom key store uses cluster ${cluster.id}, or one with the same trust anchor, already.`,
      );
  }

  /**
   * Reads a trust anchor certificate, and checks that it is the cluster's.
   *
   * @returns its DER
   * @throws KmsException IncorrectTrustAnchorException, CloudHsmClusterInvalidConfigurationException
   */
  async requireTrustAnchor(cluster: Cluster, pem: string): Promise<Buffer> {
    const certificate = certificateOf(pem);
    const expected = await this.trustAnchorsOf(cluster);
    if (!certificate || !expected.some((each) => each.equals(certificate)))
      throw new KmsException(
        'IncorrectTrustAnchorException',
        `The trust anchor certificate is not that of cluster ${cluster.id}.`,
      );
    return certificate;
  }

  /** Returns the DER of the certificates that are accepted as a cluster's trust anchor. */
  async trustAnchorsOf(cluster: Cluster): Promise<Buffer[]> {
    return cluster.trustAnchor ? [cluster.trustAnchor] : this.#certificatesOn(cluster);
  }

  #certificatesOn(cluster: Cluster): Promise<Buffer[]> {
    const reading =
      this.#reading.get(cluster.id) ?? this.#readCertificates(cluster).finally(() => this.#reading.delete(cluster.id));
    this.#reading.set(cluster.id, reading);
    return reading;
  }

  async #readCertificates(cluster: Cluster): Promise<Buffer[]> {
    try {
      const token = await this.connections.connect(cluster);
      try {
        return await token.run('certificates');
      } finally {
        await token.close();
      }
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      throw new KmsException('CloudHsmClusterInvalidConfigurationException', `Cluster ${cluster.id}: ${error.message}`);
    }
  }
}

/** Returns the DER of a certificate in PEM; undefined for anything else. */
export function certificateOf(pem: string): Buffer | undefined {
  try {
    return new X509Certificate(pem).raw;
  } catch {
    return undefined;
  }
}
