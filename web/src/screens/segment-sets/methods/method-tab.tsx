import { Stack } from '@mantine/core';
import type { Choices } from '../builder/choices.ts';
import type { Desk, Draft } from '../use-draft.ts';
import { MethodSettings } from './method-settings.tsx';

/** How a method divides: what it found in the data, and its settings. */
export function MethodTab(given: { draft: Draft; desk: Desk; choices: Choices; mayEdit: boolean }) {
  return (
    <Stack>
      <MethodSettings {...given} />
    </Stack>
  );
}
