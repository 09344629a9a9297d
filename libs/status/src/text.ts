const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Counts what a person would call characters: extended grapheme clusters (UAX #29), so that a flag, a family emoji or a letter
 * with its accents is one. FEP-82f6 speaks of "100 characters or emoji".
 *
 * Takes time in proportion to the text: callers bound the bytes of a stranger's text first.
 */
export function countGraphemes(text: string): number {
  let count = 0;
  for (const _ of segmenter.segment(text)) count += 1;
  return count;
}
