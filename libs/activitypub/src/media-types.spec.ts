import { isActivityContentType, wantsActivityJson } from './media-types.ts';

describe('isActivityContentType', () => {
  test.each([
    'application/activity+json',
    'Application/Activity+JSON; charset=utf-8',
    'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
    'application/ld+json;profile=https://www.w3.org/ns/activitystreams',
    'application/ld+json; charset=utf-8; profile="https://other.example/ https://www.w3.org/ns/activitystreams"',
  ])('takes %s', (type) => {
    expect(isActivityContentType(type)).toBe(true);
  });

  test.each([
    undefined,
    '',
    'text/html',
    'application/octet-stream',
    'application/json',
    'application/ld+json',
    'application/ld+json; profile="https://www.w3.org/ns/activitystreams#other"',
    'text/plain; x=application/activity+json',
  ])('refuses %s', (type) => {
    expect(isActivityContentType(type)).toBe(false);
  });
});

describe('wantsActivityJson', () => {
  test.each([
    [undefined, true],
    ['', true],
    ['*/*', true],
    ['application/*', true],
    ['application/activity+json', true],
    ['application/activity+json, application/ld+json', true],
    ['application/ld+json; profile="https://www.w3.org/ns/activitystreams"', true],
    ['application/json', true],
    ['application/activity+json, text/html;q=0.1', true],
    ['text/html, application/activity+json', true],
    ['text/html;q=0.9, application/activity+json;q=0.5', false],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8', false],
    ['text/html', false],
    ['text/*', false],
    ['image/png', false],
    ['application/activity+json;q=0', false],
    ['application/activity+json;q=nonsense', true],
    ['text/html;q=0, */*', true],
  ])('%p → %p', (accept, wants) => {
    expect(wantsActivityJson(accept)).toBe(wants);
  });
});
