import { PaymentCryptographyClient } from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';

// Version 2 of the SDK, which has the data plane, prints a notice and opens a connection for every request unless told.
process.env['AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE'] = '1';
process.env['AWS_NODEJS_CONNECTION_REUSE_ENABLED'] = '1';

/** The two planes of a running service, one SDK client for each. */
export interface Service {
  url: string;
  controlPlane: PaymentCryptographyClient;
  dataPlane: PaymentCryptographyData;
}

/**
 * Clients of the service at KEYBLOCK_URL. Credentials and Region come from where every AWS SDK looks: AWS_ACCESS_KEY_ID and
 * AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE with AWS_PROFILE, and AWS_REGION.
 */
export async function connect(): Promise<Service> {
  const url = process.env['KEYBLOCK_URL'] ?? 'http://127.0.0.1:8080';
  const region = process.env['AWS_REGION'] ?? 'us-east-1';
  const controlPlane = new PaymentCryptographyClient({ endpoint: url, region });
  const credentials = await controlPlane.config.credentials();
  return { url, controlPlane, dataPlane: new PaymentCryptographyData({ endpoint: url, region, credentials }) };
}
