import { z } from 'zod';

/** What somebody may do; a route asks for one of them. */
export const Permission = z.enum([
  /** Ask what the card on a CRM record shows, and nothing else; whoever may read may this too. */
  'card',
  /** See everything but secrets. */
  'read',
  /** Change definitions, mappings, schedules; start runs. */
  'edit',
  /** Publish, release, undo: what reaches the CRM. */
  'approve',
  /** Connections, people, tokens, privacy, settings. */
  'administer',
]);
export type Permission = z.infer<typeof Permission>;

export const Role = z.enum(['admin', 'revops', 'approver', 'viewer']);
export type Role = z.infer<typeof Role>;

/** Roles are given by an admin of the tenant, never inherited from a CRM. */
export const PERMISSIONS: Record<Role, readonly Permission[]> = {
  admin: ['read', 'edit', 'approve', 'administer'],
  revops: ['read', 'edit', 'approve'],
  approver: ['read', 'approve'],
  viewer: ['read'],
};

/** Do permissions that somebody has hold another one? */
export const holds = (held: readonly Permission[], needed: Permission): boolean =>
  held.includes(needed) || (needed === 'card' && held.includes('read'));
