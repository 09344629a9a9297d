export * from './mailboxes.ts';
export * from './retry.ts';
export * from './verdict.ts';
