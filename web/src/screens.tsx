/** The table of screens: address, name in the navigation, what it takes to see it, and the code, loaded when it is opened. */
import {
  IconAdjustments,
  IconCalendarTime,
  IconChartPie,
  IconClipboardCheck,
  IconFlask,
  IconHistory,
  IconHome,
  IconLock,
  IconPlayerPlay,
  IconPlugConnected,
  IconSettings,
  IconShieldCheck,
  IconTable,
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
  may?: Permission;
  load: () => Promise<{ default: ComponentType }>;
};

export const screens: Screen[] = [
  { path: '/', name: 'Home', icon: IconHome, load: () => import('./screens/home/home.tsx') },
];

/** Kept for the screens to come, so that each finds its picture here. */
export const icons = {
  IconAdjustments,
  IconCalendarTime,
  IconChartPie,
  IconClipboardCheck,
  IconFlask,
  IconHistory,
  IconLock,
  IconPlayerPlay,
  IconPlugConnected,
  IconSettings,
  IconShieldCheck,
  IconTable,
  IconUsers,
  IconUserSquare,
};
