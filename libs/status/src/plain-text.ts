import { countGraphemes } from './text.ts';

/** UTF-8 bytes of the longest local text: room for 100 of the longest emoji, none for piles of accents on one letter. */
const LONGEST_BYTES = 8192;

/**
 * Reads a line of plain text that a local person typed, trimmed. Line breaks and other control characters are refused rather than
 * dropped: a status stands beside a name, on one line, and nobody's words are changed silently.
 */
export function readLine(
  value: unknown,
  longest: number,
): { readonly kind: 'read'; readonly value: string } | { readonly kind: 'invalid'; readonly detail: string } {
  const invalid = (detail: string) => ({ kind: 'invalid', detail }) as const;
  if (typeof value !== 'string') return invalid('is not a text');
  const text = value.trim();
  // Joiners and other format characters alone would show as nothing.
  if (!/[^\p{Cc}\p{Cf}\p{Z}]/u.test(text)) return invalid('is empty');
  if (!text.isWellFormed()) return invalid('is not well-formed Unicode');
  if (/\p{Cc}/u.test(text)) return invalid('contains a control character or a line break');
  const tooLong = Buffer.byteLength(text) > LONGEST_BYTES || countGraphemes(text) > longest;
  return tooLong ? invalid(`is longer than ${longest} characters`) : { kind: 'read', value: text };
}
