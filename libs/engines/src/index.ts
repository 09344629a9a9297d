export { type Clock, DatabaseClock } from './database-clock.ts';
export { type Engines, kafkaConnection, migrateDatabase, openEngines } from './engines.ts';
export { migrate, openDataSource } from './data-source.ts';
export { drain, onSignal, orExit, runService, type Service, type ServiceFactory } from './run-service.ts';
