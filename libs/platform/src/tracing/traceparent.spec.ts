import { formatTraceparent, parseTraceparent } from './traceparent.ts';

const [TRACE, SPAN] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

describe('traceparent (W3C Trace Context, section 3.2)', () => {
  test.each(['00', '01'])('is read and written, flags %s', (flags) => {
    const header = `00-${TRACE}-${SPAN}-${flags}`;
    const context = parseTraceparent(header)!;
    expect(context).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: Number(flags), isRemote: true });
    expect(formatTraceparent(context)).toBe(header);
  });

  test('of a later version is read as far as it is known; flags that nobody knows are not passed on', () => {
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-03-what-the-future-will-be-like`)).toMatchObject({ traceId: TRACE, spanId: SPAN });
    expect(formatTraceparent(parseTraceparent(`00-${TRACE}-${SPAN}-03`)!)).toBe(`00-${TRACE}-${SPAN}-01`);
  });

  test.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capital letters', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-more`],
    ['an id that is too short', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ])('that is %s begins no trace', (_, header) => {
    expect(parseTraceparent(header)).toBeNull();
  });
});
