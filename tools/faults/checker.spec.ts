import { check, type Finding, type LogRow, type RunRecord, type ToldFollow, type ToldPublish, type ToldRetraction } from './checker.mjs';

const T0 = Date.UTC(2026, 10, 1);
const at = (seconds: number): number => T0 + seconds * 1_000;
const iso = (seconds: number): string => new Date(at(seconds)).toISOString();
const REMOTE = 'http://one.test/users/rita';
const FORGETFUL = 'http://one.test/users/fred';
const LOCAL = 'http://here.test/users/lena';
const FOLLOWER = 'http://two.test/users/sam';
const INBOX = 'http://two.test/inbox';

type Part<Row> = { -readonly [Key in keyof Row]: Row[Key] };
type Draft = { -readonly [Key in keyof RunRecord]: RunRecord[Key] extends readonly (infer Row)[] ? Part<Row>[] : RunRecord[Key] };

const request = (seconds: number) => ({ first: at(seconds), last: at(seconds), acknowledgedAt: at(seconds), answer: '202', refused: false });
const publish = (actor: string, number: number, more: Partial<ToldPublish> = {}): ToldPublish => ({
  kind: 'publish',
  origin: actor === LOCAL ? 'local' : 'remote',
  actor,
  statusId: `${actor}/statuses/${number}`,
  published: iso(number),
  text: `${actor} says ${number}`,
  endTime: null,
  keep: actor !== FORGETFUL,
  ...request(number),
  ...more,
});
const retract = (kind: 'remove' | 'delete', actor: string, number: number): ToldRetraction => ({
  kind,
  origin: actor === LOCAL ? 'local' : 'remote',
  actor,
  statusId: `${actor}/statuses/${number}`,
  ...request(number + 50),
});
const follow = (kind: 'follow' | 'undo', number: number, more: Partial<ToldFollow> = {}): ToldFollow => ({
  kind,
  actor: LOCAL,
  follower: FOLLOWER,
  followId: `${FOLLOWER}/follows/${number}`,
  inbox: `${FOLLOWER}/inbox`,
  audience: INBOX,
  steady: true,
  ...request(0),
  ...more,
});

const idOf = (told: ToldPublish | ToldRetraction): string => `event of ${told.kind} ${told.statusId} ${'published' in told ? told.published : ''}`;
const rowOf = (told: ToldPublish | ToldRetraction, hasText: boolean): LogRow => ({
  eventId: idOf(told),
  actor: told.actor,
  origin: told.origin,
  kind: told.kind,
  statusId: told.statusId!,
  published: 'published' in told ? told.published : null,
  endTime: 'endTime' in told ? told.endTime : null,
  hasText,
});
const delivered = (told: ToldPublish | ToldRetraction, activityId?: string) => {
  const type = { publish: 'Create', remove: 'Remove', delete: 'Delete' }[told.kind];
  return {
    inbox: INBOX,
    at: told.last,
    activityId: activityId ?? `${told.statusId}/${type.toLowerCase()}`,
    type,
    actor: LOCAL,
    objectId: told.statusId!,
    published: 'published' in told ? told.published : null,
    text: 'text' in told ? told.text : '',
    endTime: null,
  };
};
const accepted = (followId: string, activityId = `${LOCAL}/accepts/1`) => ({
  inbox: `${FOLLOWER}/inbox`,
  at: at(1),
  activityId,
  type: 'Accept',
  actor: LOCAL,
  objectId: followId,
  published: null,
  text: null,
  endTime: null,
});

