import { parseHandle } from './handle.ts';

describe('a handle', () => {
  test.each([
    ['alice@host.example', 'alice@host.example'],
    ['@Alice@HOST.example', 'alice@host.example'],
    ['acct:alice@host.example', 'alice@host.example'],
    ['alice@localhost:8080', 'alice@localhost:8080'],
    ['alice@host.example:443', 'alice@host.example'],
    ['alice@bücher.example', 'alice@xn--bcher-kva.example'],
    ['Ünï@host.example', 'ünï@host.example'],
  ])('%s is %s', (text, canonical) => expect(parseHandle(text, 'https')?.canonical).toBe(canonical));

  test('keeps the name as written for servers that mind the case', () =>
    expect(parseHandle('@Alice@HOST.example', 'https')).toEqual({ canonical: 'alice@host.example', name: 'Alice', host: 'host.example' }));

  test.each(['', 'alice', '@alice', 'alice@', 'a@b@c', 'a b@host', 'alice@host/path', 'alice@host?x', 'alice@host#x', 'alice@ho st', 'alice@host.', 'alice@host:99999', 'alice@[', 'a:b@host', 'a\u0000@host', 'a\ud800@host', `${'x'.repeat(201)}@host`, `a@${'x'.repeat(256)}`])(
    '%j is none',
    (text) => expect(parseHandle(text, 'https')).toBeNull(),
  );
});
