import {
  ActionIcon,
  Alert,
  AppShell,
  Box,
  Burger,
  Group,
  Menu,
  NavLink,
  Text,
  ThemeIcon,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLogout, IconMoon, IconPlugConnectedX, IconSun, IconUser } from '@tabler/icons-react';
import { Fragment, type ReactNode, useEffect } from 'react';
import { Navigate, Outlet, NavLink as RouterLink, useLocation, useRouteError } from 'react-router';
import type { Permission, Role } from '../../src/model/role.ts';
import { ApiError, unreachable } from './api.ts';
import icon from './icon.svg';
import { useLive } from './live.ts';
import { Empty, Failed, Loading, Way } from './parts/states.tsx';
import { ROLE_NAMES, ROLES } from './screens/people/roles.ts';
import { screens } from './screens.tsx';
import { SessionContext, useSession, useSessionQuery, useSignOut } from './session.ts';

/** What is around every screen: who and where one is, the way to the others. */
export function Shell() {
  const session = useSessionQuery();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  // A screen that was chosen on a phone should be seen, and the keyboard should start at its top.
  // biome-ignore lint/correctness/useExhaustiveDependencies: closes with every change of the address
  useEffect(close, [pathname]);
  if (session.isPending) return <Loading />;
  if (session.error?.problem.status === 401) return <Navigate to="/sign-in" replace />;
  if (!session.data) return <Failed error={session.error} onRetry={() => session.refetch()} />;
  const { permissions, tenant, name, fullName, role } = session.data;
  return (
    <SessionContext value={session.data}>
      <a className="skip" href="#screen">
        Skip to the content
      </a>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
        padding="md"
      >
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="xs">
            <Group gap="sm" wrap="nowrap" miw={0}>
              <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
              <img src={icon} alt="" width={26} height={26} />
              <Text fw={650} visibleFrom="xs">
                Segment Sync
              </Text>
              <Text c="dimmed" truncate>
                {tenant.name}
              </Text>
            </Group>
            <Group gap="xs" wrap="nowrap" style={{ flexShrink: 0 }}>
              <ColourScheme />
              <Account name={fullName ?? name} email={name} role={role} />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs" aria-label="Screens">
          <Box style={{ overflowY: 'auto' }}>
            {screens
              .filter((screen) => screen.name && (!screen.may || permissions.includes(screen.may)))
              .map(({ path, name: label, icon: Icon, begins }) => (
                <Fragment key={path}>
                  {begins && (
                    <Text size="xs" c="dimmed" fw={600} px="sm" pt="sm" pb={4}>
                      {begins}
                    </Text>
                  )}
                  <NavLink
                    py={7}
                    component={RouterLink}
                    to={path}
                    label={label}
                    leftSection={Icon && <Icon size={18} />}
                    active={path === '/' ? pathname === '/' : pathname.startsWith(path)}
                    aria-current={pathname === path ? 'page' : undefined}
                  />
                </Fragment>
              ))}
          </Box>
        </AppShell.Navbar>
        <AppShell.Main id="screen" tabIndex={-1}>
          <Live />
          <Outlet />
        </AppShell.Main>
      </AppShell>
    </SessionContext>
  );
}

/** Follows the server while somebody is signed in, and says when it can't. */
function Live() {
  const isLost = useLive();
  return (
    <div role="status">
      {isLost && (
        <Alert color="orange" mb="md" icon={<IconPlugConnectedX />} title="Out of touch with the server">
          What you see may be old; it comes up to date by itself. Nothing is lost: runs go on there.
        </Alert>
      )}
    </div>
  );
}

function ColourScheme() {
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme('light') === 'dark';
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={isDark ? 'Light colours' : 'Dark colours'}
      onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
    >
      {isDark ? <IconSun size={18} /> : <IconMoon size={18} />}
    </ActionIcon>
  );
}

function Account({ name, email, role }: { name: string; email: string; role: Role | null }) {
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <UnstyledButton aria-label={name} className="account">
          <ThemeIcon variant="light" radius="xl" size={30} aria-hidden>
            <IconUser size={17} />
          </ThemeIcon>
          <Text size="sm" truncate maw={200} visibleFrom="sm">
            {name}
          </Text>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {email}
          {role && `, ${ROLE_NAMES[role]}`}
        </Menu.Label>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** A screen for those who may see it; the others are told who may, not shown forms that would be refused. */
export function For({ may, children }: { may: Permission | undefined; children: ReactNode }) {
  const { permissions } = useSession();
  if (may === undefined || permissions.includes(may)) return children;
  const roles = ROLES.filter((role) => role.permissions.includes(may)).map(({ name }) => name);
  return (
    <Empty title="Not for your role" action={<Way to="/">Go to Home</Way>}>
      It takes the role {new Intl.ListFormat('en', { type: 'disjunction' }).format(roles)}; an admin gives
      roles under People and roles.
    </Empty>
  );
}

/** A screen broke, or its code did not come: said so, with a way on. */
export function ScreenFailed() {
  const error = useRouteError();
  const isUnloaded = error instanceof TypeError && /import|fetch|load/i.test(error.message);
  return (
    <Failed error={isUnloaded ? new ApiError(unreachable) : error} onRetry={() => window.location.reload()} />
  );
}
