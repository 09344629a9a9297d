import { verify } from 'node:crypto';
import { signingString } from './signing-string.ts';

/** The key pair, request and signatures of draft-cavage-http-signatures-12, appendix C. (1024 bits: too few for `verifyRequest`.) */
const publicKey = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3
6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6
Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw
oYi+1hqp1fIekaxsyQIDAQAB
-----END PUBLIC KEY-----`;
const message = {
  method: 'POST',
  target: '/foo?param=value&pet=dog',
  headers: {
    host: 'example.com',
    date: 'Sun, 05 Jan 2014 21:31:40 GMT',
    'content-type': 'application/json',
    digest: 'SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=',
    'content-length': '18',
  },
};

test.each([
  ['date', 'SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q25WqS+lavg7T8hc0GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM='],
  ['(request-target) host date', 'qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKFYRqzic+efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0='],
  ['(request-target) host date content-type digest content-length', 'vSdrb+dS3EceC9bcwHSo4MlyKS59iFIrhgYkz8+oVLEEzmYZZvRs8rgOp+63LEM3v+MFHB32NfpB2bEKBIvB1q52LaEUHFv120V01IL+TAD48XaERZFukWgHoBTLMhYS2Gb51gWxpeIq8knRmPnYePbF5MOkR0Zkly4zKH7s1dE='],
])('the signature of the draft over "%s" is one of our signing string', (headers, signature) => {
  const string = signingString(message, headers.split(' '));
  if (string.kind !== 'string') throw new Error(`missing ${string.name}`);
  expect(verify('sha256', Buffer.from(string.value), publicKey, Buffer.from(signature, 'base64'))).toBe(true);
  expect(verify('sha256', Buffer.from(`${string.value} `), publicKey, Buffer.from(signature, 'base64'))).toBe(false);
});

test('repeated headers are joined, values trimmed, empty ones kept', () => {
  const headers = { 'x-list': [' a', 'b '], 'x-empty': '' };
  expect(signingString({ ...message, headers }, ['x-list', 'x-empty'])).toEqual({ kind: 'string', value: 'x-list: a, b\nx-empty: ' });
});

test.each(['x-other', '(created)', 'constructor'])('a covered name without a value is told: %s', (name) => {
  expect(signingString(message, ['host', name])).toEqual({ kind: 'missing', name });
});
