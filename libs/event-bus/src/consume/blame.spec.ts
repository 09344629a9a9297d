import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import { BusUnavailableError } from '../port.ts';
import { blameOf } from './blame.ts';
import { DependencyAwayError, UnknownMessageError } from './errors.ts';

const withCode = (code: string, message = 'it failed'): Error => Object.assign(new Error(message), { code });
function answer(code: string): pg.DatabaseError {
  const error = new pg.DatabaseError('it failed', 1, 'error');
  error.code = code;
  error.severity = 'ERROR';
  return error;
}

const named = (errors: readonly unknown[]): [string, unknown][] =>
  errors.map((error) => [`${String(error)} ${(error as { code?: string } | undefined)?.code ?? ''}`, error]);

describe('blameOf', () => {
  test.each(named([
    new BusUnavailableError('no bus'),
    new DependencyAwayError('no cache'),
    withCode('ECONNREFUSED'),
    withCode('ECONNRESET'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Connection terminated unexpectedly'),
    new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]),
    new Error('could not store', { cause: withCode('EPIPE') }),
    ...['08006', '53300', '57P01', '57014', '40001', '40P01', '25006', '42P01', '55P03'].map(answer),
    new QueryFailedError('SELECT 1', [], answer('57P03')),
  ]))('%s: a dependency is away', (_, error) => {
    expect(blameOf(error)).toBe('dependency');
  });

  test.each(named([
    new Error('does not fit'),
    new TypeError('x is not a function'),
    ...['22021', '22P02', '23505', '23514', '54000', 'P0001'].map(answer),
    new QueryFailedError('SELECT 1', [], answer('23502')),
    // The code of some other library, not of PostgreSQL.
    withCode('42P01'),
    'a string',
    undefined,
  ]))('%s: the message', (_, error) => {
    expect(blameOf(error)).toBe('message');
  });

  test('an unknown message is known by its class, also within another error', () => {
    expect(blameOf(new UnknownMessageError('StatusPublished version 2'))).toBe('unknown-message');
    expect(blameOf(new Error('cannot decode', { cause: new UnknownMessageError('version 2') }))).toBe('unknown-message');
  });

  test('ends with errors that are their own cause', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(blameOf(error)).toBe('message');
  });
});
