import type { Permission, Role } from '../../../../src/model/role.ts';

/** As src/model/role.ts has them; the server decides, this only says it. */
export const ROLES: { key: Role; name: string; says: string; permissions: Permission[] }[] = [
  {
    key: 'admin',
    name: 'Admin',
    says: 'everything, connections and people too',
    permissions: ['read', 'edit', 'approve', 'administer'],
  },
  {
    key: 'revops',
    name: 'RevOps',
    says: 'segment sets, runs and what is written',
    permissions: ['read', 'edit', 'approve'],
  },
  {
    key: 'approver',
    name: 'Approver',
    says: 'looks, publishes and releases',
    permissions: ['read', 'approve'],
  },
  { key: 'viewer', name: 'Viewer', says: 'looks only, without money', permissions: ['read'] },
];

export const ROLE_NAMES: Record<Role, string> = {
  admin: 'Admin',
  revops: 'RevOps',
  approver: 'Approver',
  viewer: 'Viewer',
};

/** Choices for a Select. */
export const ROLE_CHOICES = ROLES.map(({ key, name, says }) => ({ value: key, label: `${name}: ${says}` }));
