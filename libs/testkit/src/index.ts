export { clockAhead } from './clock-ahead.ts';
export { describeWithEngine } from './describe-with-engine.ts';
export * from './eventually.ts';
export * from './free-port.ts';
export * from './instance.ts';
export { loopbackHosts } from './loopback-hosts.ts';
export * from './remote-server.ts';
export * from './separate-services.ts';
export * from './test-database.ts';
