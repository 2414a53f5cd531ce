/** The table of screens: address, name in the navigation, what it takes to see it, and the code, loaded when it is opened. */
import { IconHome, IconUserSquare } from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { Permission } from '../../src/model/role.ts';

export type Screen = {
  path: string;
  /** In the navigation; without one it is reached from another screen. */
  name?: string;
  icon?: ComponentType<{ size?: number }>;
  may?: Permission;
  load: () => Promise<{ default: ComponentType }>;
};

export const screens: Screen[] = [
  { path: '/', name: 'Home', icon: IconHome, load: () => import('./screens/home/home.tsx') },
  { path: '/segments/:key/:segment', load: () => import('./screens/segment/segment.tsx') },
  {
    path: '/customers',
    name: 'Customers',
    icon: IconUserSquare,
    load: () => import('./screens/customers/customers.tsx'),
  },
  { path: '/customers/:subject/:id', load: () => import('./screens/customers/customer.tsx') },
];
