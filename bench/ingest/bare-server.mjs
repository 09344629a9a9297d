// The limit: what any inbox on node:http has to do at least. Digest, RSA verification with a key that is ready, JSON.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:http';

const SIGNATURE = /keyId="([^"]+)".*headers="([^"]+)".*signature="([^"]+)"/;

function accepts(request, body, keys) {
  const { headers } = request;
  const [, keyId, names, signature] = SIGNATURE.exec(headers.signature) ?? [];
  const key = keys.get(keyId);
  if (!key || headers.digest !== `SHA-256=${createHash('sha256').update(body).digest('base64')}`) return false;
  const lines = names.split(' ').map((name) => `${name}: ${name === '(request-target)' ? `post ${request.url}` : headers[name]}`);
  if (!verify('sha256', Buffer.from(lines.join('\n')), key, Buffer.from(signature, 'base64'))) return false;
  return typeof JSON.parse(body.toString()).type === 'string';
}

process.once('message', ({ people }) => {
  const keys = new Map(people.map(({ keyId, publicKeyPem }) => [keyId, createPublicKey(publicKeyPem)]));
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const status = accepts(request, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks), keys) ? 202 : 401;
      response.writeHead(status, { 'content-length': 0 }).end();
    });
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
});
