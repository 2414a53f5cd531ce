import { lazy, Suspense } from 'react';
import { createBrowserRouter } from 'react-router';
import { Loading } from './parts/states.tsx';
import { NotFound } from './screens/not-found.tsx';
import { SignIn } from './screens/sign-in/sign-in.tsx';
import { screens } from './screens.tsx';
import { For, ScreenFailed, Shell } from './shell.tsx';

export const router = createBrowserRouter([
  { path: '/sign-in', element: <SignIn /> },
  {
    element: <Shell />,
    errorElement: <ScreenFailed />,
    children: [
      ...screens.map(({ path, may, load }) => {
        const Content = lazy(load);
        return {
          path,
          errorElement: <ScreenFailed />,
          element: (
            <For may={may}>
              <Suspense fallback={<Loading />}>
                <Content />
              </Suspense>
            </For>
          ),
        };
      }),
      { path: '*', element: <NotFound /> },
    ],
  },
]);
