import { hashPassword, matchesPassword, PASSWORD_MAX, whyNotPassword } from './password.ts';

describe('passwords', () => {
  test('are hashed with argon2id at the recommended cost, salted', async () => {
    const [one, two] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await matchesPassword('correct horse', one)).toBe(true);
    expect(await matchesPassword('correct horsf', one)).toBe(false);
  });

  test('a hash made elsewhere, at another cost, is understood', async () => {
    // From the tests of the reference implementation (P-H-C/phc-winner-argon2, src/test.c).
    const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await matchesPassword('password', reference)).toBe(true);
    expect(await matchesPassword('passwore', reference)).toBe(false);
  });

  test('are the same however composed', async () => {
    expect(await matchesPassword('na\u0069\u0308vet\u00e9!', await hashPassword('na\u00efvete\u0301!'))).toBe(true);
  });

  test('without a hash none matches, not even that of the stand-in', async () => {
    expect(await matchesPassword('', null)).toBe(false);
  });

  test('what is no argon2id hash is a broken invariant', async () => {
    await expect(matchesPassword('correct horse', '$2b$10$abc')).rejects.toThrow(/PHC/);
  });

  test('have a length, counted in characters', () => {
    expect(whyNotPassword('1234567')).toMatch(/at least 8/);
    expect(whyNotPassword('12345678')).toBeNull();
    expect(whyNotPassword('👍👍👍👍')).toMatch(/at least 8/);
    expect(whyNotPassword('x'.repeat(PASSWORD_MAX))).toBeNull();
    expect(whyNotPassword('x'.repeat(PASSWORD_MAX + 1))).toMatch(/at most/);
  });
});
