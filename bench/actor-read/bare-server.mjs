// The limit: node:http that has the answers ready, and sends the same bytes.
import { createServer } from 'node:http';

process.once('message', ({ answers }) => {
  const ready = new Map(answers.map(({ path, headers, body }) => [path, { headers, body: Buffer.from(body) }]));
  const server = createServer((request, response) => {
    const answer = ready.get(request.url);
    if (!answer) return response.writeHead(404, { 'content-length': 0 }).end();
    response.writeHead(200, answer.headers).end(answer.body);
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
});
