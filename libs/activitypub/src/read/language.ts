import { isObject, list, own, type JsonObject } from './json.ts';

const TAG = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,7}$/;

/** A BCP 47 tag by its form, as sent; null for `und` and for what is no tag. */
export const readLanguage = (value: unknown): string | null =>
  typeof value === 'string' && TAG.test(value) && value.toLowerCase() !== 'und' ? value : null;

/** The default language that a document's `@context` declares; the last one holds (JSON-LD 1.1 section 4.2.4). It is all we read there. */
export function defaultLanguage(document: JsonObject): string | null {
  const declared = list(own(document, '@context')).filter((context) => isObject(context) && Object.hasOwn(context, '@language'));
  const last = declared.at(-1);
  return isObject(last) ? readLanguage(own(last, '@language')) : null;
}
