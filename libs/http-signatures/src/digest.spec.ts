import { smithereenCreate } from './fixtures/smithereen-create.ts';
import { checkDigest, digestOf } from './digest.ts';

const body = Buffer.from('{"hello": "world"}');
/** From draft-cavage-http-signatures-12, appendix C. */
const right = 'SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=';

test('the digest of a body', () => {
  expect(digestOf(body)).toBe(right);
});

test('the digest that Smithereen sent with its body', () => {
  expect(digestOf(smithereenCreate.body)).toBe(smithereenCreate.headers.digest);
});

test.each([[right], [right.replace('SHA', 'sha')], [`MD5=AAAA, ${right}`], [`${right},SHA-512=AAAA`]])('%s matches', (value) => {
  expect(checkDigest([value], body)).toEqual({ kind: 'match' });
});

test.each<[string, string[], RegExp]>([
  ['missing', [], /missing/],
  ['sent twice', [right, right], /more than once/],
  ['sent twice, joined', [`${right}, ${right}`], /more than one SHA-256/],
  ['SHA-1 alone', ['SHA=C+7Hteo/D9vJXQ3UfzxbwnXaijM='], /no SHA-256/],
  ['MD5 alone', ['MD5=AAAA'], /no SHA-256/],
  ['of another body', [digestOf(Buffer.from('{}'))], /not that of the body/],
  ['cut short', [right.slice(0, -2)], /not that of the body/],
])('refused: %s', (_, values, expected) => {
  expect(checkDigest([right], body)).toEqual({ kind: 'match' });
  expect(checkDigest(values, body)).toEqual({ kind: 'refused', reason: expect.stringMatching(expected) });
});
