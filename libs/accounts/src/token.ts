import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits, base64url: so many that a plain SHA-256 of it is safe to store. */
export const newToken = (): string => randomBytes(32).toString('base64url');

export const tokenHash = (token: string): Buffer => createHash('sha256').update(token).digest();
