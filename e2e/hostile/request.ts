import { createHash, sign } from 'node:crypto';
import { connect } from 'node:net';

/** What is in a signed request, all of it open to change. */
export interface Forgery {
  readonly keyId: string;
  readonly privateKeyPem: string;
  readonly body: Buffer;
  readonly method?: string;
  /** As on the request line. */
  readonly path?: string;
  readonly host?: string;
  readonly date?: string;
  /** What the signature covers, in this order. */
  readonly covers?: readonly string[];
  /** Name in the Signature header; null: none. */
  readonly algorithm?: string | null;
  /** Of the signature itself. */
  readonly hash?: 'sha256' | 'sha1' | 'md5' | 'sha512';
  /** Value of the Digest header; null: none. */
  readonly digest?: string | null;
  /** Further parameters of the Signature header, verbatim: `,created=1`. */
  readonly parameters?: string;
  /** Values for (created) and (expires). */
  readonly created?: number;
  readonly expires?: number;
  /** Done to the headers after they are signed; each line `Name: value`. */
  readonly tamper?: (lines: string[]) => string[];
  /** Body that is sent instead of the one that was signed. */
  readonly sends?: Buffer;
}

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** The lines of a request that is signed by draft-cavage-12, rightly unless told otherwise. */
export function forge(origin: string, f: Forgery): { head: string[]; body: Buffer } {
  const { method = 'POST', path = '/inbox', host = new URL(origin).host, date = new Date().toUTCString(), hash = 'sha256' } = f;
  const digest = f.digest === undefined ? `SHA-256=${createHash('sha256').update(f.body).digest('base64')}` : f.digest;
  const values: Record<string, string> = {
    '(request-target)': `${method.toLowerCase()} ${path}`,
    '(created)': String(f.created),
    '(expires)': String(f.expires),
    host,
    date,
    digest: digest ?? '',
    'content-type': 'application/activity+json',
  };
  const covers = f.covers ?? ['(request-target)', 'host', 'date', 'digest'];
  const signature = sign(hash, Buffer.from(covers.map((name) => `${name}: ${values[name] ?? ''}`).join('\n')), f.privateKeyPem).toString('base64');
  const algorithm = f.algorithm === undefined ? 'rsa-sha256' : f.algorithm;
  const header = [`keyId="${f.keyId}"`, ...(algorithm === null ? [] : [`algorithm="${algorithm}"`]), `headers="${covers.join(' ')}"`, `signature="${signature}"`].join(',') + (f.parameters ?? '');
  const lines = [`Host: ${host}`, `Date: ${date}`, ...(digest === null ? [] : [`Digest: ${digest}`]), 'Content-Type: application/activity+json', `Signature: ${header}`];
  return { head: [`${method} ${path} HTTP/1.1`, ...(f.tamper ?? ((same) => same))(lines)], body: f.sends ?? f.body };
}

/** Sends exactly these lines and bytes. A server that hangs up without an answer has said 0. */
export function sendRaw(origin: string, head: readonly string[], body: Buffer, length: number | null = body.length): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => {
      socket.write([...head, ...(length === null ? [] : [`Content-Length: ${length}`]), 'Connection: close', '', ''].join('\r\n'));
      socket.write(body);
    });
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer within 20 s')));
    socket.on('data', (chunk) => chunks.push(chunk));
    const end = (): void => {
      const text = Buffer.concat(chunks).toString('latin1');
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), body: text.slice(text.indexOf('\r\n\r\n') + 4) });
    };
    socket.on('close', end);
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? end() : reject(error)));
  });
}
