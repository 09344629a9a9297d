import { CreateRemoteActor1763900300000 } from './migrations/1763900300000-create-remote-actor.ts';
import { AddMovedTo1763900300010 } from './migrations/1763900300010-add-moved-to.ts';

export const actorsMigrations = [CreateRemoteActor1763900300000, AddMovedTo1763900300010];
