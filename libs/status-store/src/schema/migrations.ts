import { CreateStatusLog1763900400000 } from './migrations/1763900400000-create-status-log.ts';
import { CreateStatusProjection1763900400001 } from './migrations/1763900400001-create-status-projection.ts';

export const statusStoreMigrations = [CreateStatusLog1763900400000, CreateStatusProjection1763900400001];
