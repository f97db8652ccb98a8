export * from '@aws-crypto/client-node';
