import { Instance } from '@heliograph/testkit';

describe('helio', () => {
  let instance: Instance;
  beforeAll(async () => {
    instance = await Instance.prepare();
  });
  afterAll(() => instance?.dispose(), 60_000);

  const fails = async (...args: string[]) => {
    const error = await instance.helio(...args).then(
      () => null,
      (failure: { code: number; stderr: string; stdout: string }) => failure,
    );
    return { code: error?.code, says: error?.stderr.trim(), stdout: error?.stdout };
  };

  test('makes an account before the first start of the server, and one line of JSON of it', async () => {
    const { stdout } = await instance.helio('account', 'create', 'alice', '--email', 'alice@mail.example', '--password', 'correct horse battery');
    expect(stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toEqual({ name: 'alice', id: `${instance.origin}/users/alice`, token: expect.any(String) });
  }, 60_000);

  test('and beside the running server, whose PostgreSQL it leaves alone', async () => {
    await instance.up();
    const before = await instance.postgresPid();
    const { stdout } = await instance.helio('account', 'token', 'alice');
    const { token } = JSON.parse(stdout) as { token: string };
    expect((await instance.request('GET', '/api/home', { token })).status).toBe(200);
    await instance.createAccount('quiet', '--no-history');
    expect((await instance.request('GET', '/api/actors/quiet')).body.hasHistory).toBe(false);
    expect(await instance.postgresPid()).toBe(before);
  }, 60_000);

  test('says what is wrong in one line, and prints nothing else', async () => {
    const create = (name: string, password = 'correct horse battery') => fails('account', 'create', name, '--email', `${name}@mail.example`, '--password', password);
    expect(await create('alice')).toEqual({ code: 2, says: 'helio: name: is taken', stdout: '' });
    expect(await create('Not A Name')).toMatchObject({ code: 2, says: expect.stringMatching(/^helio: name: /) });
    expect(await create('bob', 'short')).toMatchObject({ code: 2, says: expect.stringMatching(/^helio: password: /) });
    expect(await fails('account', 'token', 'nobody')).toMatchObject({ code: 2, says: 'helio: there is no account nobody' });
    expect(await fails('account', 'delete', 'nobody')).toMatchObject({ code: 2, says: 'helio: there is no account nobody' });
    expect(await fails('account', 'create', 'bob')).toMatchObject({ code: 1, says: expect.stringMatching(/required option '--email/) });
  }, 60_000);

  test.each([[['--help']], [['account', '--help']], [['account', 'create', '--help']], [['account', 'token', '--help']], [['account', 'delete', '--help']], [['migrate', '--help']]])(
    '%j explains itself',
    async (args) => {
      expect((await instance.helio(...args)).stdout).toMatch(/^Usage: helio/);
    },
  );

  test('migrate has nothing to do on the embedded default', async () => {
    expect((await instance.helio('migrate')).stdout).toBe('the schema is up to date\n');
  });
});
