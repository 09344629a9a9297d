// Preloaded by `node --import URL?ms=N`: this process's clock is ahead by N milliseconds, or behind when that is negative.
const ahead = Number(new URL(import.meta.url).searchParams.get('ms'));
const RealDate = Date;
globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    super(...(parts.length === 0 ? [RealDate.now() + ahead] : parts));
  }

  static now() {
    return RealDate.now() + ahead;
  }
};
