// A load generator as a process of its own: writes ready requests to keep-alive connections and reads the answers, no more, so that it takes
// little of what the server under test needs. Used by `load` below; a request file is what `writeRequests` writes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/** Puts whole HTTP/1.1 requests (buffers) into a file, each after its length. */
export function writeRequests(file, requests) {
  writeFileSync(
    file,
    Buffer.concat(
      requests.flatMap((request) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(request.length);
        return [length, request];
      }),
    ),
  );
}

function readRequests(file) {
  const bytes = readFileSync(file);
  const requests = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    requests.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return requests;
}

/**
 * Sends each request of a file once, over `connections` connections with one request under way on each. With a `rate` per second each
 * request is due at its own instant, whatever became of those before it, and its latency counts from then: a server that falls behind is
 * not spared. Without one, as fast as they are answered.
 * @param {{ port: number, file: string, connections: number, rate?: number }} options
 * @returns {Promise<{ statuses: Record<string, number>, seconds: number, latencies: number[], busy: number }>} answers by status; milliseconds,
 *   sorted; how much of a core the generator itself took: near 1, and it was the generator that could do no more
 */
export async function load(options) {
  const child = fork(import.meta.filename, { serialization: 'advanced' });
  child.send(options);
  const [answer] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the load generator ended with ${code}`);
    }),
  ]);
  child.disconnect();
  return answer;
}

/** Longest answer, head and all. */
const LONGEST = 65_536;

/**
 * One connection: takes request after request from `next`, each with the instant when it is due, until that returns undefined. Reads into a
 * buffer of its own, past the stream, which takes more time than what it carries.
 */
function work(port, next, answered) {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.alloc(LONGEST);
    let filled = 0;
    let begin = 0;
    const fail = (reason) => {
      socket.destroy();
      reject(new Error(reason));
      return false;
    };
    const callback = (bytes, chunk) => {
      if (filled + bytes > LONGEST) return fail(`an answer of more than ${LONGEST} bytes`);
      chunk.copy(buffer, filled, 0, bytes);
      filled += bytes;
      const answer = buffer.subarray(0, filled);
      const head = answer.indexOf(HEAD_END);
      if (head < 0) return true;
      const length = /\r\ncontent-length: *(\d+)/i.exec(answer.latin1Slice(0, head));
      if (!length) return fail('an answer without Content-Length');
      if (filled < head + HEAD_END.length + Number(length[1])) return true;
      answered(answer.latin1Slice(9, 12), performance.now() - begin);
      filled = 0;
      send();
      return true;
    };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: Buffer.alloc(LONGEST), callback } });
    const send = () => {
      const turn = next();
      if (turn === undefined) {
        socket.destroy();
        return resolve();
      }
      const write = () => {
        // A timer may be early by a fraction of a millisecond.
        begin = Math.min(turn.due ?? Infinity, performance.now());
        socket.write(turn.request);
      };
      const wait = turn.due === undefined ? 0 : turn.due - performance.now();
      if (wait > 0) setTimeout(write, wait);
      else write();
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
  });
}

async function main({ port, file, connections, rate }) {
  const requests = readRequests(file);
  const statuses = {};
  const latencies = [];
  let at = 0;
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  const next = () => {
    const turn = at++;
    return requests[turn] && { request: requests[turn], due: rate === undefined ? undefined : begin + (turn / rate) * 1000 };
  };
  await Promise.all(
    Array.from({ length: connections }, () =>
      work(
        port,
        next,
        (status, ms) => {
          statuses[status] = (statuses[status] ?? 0) + 1;
          latencies.push(ms);
        },
      ),
    ),
  );
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  process.send({ statuses, seconds, latencies: latencies.sort((a, b) => a - b), busy: (user + system) / 1e6 / seconds });
}

if (process.argv[1] === import.meta.filename) process.once('message', (options) => void main(options));
