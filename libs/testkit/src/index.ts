export * from './eventually.ts';
export * from './instance.ts';
export * from './remote-server.ts';
export * from './test-database.ts';
