import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from 'node:crypto';
import { promisify } from 'node:util';

/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. About 30 ms, off the event loop. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const TAG_LENGTH = 32;
/** Characters (code points); NIST SP 800-63B section 3.1.1.2. */
export const PASSWORD_MIN = 8;
/** Bounds the work that one request can cause. */
export const PASSWORD_MAX = 1_000;

const derive = promisify((parameters: Argon2Parameters, done: (error: Error | null, tag: Buffer) => void) => argon2('argon2id', parameters, done));
const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

const encode = (nonce: Buffer, tag: Buffer): string =>
  `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${base64(nonce)}$${base64(tag)}`;

/** The same password typed on another keyboard may come composed otherwise. */
const message = (password: string): Buffer => Buffer.from(password.normalize('NFKC'));

/** Why `password` will not do; null when it will. */
export function whyNotPassword(password: string): string | null {
  const length = [...password].length;
  if (length < PASSWORD_MIN) return `must have at least ${PASSWORD_MIN} characters`;
  return length > PASSWORD_MAX ? `must have at most ${PASSWORD_MAX} characters` : null;
}

/** argon2id (RFC 9106) with a fresh nonce, as a PHC string. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  return encode(nonce, await derive({ ...COST, message: message(password), nonce, tagLength: TAG_LENGTH }));
}

/** What a name without an account is checked against, so that the time of the answer does not tell that there is none. */
const NOBODY = encode(Buffer.alloc(16), Buffer.alloc(TAG_LENGTH));

/** Whether `password` is the one that was hashed. Takes as long without a hash (null), and is then false. */
export async function matchesPassword(password: string, hash: string | null): Promise<boolean> {
  if (password.length > 2 * PASSWORD_MAX) return false;
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(hash ?? NOBODY);
  if (!parts) throw new Error('a password hash is not a PHC string of argon2id');
  const [memory, passes, parallelism] = parts.slice(1, 4).map(Number) as [number, number, number];
  const [nonce, tag] = parts.slice(4).map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer];
  const derived = await derive({ memory, passes, parallelism, message: message(password), nonce, tagLength: tag.length });
  return timingSafeEqual(derived, tag) && hash !== null;
}
