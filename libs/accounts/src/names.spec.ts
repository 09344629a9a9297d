import { storedName, whyNotEmail, whyNotName } from './names.ts';

describe('names', () => {
  test.each(['alice', 'a', '0', '_', 'a_b_9', 'x'.repeat(30)])('%s can be had', (name) => expect(whyNotName(name)).toBeNull());

  test.each(['', 'Alice', 'al-ice', 'al.ice', 'älice', 'x'.repeat(31), 'alice\n', 'a b', '\u0000'])('%j has the wrong form', (name) =>
    expect(whyNotName(name)).toMatch(/1 to 30/),
  );

  test.each(['actor', 'inbox', 'admin', 'api', 'root', 'postmaster'])('%s is reserved', (name) => expect(whyNotName(name)).toBe('is reserved'));

  test('are found in any case of ASCII, and nothing else is looked up', () => {
    expect(storedName('ALICE_9')).toBe('alice_9');
    // KELVIN SIGN, which toLowerCase() makes a k.
    expect(['\u212A', 'a\u0000', 'a b', '', 'x'.repeat(31)].map(storedName)).toEqual(['', '', '', '', '']);
  });
});

describe('e-mail addresses', () => {
  test.each(['a@b', 'alice@host.example', 'alice+tag@HOST.example', 'älice@höst.example'])('%s passes', (email) => expect(whyNotEmail(email)).toBeNull());
  test.each(['', 'alice', '@host', 'alice@', 'a@b@c', 'a b@c', 'a@b\u0000', `${'x'.repeat(65)}@b`, `a@${'x'.repeat(256)}`])('%j does not', (email) =>
    expect(whyNotEmail(email)).not.toBeNull(),
  );
});
