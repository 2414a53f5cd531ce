import { Alert, Badge, createTheme, Drawer, Modal, Notification, Tabs } from '@mantine/core';

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
    // On a phone they are pushed sideways; in two rows the line under them would stand in the middle.
    Tabs: Tabs.extend({
      styles: {
        list: { flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' },
        tab: { flexShrink: 0 },
      },
    }),
    Modal: Modal.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } }),
    Drawer: Drawer.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } }),
    // As the badges': the kit's tinted titles are too pale in orange and yellow.
    Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }),
    // Words as they are written, not in capitals: they are names and states that people read. Their tint says the
    // state; the kit's tinted letters on it are under 4.5:1 for yellow and orange.
    Badge: Badge.extend({
      defaultProps: { tt: 'none', fw: 600 },
      styles: (_theme, { variant }) => ({
        // A cut state says nothing.
        root: { flexShrink: 0, minWidth: 'fit-content' },
        ...(variant === 'light' && { label: { color: 'var(--mantine-color-text)' } }),
      }),
    }),
  },
});
