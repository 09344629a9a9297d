export * from './events.ts';
export * from './event-id.ts';
export * from './version.ts';
export * from './visibility.ts';
export * from './fold.ts';
export * from './decide.ts';
export * from './text.ts';
export * from './instant.ts';
