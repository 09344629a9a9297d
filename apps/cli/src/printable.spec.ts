import { printable } from './printable.ts';

test('what acts on a terminal is shown, not sent', () => {
  expect(printable('a\u001b[2Jb\r\n\u009bc\u202ed\u2028')).toBe('a<U+001B>[2Jb<U+000D><U+000A><U+009B>c<U+202E>d<U+2028>');
});

test('all other text stays: families, flags, letters of any script', () => {
  const text = '👩‍👩‍👧 🇩🇪 שלום שלמה ñ “quoted”';
  expect(printable(text)).toBe(text);
});
