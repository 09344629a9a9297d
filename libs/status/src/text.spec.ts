import { countGraphemes } from './text.ts';

describe('countGraphemes', () => {
  test.each([
    ['nothing', '', 0],
    ['letters', 'abc', 3],
    ['a letter with a combining accent', 'e\u0301', 1],
    ['a family', '👨‍👩‍👧‍👦', 1],
    ['two flags', '🇳🇴🇸🇪', 2],
    ['a skin tone', '👍🏽', 1],
    ['a Devanagari syllable', 'नि', 1],
    ['CR LF', '\r\n', 1],
    ['a lone surrogate', 'a\ud800b', 3],
  ])('%s', (_name, text, count) => {
    expect(countGraphemes(text)).toBe(count);
  });
});