/** A run in which all is well: Rita keeps a history and has removed and deleted, Fred keeps none, Lena is ours and is followed by Sam. */
function goodRun(): Draft {
  const rita = [1, 2, 3, 4].map((number) => publish(REMOTE, number));
  const fred = [1, 2].map((number) => publish(FORGETFUL, number));
  const lena = [1, 2, 3].map((number) => publish(LOCAL, number));
  const retractions = [retract('remove', REMOTE, 2), retract('delete', REMOTE, 3), retract('remove', LOCAL, 3)];
  const sam = follow('follow', 1);
  const texts = new Set([rita[0], rita[1], rita[3], fred[1], ...lena]);
  return {
    told: [sam, ...rita, ...fred, ...lena, ...retractions],
    log: [...[...rita, ...fred, ...lena].map((told) => rowOf(told, texts.has(told))), ...retractions.map((told) => rowOf(told, false))],
    submitted: [...rita, ...fred, ...lena].map((told) => ({ eventId: idOf(told), text: told.text })),
    current: [
      { actor: REMOTE, statusId: rita[3]!.statusId, published: rita[3]!.published, cleared: null },
      { actor: FORGETFUL, statusId: fred[1]!.statusId, published: fred[1]!.published, cleared: null },
      { actor: LOCAL, statusId: lena[2]!.statusId, published: lena[2]!.published, cleared: 'removed' },
    ],
    history: [rita[3]!, rita[1]!, rita[0]!, lena[2]!, lena[1]!, lena[0]!].map(({ actor, text }) => ({ actor, text })),
    shown: [
      { actor: REMOTE, text: rita[3]!.text },
      { actor: FORGETFUL, text: fred[1]!.text },
      { actor: LOCAL, text: null },
    ],
    historyShown: [rita[3]!, rita[1]!, rita[0]!, lena[2]!, lena[1]!, lena[0]!].map(({ actor, text }) => ({ actor, text })),
    followers: [{ actor: LOCAL, follower: FOLLOWER, followId: sam.followId }],
    received: [accepted(sam.followId), ...lena.map((told) => delivered(told)), delivered(retractions[2]!)],
    cancelled: [],
    streamed: lena.map((told) => ({ connection: 1, actor: LOCAL, event: 'published', statusId: told.statusId!, text: told.text, at: told.last })),
    deadLetters: { 'status.submitted.v1.dead': 0 },
    deadJobs: 0,
    unfinished: [],
    ended: [],
    faults: [],
    restores: [],
    checkedAt: at(1_000),
  };
}

const after = (change: (run: Draft) => void): readonly Finding[] => {
  const run = goodRun();
  change(run);
  return check(run).findings;
};
const kinds = (findings: readonly Finding[]): readonly string[] => [...new Set(findings.map(({ kind }) => kind))].sort();
const drop = <Row>(rows: Row[], which: (row: Row) => boolean): Row => rows.splice(rows.findIndex(which), 1)[0]!;
const said = (actor: string, number: number) => (row: { actor: string; text?: string | null; statusId?: string | null }) =>
  row.actor === actor && (row.text === `${actor} says ${number}` || row.statusId === `${actor}/statuses/${number}`);

