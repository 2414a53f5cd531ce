import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './workspace.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router';
import { ApiError } from './api.ts';
import { router } from './router.tsx';
import { theme } from './theme.ts';

/** The page's own; styles that are made later need it. */
const { nonce = '' } = document.querySelector<HTMLScriptElement>('script[nonce]') ?? {};
// Where the package that keeps the page still under a dialog looks for it (get-nonce).
Object.assign(window, { __webpack_nonce__: nonce });

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What a browser thinks of its network is no word on a server that may be on the same machine: ask, and say
      // what came of it, rather than wait without a word.
      networkMode: 'always',
      // What the server says stays so, of a CRM that does not answer too; only where it said nothing it is asked again.
      retry: (count, error) =>
        count < 2 &&
        error instanceof ApiError &&
        error.problem.code === 'server_silent' &&
        [0, 502, 503].includes(error.problem.status),
    },
    mutations: { networkMode: 'always' },
  },
});

const root = document.getElementById('root');
if (!root) throw new Error('the page has no place for the workspace');
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <Notifications position="bottom-right" />
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
