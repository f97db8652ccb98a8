import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
import floors from './floors.js';

/** Globals of Node that plain JavaScript uses; in TypeScript the compiler knows them. */
const NODE_GLOBALS = Object.fromEntries(
  ['Buffer', 'URL', 'console', 'fetch', 'performance', 'process', 'setTimeout'].map((name) => [name, 'readonly']),
);

/** Globals that pure code must not use. */
const IMPURE = ['process', 'globalThis', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'fetch'];

/** Browser storage, which the console must not use. */
const STORAGE = ['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore'];

export default tseslint.config(
  { ignores: ['dist', 'dist-examples', 'coverage', 'data', 'node_modules', 'openapi', 'public/console'] },
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
    languageOptions: {
      globals: {
        document: 'readonly',
        fetch: 'readonly',
        matchMedia: 'readonly',
        SwaggerUIBundle: 'readonly',
        SwaggerUIStandalonePreset: 'readonly',
      },
    },
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
    files: ['console/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-globals': ['error', ...STORAGE, 'process'],
      'no-restricted-properties': ['error', { object: 'document', property: 'cookie' }],
    },
  },
  floors,
  {
    files: ['src/crypto/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: { 'no-restricted-globals': ['error', ...IMPURE, 'Date'] },
  },
  {
    files: ['src/policy/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-globals': ['error', ...IMPURE],
      'no-restricted-syntax': [
        'error',
        {
          selector: ':not(MemberExpression[property.name="parse"]) > Identifier[name="Date"]',
          message: 'A policy gets the time from the request: of Date, only Date.parse is allowed',
        },
      ],
    },
  },
);
