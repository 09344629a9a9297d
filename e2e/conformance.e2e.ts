import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Instance, type InstanceAccount } from '@heliograph/testkit';

/** Runs in a process of its own: the rules print what they go through. */
const RUN = `
import { ActorUrlTestRun } from 'activitypub-testing/test-actor';
const quiet = { debug() {}, log() {}, info() {}, warn() {}, error() {} };
const seen = {};
for await (const { result, test } of new ActorUrlTestRun(new URL(process.argv[1]), { console: quiet })) seen[test.slug ?? test.name] = { outcome: result.outcome, info: result.info };
process.stdout.write(JSON.stringify(seen));
`;

describe('the rules of activitypub-testing', () => {
  let instance: Instance;
  let alice: InstanceAccount;
  beforeAll(async () => {
    instance = await Instance.start();
    alice = await instance.createAccount('alice');
    await instance.request('PUT', '/api/status', { token: alice.token, body: { content: 'under test' } });
  }, 120_000);
  afterAll(() => instance?.dispose(), 60_000);

  test('hold for our actor', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', RUN, alice.id]);
    const outcomes = JSON.parse(stdout) as Record<string, { outcome: string; info?: string }>;
    expect(Object.entries(outcomes).filter(([, { outcome }]) => outcome === 'failed')).toEqual([]);
    const passed = Object.entries(outcomes).filter(([, { outcome }]) => outcome === 'passed').map(([slug]) => slug);
    expect(passed.sort()).toEqual([
      'actor-must-serve-as2-object-to-get',
      'actor-objects-must-have-inbox-outbox-properties',
      'followers-collection-must-be-a-collection',
      'following-collection-must-be-a-collection',
      'inbox-must-be-an-orderedcollection',
      'outbox-must-be-an-orderedcollection',
    ]);
  }, 60_000);
});
