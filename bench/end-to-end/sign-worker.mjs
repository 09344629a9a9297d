// A worker thread: signs Creates ahead of time, so that signing takes nothing from what is measured.
import { parentPort, workerData } from 'node:worker_threads';
import { personOf, signedCreate } from '../remote-people.mjs';

const { keys, people, origin } = workerData;
parentPort.on('message', (numbers) => parentPort.postMessage(numbers.map((number) => ({ number, request: signedCreate(personOf(keys, number % people), number, origin) }))));
