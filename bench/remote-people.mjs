// People of a server elsewhere that benches send as: known to the instance already, so that nobody has to ask that server for them.
import { generateKeyPairSync } from 'node:crypto';
import { signRequest } from '../libs/http-signatures/dist/index.js';

/** Nobody answers there, and nobody needs to. */
const HOST = 'remote.example';
/** Pairs of keys, shared among the people: making one takes a tenth of a second. */
const KEYS = 20;
/** When status number 0 was published. However many follow, none is of the future. */
const FIRST = Date.now() - 3_600_000;

export const makeKeys = () =>
  Array.from({ length: KEYS }, () =>
    generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }),
  );

/** Person number `number`, with what it takes to sign. @param keys of `makeKeys` */
export function personOf(keys, number) {
  const id = `https://${HOST}/users/person${number}`;
  return { id, keyId: `${id}#main-key`, privateKeyPem: keys[number % KEYS].privateKey };
}

/** Makes people number 0 to `count` - 1 known, as if their documents had just been fetched. @param {import('pg').Client} database */
export async function insertPeople(database, keys, count) {
  await database.query(
    `INSERT INTO remote_actor (iri, type, handle, preferred_username, display_name, url, inbox, shared_inbox, followers, keys, keys_fetched_at,
                               has_history, shown_status, locked, fetched_at)
     SELECT iri, 'Person', name || '@${HOST}', name, 'Person ' || number, 'https://${HOST}/@' || name, iri || '/inbox', 'https://${HOST}/inbox', iri || '/followers',
            jsonb_build_array(jsonb_build_object('id', iri || '#main-key', 'owner', iri, 'publicKeyPem', ($1::text[])[1 + number % ${KEYS}])),
            now(), false, true, false, now()
     FROM generate_series(0, $2::int - 1) AS number,
          LATERAL (SELECT 'person' || number AS name, 'https://${HOST}/users/person' || number AS iri) AS person`,
    [keys.map(({ publicKey }) => publicKey), count],
  );
}

/** Status number `number`, by `person`, later than those of smaller numbers. */
export const statusIdOf = (person, number) => `${person.id}/statuses/${number}`;

/** An activity as another server posts it to the shared inbox. @param {string} origin of the instance @returns path, method, headers and body */
export function signedPost(person, activity, origin) {
  const body = Buffer.from(JSON.stringify(activity));
  const signed = signRequest({ method: 'POST', url: `${origin}/inbox`, body, keyId: person.keyId, privateKeyPem: person.privateKeyPem, date: new Date() });
  return { path: '/inbox', method: 'POST', headers: { ...signed, 'content-type': 'application/activity+json' }, body };
}

/** A Create of a status, as `signedPost`. */
export function signedCreate(person, number, origin) {
  const id = statusIdOf(person, number);
  const published = new Date(FIRST + number).toISOString();
  const object = { type: 'ActorStatus', id, attributedTo: person.id, content: `Fixing the roof, shingle number ${number}`, published };
  const activity = {
    '@context': ['https://www.w3.org/ns/activitystreams', { sm: 'http://smithereen.software/ns#', ActorStatus: 'sm:ActorStatus' }],
    type: 'Create',
    id: `${id}#create`,
    actor: person.id,
    to: [`${person.id}/followers`],
    object,
  };
  return signedPost(person, activity, origin);
}

/**
 * Gives each of them a status, received yesterday: log and current table as the projection leaves them for actors without a history.
 * @param {import('pg').Client} database
 */
export async function insertStatuses(database, count) {
  await database.query(
    `WITH status AS MATERIALIZED (
       SELECT iri AS actor, md5(iri)::uuid AS event_id, iri || '/statuses/first' AS status_id, date_trunc('milliseconds', now()) - interval '1 day' AS at,
              to_char((now() - interval '1 day') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS published,
              jsonb_build_object('text', 'Fixing the roof, as always', 'language', 'en', 'attachment', NULL) AS content
       FROM generate_series(0, $1::int - 1) AS number, LATERAL (SELECT 'https://${HOST}/users/person' || number AS iri) AS person
     ), logged AS (
       INSERT INTO status_event (actor, event_id, received_at, kind, origin, keep, status_id, published_raw, published_key, content)
       SELECT actor, event_id, at, 'StatusPublished', 'remote', false, status_id, published || 'Z', published || '000000Z', content FROM status
     )
     INSERT INTO current_status (actor, version, event_id, shown_at, received_at, origin, keep, status_id, published_raw, published_key, content)
     SELECT actor, 1, event_id, at, at, 'remote', false, status_id, published || 'Z', published || '000000Z', content FROM status`,
    [count],
  );
}
