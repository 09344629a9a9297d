import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const only = (sourceTag, ...allowed) => ({ sourceTag, onlyDependOnLibsWithTags: allowed });

/** app → adapter → contract → core; see docs/adr/0001. */
export const depConstraints = [
  only('type:core', 'type:core'),
  only('type:contract', 'type:contract', 'type:core'),
  only('type:platform', 'type:platform'),
  only('type:adapter', 'type:contract', 'type:core', 'type:platform'),
  only('type:schema', 'type:adapter', 'type:contract', 'type:core', 'type:platform'),
  only('type:app', 'type:adapter', 'type:contract', 'type:core', 'type:platform', 'type:schema'),
  only('type:composition', 'type:app', 'type:adapter', 'type:contract', 'type:core', 'type:platform', 'type:schema'),
  only('type:test', 'type:adapter', 'type:contract', 'type:core', 'type:platform', 'type:schema'),
];
/** Specs may also use the test kit. */
const specConstraints = depConstraints.map((rule) =>
  only(rule.sourceTag, ...rule.onlyDependOnLibsWithTags, 'type:test'),
);
const boundaries = (constraints) => [
  'error',
  { enforceBuildableLibDependency: false, allowCircularSelfDependency: true, depConstraints: constraints },
];

export default tseslint.config(
  { ignores: ['**/dist', '**/node_modules', 'tools/boundaries/fixture/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(depConstraints),
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-extraneous-class': 'off',
    },
  },
  { files: ['**/*.spec.ts', '**/*.e2e.ts'], rules: { '@nx/enforce-module-boundaries': boundaries(specConstraints) } },
  // Specs look into answers of any shape.
  { files: ['**/*.spec.ts', '**/*.e2e.ts', 'libs/testkit/**/*.ts'], rules: { '@typescript-eslint/no-explicit-any': 'off' } },
  {
    files: ['libs/{status,activitypub,http-signatures,delivery-policy}/src/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/fixtures/**'],
    rules: {
      'no-restricted-globals': ['error', 'fetch', 'process', 'performance', 'crypto', 'console', 'globalThis', 'setTimeout', 'setInterval', 'setImmediate'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'core has no clock: take `now` as a parameter' },
        { object: 'Math', property: 'random', message: 'core has no randomness: take it as a parameter' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'core has no clock: take `now` as a parameter' },
        { selector: "CallExpression[callee.name='Date']", message: 'core has no clock: take `now` as a parameter' },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: '^(?!\\.{1,2}/|@heliograph/|node:crypto$|structured-headers$)', message: 'core imports core, node:crypto and structured-headers (a pure parser), nothing else' }],
          paths: [
            {
              name: 'node:crypto',
              importNames: ['default', 'randomBytes', 'randomInt', 'randomUUID', 'getRandomValues', 'webcrypto'],
              message: 'core has no randomness: take it as a parameter',
            },
          ],
        },
      ],
    },
  },
);
