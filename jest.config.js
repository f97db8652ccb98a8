/** Compiles with .swcrc, because Nest needs the metadata of decorators. */
const compiled = '@swc/jest';
const native = '<rootDir>/test/support/native';
const isLoadedByJest = process.argv.some((argument) => /^--(coverage|watch)/.test(argument));

/** @type {import('jest').Config} */
const common = {
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '\\.ts$': compiled },
};

/**
 * Specs that start the service share one that Node has loaded. Coverage and watching need modules that Jest itself has
 * loaded.
 */
const sharing = {
  testEnvironment: `${native}/environment.js`,
  moduleNameMapper: {
    ...common.moduleNameMapper,
    '^(pg|pino|typeorm)$': `${native}/$1.ts`,
    '^@aws-sdk/client-payment-cryptography$': `${native}/aws-sdk.ts`,
    '^aws-sdk/clients/paymentcryptographydata\\.js$': `${native}/aws-sdk-v2.ts`,
  },
  transform: {
    '/src/.*(?<!\\.spec)\\.ts$': `${native}/transformer.js`,
    '/test/support/native/.*\\.ts$': `${native}/transformer.js`,
    '\\.ts$': compiled,
  },
};

/** @type {import('jest').Config} */
export default {
  projects: [
    {
      ...common,
      // The pattern excludes specs, because testPathIgnorePatterns on the command line replaces that of a
      // configuration.
      testMatch: ['<rootDir>/{src,test,examples}/**/!(*.db|*.e2e).spec.ts'],
    },
    {
      ...common,
      ...(isLoadedByJest ? {} : sharing),
      globalSetup: '<rootDir>/test/support/global-setup.js',
      globalTeardown: '<rootDir>/test/support/global-teardown.js',
      testMatch: ['<rootDir>/{src,test}/**/*.{db,e2e}.spec.ts'],
    },
  ],
  testTimeout: 90_000,
  // Tests spend half of their time waiting for services and databases in other processes.
  maxWorkers: '100%',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts'],
};
