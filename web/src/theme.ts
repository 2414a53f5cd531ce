import { Badge, createTheme } from '@mantine/core';

/** The look of all screens. Colours keep the contrast of WCAG AA in both schemes. */
export const theme = createTheme({
  primaryColor: 'blue',
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  headings: { fontWeight: '650' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Their tint says the state; the kit's tinted letters on it are under 4.5:1 for yellow and orange.
    Badge: Badge.extend({
      styles: (_theme, { variant }) =>
        variant === 'light' ? { label: { color: 'var(--mantine-color-text)' } } : {},
    }),
  },
});
