import type { Audience } from '../segmentation/explain.ts';
import type { Actor } from './actor.ts';

/** Who only looks sees what sales reps see; who builds or approves sees the values that decide. */
export const audienceOf = (actor: Actor): Audience =>
  actor.permissions.includes('edit') || actor.permissions.includes('approve') ? 'admin' : 'rep';
