import fc from 'fast-check';
import { readSignature } from '../index.ts';

const good = 'keyId="https://remote.example/users/alice#main-key",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="AAAA"';
const read = (signature: string | string[]) => readSignature({ signature });
const reason = (signature: string | string[]) => {
  const result = read(signature);
  return result.kind === 'malformed' ? result.reason : result.kind;
};

test('the parameters of a Signature header', () => {
  expect(read(good)).toEqual({
    kind: 'signature',
    value: {
      keyId: 'https://remote.example/users/alice#main-key',
      algorithm: 'rsa-sha256',
      signedHeaders: ['(request-target)', 'host', 'date', 'digest'],
      signature: Buffer.from('AAAA', 'base64'),
    },
  });
});

test('created and expires, bare as in the draft or quoted; spaces and unknown parameters do no harm', () => {
  const value = 'keyId="https://a.example/k" , headers="(created)",created=1700000000, expires="1700000060.5",opaque="x", signature="AAAA"';
  expect(read(value)).toMatchObject({ value: { created: 1_700_000_000, expires: 1_700_000_060.5, algorithm: null } });
});

test('without headers, only (created) is covered', () => {
  expect(read('keyId="https://a.example/k",signature="AAAA"')).toMatchObject({ value: { signedHeaders: ['(created)'] } });
});

test('no Signature header is not a malformed one', () => {
  expect(readSignature({})).toEqual({ kind: 'missing' });
});

test.each([
  ['no keyId', 'headers="date",signature="AAAA"', /no keyId/],
  ['no signature', 'keyId="https://a.example/k",headers="date"', /no signature/],
  ['a signature that is not base64', good.replace('"AAAA"', '"A!AA"'), /not base64/],
  ['a parameter twice', `${good},keyId="https://other.example/k"`, /keyId more than once/],
  ['the header twice', [good, good], /sent more than once/],
  ['the header twice, joined as node:http does', `${good}, ${good}`, /more than once/],
  ['an open quote', 'keyId="https://a.example/k', /cannot be read/],
  ['an escaped quote', String.raw`keyId="https://a.example/\"k",signature="AAAA"`, /cannot be read/],
  ['a covered name twice', good.replace('host date', 'date date'), /repeats a name/],
  ['an empty list of covered names', good.replace('(request-target) host date digest', ''), /not a list of header names/],
  ['a covered name with a line break', good.replace('host', 'ho\nst'), /not a list of header names/],
  ['an unknown pseudo-header', good.replace('(request-target)', '(anything)'), /not a list of header names/],
  ['too many covered names', good.replace('host', Array.from({ length: 40 }, (_, i) => `x${i}`).join(' ')), /too many headers/],
  ['created that is not a time', `${good},created=soon`, /created .* not a Unix time/],
  ['expires that is not a time', `${good},expires=-1`, /expires .* not a Unix time/],
  ['a header without end', `${good},x="${'x'.repeat(7_000)}"`, /too long/],
])('malformed: %s', (_, header, expected) => {
  expect(reason(good)).toBe('signature');
  expect(reason(header)).toMatch(expected);
});

test.each(['main-key', '/users/alice#main-key', 'ftp://a.example/k', 'javascript:alert(1)', 'https:a.example', 'https://', 'https://user@a.example/k', 'https://a.example/ k', 'acct:alice@a.example'])(
  'a keyId has to be an absolute http or https URL: %s',
  (keyId) => {
    const header = (id: string) => `keyId="${id}",signature="AAAA"`;
    expect(reason(header('http://a.example:8080/users/alice?x=1#main-key'))).toBe('signature');
    expect(reason(header(keyId))).toMatch(/not an absolute http or https URL/);
  },
);

test('any text is read without a throw, and only well-formed signatures come out', () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom('keyId=', '"https://a.example/k"', 'signature=', '"AAAA"', ',', '"', '=', ' ', 'headers="date"'));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const result = read(pieces.join(''));
      return result.kind !== 'signature' || (result.value.signature.length > 0 && /^https?:/.test(result.value.keyId));
    }),
  );
});
