import { list, own, readIri, readReference, readShortText, storableText } from './json.ts';

test.each([
  'https://remote.example/users/1',
  'http://localhost:8080/users/1#main-key',
  'HTTPS://Remote.Example/ü?q=1',
  `https://remote.example/${'a'.repeat(1000 - 23)}`,
])('takes the IRI %s', (iri) => {
  expect(readIri(iri)).toBe(iri);
});

test.each([
  '', 'remote.example', '/users/1', '//remote.example/', 'ftp://remote.example/', 'javascript:alert(1)', 'https://', 'https:///', 'https:remote.example',
  ' https://remote.example/', 'https://remote.example/\n', 'https://remote.example/a b', 'https://remote.example\\@other.example/', 'https://remote.example/\0',
  'https://user@remote.example/', 'https://user:password@remote.example/', 'https://remote.example/\ud800', 'https://remote.example:99999/', `https://remote.example/${'a'.repeat(1000 - 22)}`, `https://remote.example/${'ä'.repeat(600)}`,
  7, null, undefined, {}, ['https://remote.example/'],
])('refuses the IRI %p', (iri) => {
  expect(readIri(iri)).toBeNull();
});

test('a reference is a string, an object, or an array of one', () => {
  const iri = 'https://remote.example/1';
  for (const value of [iri, { id: iri }, [iri], [{ id: iri, type: 'Person' }]]) expect(readReference(value)).toBe(iri);
  for (const value of [[], [iri, iri], [[iri]], { id: [iri] }, { href: iri }]) expect(readReference(value)).toBeNull();
});

test('members come from the object itself, and null is absent', () => {
  expect(own({ a: 1 }, 'a')).toBe(1);
  expect(own({ a: null }, 'a')).toBeUndefined();
  expect(own({}, 'constructor')).toBeUndefined();
  expect(own(JSON.parse('{"__proto__":{"a":1}}') as Record<string, unknown>, 'a')).toBeUndefined();
});

test('long arrays are read in part', () => {
  expect(list(Array.from({ length: 5000 }, (_, index) => index))).toHaveLength(100);
});

test('text is made storable', () => {
  expect(storableText('a\0b\ud800c\u{1f600}')).toBe('ab\ufffdc\u{1f600}');
  expect(readShortText('  ab\0  ', 100)).toBe('ab');
  expect(readShortText('abc\u{1f600}', 4)).toBe('abc\ufffd');
  for (const nothing of ['', '  ', '\0', 7, null, undefined]) expect(readShortText(nothing, 100)).toBeNull();
});