describe('clean runs', () => {
  test('have no findings, and everything acknowledged is counted', () => {
    expect(check(goodRun())).toMatchObject({ acknowledged: 13, findings: [] });
  });

  test('what nobody acknowledged may be there', () => {
    expect(after((run) => (run.told.find(said(REMOTE, 1))!.acknowledgedAt = null))).toEqual([]);
  });

  test('what nobody acknowledged may be missing', () => {
    expect(after((run) => run.told.push(publish(REMOTE, 9, { acknowledgedAt: null })))).toEqual([]);
  });

  test('deliveries may be repeated under their own id, in any order', () => {
    expect(after((run) => run.received.push(...run.received.slice().reverse()))).toEqual([]);
  });

  test('who goes by the order of arrival may be misled by that: counted apart', () => {
    const misled = 'followers who would show something else if they went by the order of arrival';
    const run = goodRun();
    expect(check(run).notes).toMatchObject({ [misled]: 0 });
    run.received.push(run.received.find(({ type }) => type === 'Create')!);
    expect(check(run).notes).toMatchObject({ [misled]: 1 });
  });

  test('a stream may tell the same again on another connection', () => {
    expect(after((run) => run.streamed.push({ ...run.streamed[0]!, connection: 2 }))).toEqual([]);
  });

  test('a Create need not arrive when it was given up because something newer stands', () => {
    expect(
      after((run) => {
        drop(run.received, ({ objectId }) => objectId === `${LOCAL}/statuses/1`);
        run.cancelled.push({ eventId: idOf(publish(LOCAL, 1)), actor: LOCAL, inbox: INBOX, reason: 'superseded' });
      }),
    ).toEqual([]);
  });

  test('a Create need not arrive when its job ended, without a word, and something newer stands', () => {
    const untold = (number: number, ended: boolean) =>
      after((run) => {
        const create = publish(LOCAL, number);
        run.received = run.received.filter(({ objectId, type }) => objectId !== create.statusId || type !== 'Create');
        if (ended) run.ended.push({ eventId: idOf(create), actor: LOCAL, inbox: INBOX });
      });
    expect(untold(1, true)).toEqual([]);
    expect(kinds(untold(1, false))).toEqual(['lost']);
  });

  test('a second Follow in the place of one that stands begins nothing anew', () => {
    const second = follow('follow', 2, { ...request(900), steady: false });
    const findings = after((run) => {
      lenaRemovesNothing(run);
      run.told.push(second);
      run.followers[0]!.followId = second.followId;
      run.received.push(accepted(second.followId, 'second'));
    });
    expect(findings).toEqual([]);
  });

  test('a Remove need not arrive when it was given up because something else stands', () => {
    expect(
      after((run) => {
        const early = retract('remove', LOCAL, 1);
        run.told.push(early);
        run.log.push(rowOf(early, false));
        run.cancelled.push({ eventId: idOf(early), actor: LOCAL, inbox: INBOX, reason: 'superseded' });
      }),
    ).toEqual([]);
  });

  test('a request that was asked again across a restore may have been carried out twice: counted apart', () => {
    const run = goodRun();
    const again = carriedOutTwice(run);
    again.entry.first = at(1);
    again.entry.last = at(30);
    run.restores.push({ from: at(10), until: at(20) });
    const { findings, notes } = check(run);
    expect(findings).toEqual([]);
    expect(notes).toMatchObject({ 'requests carried out again because a restore lost their Idempotency-Key': 1 });
  });
});

/** As if Lena's last status still stood. */
function lenaRemovesNothing(run: Draft): void {
  drop(run.told, ({ kind, actor }) => kind === 'remove' && actor === LOCAL);
  drop(run.log, ({ kind, actor }) => kind === 'remove' && actor === LOCAL);
  drop(run.received, ({ type }) => type === 'Remove');
  run.current[2]!.cleared = null;
  run.shown[2]!.text = `${LOCAL} says 3`;
}

/** Lena's first status is there under a second id as well, which all tables agree on. */
function carriedOutTwice(run: Draft) {
  const entry = run.told.find(said(LOCAL, 1))! as Part<ToldPublish>;
  const second = publish(LOCAL, 0, { text: entry.text });
  run.log.push(rowOf(second, true));
  run.submitted.push({ eventId: idOf(second), text: entry.text });
  for (const rows of [run.history, run.historyShown]) rows.push({ actor: LOCAL, text: entry.text });
  run.received.push(delivered(second));
  return { entry };
}

describe('planted losses', () => {
  const losses: Record<string, (run: Draft) => void> = {
    'an acknowledged Create that the log lacks': (run) => drop(run.log, (row) => said(REMOTE, 1)(row) && row.kind === 'publish'),
    'an acknowledged Remove that the log lacks': (run) => drop(run.log, (row) => row.kind === 'remove' && row.actor === REMOTE),
    'an acknowledged Delete that the log lacks': (run) => drop(run.log, (row) => row.kind === 'delete'),
    'a status that the history table lacks': (run) => drop(run.history, said(REMOTE, 1)),
    'a status that the history over HTTP lacks': (run) => drop(run.historyShown, said(LOCAL, 2)),
    'a Follow without effect': (run) => run.followers.splice(0),
    'a Follow that was never accepted': (run) => drop(run.received, ({ type }) => type === 'Accept'),
    'a Create that did not arrive': (run) => drop(run.received, ({ objectId }) => objectId === `${LOCAL}/statuses/1`),
    'a Remove that did not arrive': (run) => drop(run.received, ({ type }) => type === 'Remove'),
    'a Create that was given up for a reason that the facts do not bear out': (run) => {
      const only = publish(LOCAL, 3);
      drop(run.received, ({ objectId, type }) => objectId === only.statusId && type === 'Create');
      run.cancelled.push({ eventId: idOf(only), actor: LOCAL, inbox: INBOX, reason: 'expired' });
    },
    'a Delete that was given up': (run) => {
      const gone = retract('delete', LOCAL, 3);
      run.told.push(gone);
      run.log.push(rowOf(gone, false));
      run.cancelled.push({ eventId: idOf(gone), actor: LOCAL, inbox: INBOX, reason: 'superseded' });
    },
    'a Create that was given up because nobody follows': (run) => {
      drop(run.received, ({ objectId }) => objectId === `${LOCAL}/statuses/1`);
      run.cancelled.push({ eventId: idOf(publish(LOCAL, 1)), actor: LOCAL, inbox: INBOX, reason: 'nobody follows from there' });
    },
  };
  test.each(Object.entries(losses))('%s', (_, plant) => {
    expect(kinds(after(plant))).toContain('lost');
  });

  test('say who, what, and what the sender was told', () => {
    const [finding] = after((run) => drop(run.log, (row) => said(REMOTE, 1)(row) && row.kind === 'publish'));
    expect(finding).toMatchObject({ kind: 'lost', actor: REMOTE, statusId: `${REMOTE}/statuses/1`, told: { answer: '202', acknowledgedAt: at(1) } });
  });
});

