/** What would move a terminal's cursor or turn its text around: controls, line separators, marks of direction. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A stranger's text on one line of a terminal: what would do anything there is shown as its code point. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, (sign) => `<U+${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`);
