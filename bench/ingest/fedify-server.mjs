// Fedify's inbox, in memory: no queue, so that it does nothing twice; the senders' documents come from a local loader, and the contexts that
// it knows from its own copies. Signatures are verified as always.
import { createServer } from 'node:http';
import { createFederation, MemoryKvStore } from '@fedify/fedify';
import { getDocumentLoader } from '@fedify/vocab-runtime';
import { Create, Person } from '@fedify/vocab';

process.once('message', ({ people }) => {
  const documents = new Map(
    people.map(({ id, keyId, publicKeyPem }) => [
      id,
      {
        '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
        type: 'Person',
        id,
        inbox: `${id}/inbox`,
        outbox: `${id}/outbox`,
        publicKey: { id: keyId, owner: id, publicKeyPem },
      },
    ]),
  );
  const preloaded = getDocumentLoader();
  const loader = async (url, options) => {
    const document = documents.get(url.split('#')[0]);
    return document ? { contextUrl: null, documentUrl: url, document } : preloaded(url, options);
  };
  const federation = createFederation({ kv: new MemoryKvStore(), documentLoaderFactory: () => loader, contextLoaderFactory: () => loader });
  federation.setActorDispatcher('/users/{identifier}', (context, identifier) => new Person({ id: context.getActorUri(identifier), preferredUsername: identifier }));
  federation.setInboxListeners('/users/{identifier}/inbox', '/inbox').on(Create, () => undefined);

  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const asked = new Request(`http://${request.headers.host}${request.url}`, { method: request.method, headers: request.headers, body: Buffer.concat(chunks) });
      const answer = await federation.fetch(asked, { contextData: undefined });
      const body = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, { 'content-length': body.length }).end(body);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
});
