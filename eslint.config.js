import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What plain JavaScript takes from Node without importing it; in TypeScript the compiler knows. */
const NODE_GLOBALS = Object.fromEntries(
  ['Buffer', 'URL', 'console', 'fetch', 'performance', 'process', 'setTimeout'].map((name) => [name, 'readonly']),
);

/** Imports run one way: planes -> provider, keys -> crypto, errors. A folder may not import what stands above it. */
const layer = (files, forbidden, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: forbidden, message }] }] },
});

const CRYPTO_KEEPS_TO_ITSELF = {
  regex: '\\.\\./(\\.\\./)?(config|errors/|keys|provider|http|auth|database|controlplane|dataplane)',
  message: 'crypto/ keeps to itself',
};

export default tseslint.config(
  { ignores: ['dist', 'dist-examples', 'coverage', 'data', 'node_modules', 'openapi', 'scripts/check-model.js'] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.js'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      parserOptions: { projectService: false },
      globals: {
        URL: 'readonly',
        Buffer: 'readonly',
        process: 'readonly',
        location: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
  {
    files: ['public/**/*.js'],
    languageOptions: { globals: { SwaggerUIBundle: 'readonly', SwaggerUIStandalonePreset: 'readonly' } },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['bench/**', 'scripts/**'],
    languageOptions: { globals: NODE_GLOBALS },
    rules: { 'no-console': 'off' },
  },
  { files: ['examples/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['src/crypto/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(?!node:crypto$|\\.{1,2}/)', message: 'crypto/ imports node:crypto and itself only' },
            CRYPTO_KEEPS_TO_ITSELF,
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...['process', 'globalThis', 'Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'fetch'],
      ],
    },
  },
  {
    files: ['src/crypto/tr34/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!node:crypto$|\\.{1,2}/|asn1js$)',
              message: 'tr34/ imports node:crypto, the ASN.1 library and crypto/ only',
            },
            CRYPTO_KEEPS_TO_ITSELF,
          ],
        },
      ],
    },
  },
  layer(
    ['src/{errors,config}/**/*.ts'],
    '(keys|provider|http|auth|database|controlplane|dataplane)/',
    'the lowest layer imports nothing above it',
  ),
  layer(['src/{keys,provider}/**/*.ts'], '(controlplane|dataplane)/', 'keys and provider know no plane'),
  layer(
    ['src/payment/controlplane/**/*.ts'],
    'dataplane/|^@nestjs/swagger$',
    'the planes know nothing of each other, and Swagger only docs/: OperationsController and …PlaneOperation say what it needs',
  ),
  layer(
    ['src/admin/**/*.ts'],
    '(controlplane|dataplane)/|^@nestjs/swagger$',
    'the admin API knows no plane, and Swagger only docs/: OperationsController and AdminOperation say what it needs',
  ),
  layer(
    ['src/payment/dataplane/**/*.ts'],
    'controlplane/|^@nestjs/swagger$',
    'the planes know nothing of each other, and Swagger only docs/: OperationsController and …PlaneOperation say what it needs',
  ),
);