describe('planted duplicates', () => {
  const duplicates: Record<string, (run: Draft) => void> = {
    'an event that the log has twice': (run) => run.log.push({ ...run.log[0]! }),
    'a status that the history table has twice': (run) => run.history.push({ ...run.history[0]! }),
    'a status that the history over HTTP has twice': (run) => run.historyShown.push({ ...run.historyShown[0]! }),
    'one request that set two statuses': (run) => void carriedOutTwice(run),
    'one request that set two statuses, all before a restore': (run) => {
      carriedOutTwice(run);
      run.restores.push({ from: at(500), until: at(510) });
    },
    'a Create under a second activity id': (run) => run.received.push(delivered(publish(LOCAL, 2), `${LOCAL}/other`)),
    'a Create under a second activity id at another inbox': (run) => run.received.push({ ...delivered(publish(LOCAL, 2), `${LOCAL}/other`), inbox: 'http://three.test/inbox' }),
    'a Follow that was accepted under two ids': (run) => run.received.push(accepted(`${FOLLOWER}/follows/1`, `${LOCAL}/accepts/2`)),
    'a stream that told the same twice': (run) => run.streamed.push({ ...run.streamed[0]! }),
  };
  test.each(Object.entries(duplicates))('%s', (_, plant) => {
    expect(kinds(after(plant))).toContain('twice');
  });
});

