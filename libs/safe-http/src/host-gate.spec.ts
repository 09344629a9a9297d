import { HostGate } from './host-gate.ts';

const never = new AbortController().signal;

test('lets in as many as allowed, the others in order', async () => {
  const gate = new HostGate(2, 10);
  const order: string[] = [];
  const enter = async (name: string, host = 'a.example') => {
    const leave = await gate.enter(host, never);
    order.push(name);
    return leave;
  };
  const first = await enter('first');
  await enter('second');
  const third = enter('third');
  const fourth = enter('fourth');
  await enter('elsewhere', 'b.example');
  expect(order).toEqual(['first', 'second', 'elsewhere']);
  first();
  (await third)();
  await fourth;
  expect(order).toEqual(['first', 'second', 'elsewhere', 'third', 'fourth']);
});

test('turns away who would wait behind too many', async () => {
  const gate = new HostGate(1, 1);
  const leave = await gate.enter('a.example', never);
  const waiting = gate.enter('a.example', never);
  await expect(gate.enter('a.example', never)).rejects.toMatchObject({ kind: 'unreachable', message: 'too many requests wait for a.example' });
  leave();
  (await waiting)();
});

test('who gives up waiting loses the turn, and nobody else does', async () => {
  const gate = new HostGate(1, 10);
  const leave = await gate.enter('a.example', never);
  const impatient = new AbortController();
  const given = gate.enter('a.example', impatient.signal);
  const patient = gate.enter('a.example', never);
  impatient.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  leave();
  (await patient)();
  await expect(gate.enter('a.example', impatient.signal)).rejects.toThrow('enough');
  (await gate.enter('a.example', never))();
});
