/** The table of screens: address, name in the navigation, what it takes to see it, and the code, loaded when it is opened. */
import {
  IconArrowsExchange,
  IconCalendarTime,
  IconChartPie,
  IconChecklist,
  IconFlask,
  IconHeartHandshake,
  IconHistory,
  IconHome,
  IconHourglass,
  IconPlayerPlay,
  IconPlugConnected,
  IconSettings,
  IconShieldLock,
  IconUserSquare,
  IconUsers,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { Permission } from '../../src/model/role.ts';

export type Screen = {
  path: string;
  /** In the navigation; without one it is reached from another screen. */
  name?: string;
  icon?: ComponentType<{ size?: number }>;
  /** A heading above it in the navigation; those below belong to it too. */
  begins?: string;
  may?: Permission;
  load: () => Promise<{ default: ComponentType }>;
};

export const screens: Screen[] = [
  { path: '/', name: 'Home', icon: IconHome, load: () => import('./screens/home/home.tsx') },
  {
    path: '/my',
    name: 'My customers',
    icon: IconHeartHandshake,
    load: () => import('./screens/my-customers/my-customers.tsx'),
  },
  {
    path: '/waiting',
    name: 'Waiting for you',
    icon: IconHourglass,
    load: () => import('./screens/waiting/waiting.tsx'),
  },
  {
    path: '/segment-sets',
    name: 'Segment sets',
    begins: 'Segments',
    icon: IconChartPie,
    load: () => import('./screens/segment-sets/list.tsx'),
  },
  { path: '/segment-sets/new', may: 'edit', load: () => import('./screens/segment-sets/gallery.tsx') },
  { path: '/segment-sets/:key', load: () => import('./screens/segment-sets/set.tsx') },
  { path: '/segments/:key/:segment', load: () => import('./screens/segment/segment.tsx') },
  {
    path: '/customers',
    name: 'Customers',
    icon: IconUserSquare,
    load: () => import('./screens/customers/customers.tsx'),
  },
  { path: '/customers/:subject/:id', load: () => import('./screens/customers/customer.tsx') },
  { path: '/records/:system/:object/:id', load: () => import('./screens/customers/record.tsx') },
  {
    path: '/quality',
    name: 'Quality',
    icon: IconChecklist,
    load: () => import('./screens/quality/quality.tsx'),
  },
  {
    path: '/experiments',
    name: 'Experiments',
    icon: IconFlask,
    load: () => import('./screens/experiments/experiments.tsx'),
  },
  {
    path: '/runs',
    name: 'Runs',
    begins: 'Runs and data',
    icon: IconPlayerPlay,
    load: () => import('./screens/runs/runs.tsx'),
  },
  { path: '/runs/refused', load: () => import('./screens/runs/runs.tsx') },
  { path: '/runs/:id', load: () => import('./screens/runs/run.tsx') },
  {
    path: '/schedules',
    name: 'Schedules',
    icon: IconCalendarTime,
    load: () => import('./screens/schedules/schedules.tsx'),
  },
  {
    path: '/mapping',
    name: 'Mapping',
    icon: IconArrowsExchange,
    load: () => import('./screens/mapping/mapping.tsx'),
  },
  {
    path: '/connections',
    name: 'Connections',
    icon: IconPlugConnected,
    load: () => import('./screens/connections/connections.tsx'),
  },
  {
    path: '/people',
    name: 'People and roles',
    begins: 'Company',
    icon: IconUsers,
    load: () => import('./screens/people/people.tsx'),
  },
  {
    path: '/privacy',
    name: 'Privacy',
    icon: IconShieldLock,
    load: () => import('./screens/privacy/privacy.tsx'),
  },
  {
    path: '/audit',
    name: 'Audit',
    icon: IconHistory,
    load: () => import('./screens/audit/audit.tsx'),
  },
  {
    path: '/settings',
    name: 'Settings',
    icon: IconSettings,
    may: 'administer',
    load: () => import('./screens/settings/settings.tsx'),
  },
];
