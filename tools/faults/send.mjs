// One request, and the patience to repeat it until somebody says yes.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const TIMEOUT_MS = 15_000;

/** Sends a request to a port of this machine. @throws when there is no answer within 15 s */
export function send({ port, method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, agent, headers: { ...headers, 'content-length': body.length } }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString() }));
    });
    outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new Error('no answer within 15 s')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/**
 * Asks until it is answered with success or a refusal, or `giveUp()` says to stop; writes into the ledger's entry what it was told.
 * Trouble of the server (5xx, 429) and no answer at all mean: the same again.
 * @param {(status: number) => boolean} isRefusal whether a 4xx is for good
 * @returns the last answer, or null
 */
export async function ask(entry, attempt, { pauseMs, giveUp, isRefusal = () => true }) {
  while (!giveUp(entry)) {
    entry.last = Date.now();
    const answer = await attempt().catch((error) => ({ status: 0, body: error.message }));
    const { status, body } = answer;
    entry.answer = status === 0 ? `no answer (${body})` : String(status);
    if (status >= 200 && status < 300) {
      entry.acknowledgedAt = Date.now();
      return answer;
    }
    if (status >= 400 && status < 500 && status !== 429 && isRefusal(status)) {
      entry.refused = true;
      entry.answer = `${status} ${body.slice(0, 300)}`;
      return answer;
    }
    await sleep(pauseMs());
  }
  return null;
}