describe('planted wrong states', () => {
  const wrongs: Record<string, (run: Draft) => void> = {
    'the table says that another status is current': (run) => Object.assign(run.current[0]!, { statusId: `${REMOTE}/statuses/1`, published: iso(1) }),
    'the table has not heard that it was removed': (run) => (run.current[2]!.cleared = null),
    'the table has nothing': (run) => run.current.splice(0, 1),
    'the API shows an older status': (run) => (run.shown[0]!.text = `${REMOTE} says 1`),
    'the API shows a removed status': (run) => (run.shown[2]!.text = `${LOCAL} says 3`),
    'the API shows nothing': (run) => (run.shown[0]!.text = null),
    'the history is in another order': (run) => run.history.reverse(),
    'the history has what was deleted': (run) => run.history.push({ actor: REMOTE, text: `${REMOTE} says 3` }),
    'the history of somebody who keeps none': (run) => run.historyShown.push({ actor: FORGETFUL, text: `${FORGETFUL} says 2` }),
    'a deleted text stays in the log': (run) => (run.log.find((row) => said(REMOTE, 3)(row) && row.kind === 'publish')!.hasText = true),
    'a superseded text of somebody who keeps no history stays in the log': (run) => (run.log.find(said(FORGETFUL, 1))!.hasText = true),
    'the log has what nobody sent': (run) => run.log.push({ ...rowOf(publish(REMOTE, 1), true), eventId: 'other', statusId: `${REMOTE}/statuses/77` }),
    'somebody follows who never asked': (run) => run.followers.push({ actor: LOCAL, follower: 'http://two.test/users/eve', followId: 'x' }),
    'somebody follows by a Follow that another has replaced': (run) => {
      run.told.push(follow('follow', 2, request(70)));
      run.received.push(accepted(`${FOLLOWER}/follows/2`, 'second'));
    },
    'somebody follows who took it back': (run) => run.told.push(follow('undo', 1, request(70))),
    'one activity id had two meanings': (run) => run.received.push({ ...delivered(publish(LOCAL, 2)), text: 'other' }),
    'what was acknowledged was refused afterwards': (run) => run.told.push(publish(REMOTE, 9, { acknowledgedAt: null, refused: true, answer: '401' })),
    'a follower takes a removed status for current': (run) => {
      drop(run.received, ({ type }) => type === 'Remove');
      run.cancelled.push({ eventId: idOf(retract('remove', LOCAL, 3)), actor: LOCAL, inbox: INBOX, reason: 'superseded' });
    },
    'a message was set aside': (run) => (run.deadLetters = { 'graph.v1.dead': 1 }),
    'a delivery was given up for good': (run) => (run.deadJobs = 1),
    'something did not come to rest': (run) => run.unfinished.push('delivery is 3 messages behind'),
  };
  test.each(Object.entries(wrongs))('%s', (_, plant) => {
    expect(kinds(after(plant))).toContain('wrong');
  });

  test('what nobody sent is told as that', () => {
    const findings = after((run) => run.log.push({ ...rowOf(publish(REMOTE, 1), true), eventId: 'other', statusId: `${REMOTE}/statuses/77` }));
    expect(findings.map(({ what }) => what)).toContain('the log has a publish that nobody sent');
  });

  test('a new follower counts from its Follow on: what came before is forgotten', () => {
    const wavering = { steady: false, ...request(2.5) };
    const findings = after((run) => {
      Object.assign(run.told[0]!, wavering);
      drop(run.received, ({ type, objectId }) => type === 'Create' && objectId === `${LOCAL}/statuses/3`);
      drop(run.received, ({ type }) => type === 'Remove');
    });
    expect(findings).toEqual([]);
  });

  test('a follower who still shows what an expired status had replaced is counted apart', () => {
    const run = goodRun();
    const brief = publish(LOCAL, 4, { endTime: iso(6) });
    run.told.push(brief);
    run.log.push(rowOf(brief, true));
    run.submitted.push({ eventId: idOf(brief), text: brief.text });
    lenaRemovesNothing(run);
    run.shown[2]!.text = null;
    Object.assign(run.current[2]!, { statusId: brief.statusId, published: brief.published });
    for (const rows of [run.history, run.historyShown]) rows.unshift({ actor: LOCAL, text: brief.text });
    run.cancelled.push({ eventId: idOf(brief), actor: LOCAL, inbox: INBOX, reason: 'expired' });
    const { findings, notes } = check(run);
    expect(findings).toEqual([]);
    expect(notes).toMatchObject({ 'followers who go by "published" and still show what a status had replaced that was gone before it could be told': 1 });
  });
});

describe('which status is current', () => {
  const winnerOf = (change: (run: Draft) => void) => after(change).filter(({ what }) => what.startsWith('current_status'));

  test('goes by published, and by the id where that is the same', () => {
    const twin = publish(REMOTE, 4, { statusId: `${REMOTE}/statuses/5`, text: 'twin' });
    const plant = (run: Draft): void => {
      run.told.push(twin);
      run.log.push(rowOf(twin, true));
      run.submitted.push({ eventId: idOf(twin), text: 'twin' });
    };
    expect(winnerOf(plant)).toHaveLength(1);
    expect(winnerOf((run) => (plant(run), (run.current[0]!.statusId = twin.statusId)))).toEqual([]);
  });

  test('does not go back to a predecessor when it is deleted', () => {
    const gone = retract('delete', REMOTE, 4);
    const plant = (run: Draft): void => {
      run.told.push(gone);
      run.log.push(rowOf(gone, false));
    };
    expect(winnerOf((run) => (plant(run), (run.current[0]!.cleared = 'deleted')))).toEqual([]);
    expect(winnerOf(plant)).toHaveLength(1);
  });
});
