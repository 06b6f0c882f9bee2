// Mantine, speaking our tokens: every colour and size it asks for is one of the custom properties in tokens.css,
// so a component of the library and a card on the canvas cannot drift apart.

import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

const ink: MantineColorsTuple = [
  'var(--sunken)',
  'var(--sunken)',
  'var(--line)',
  'var(--line)',
  'var(--line-strong)',
  'var(--ink-3)',
  'var(--ink-2)',
  'var(--ink-2)',
  'var(--ink)',
  'var(--ink)',
]

export const theme = createTheme({
  fontFamily: 'var(--font-text)',
  fontFamilyMonospace: 'var(--font-code)',
  headings: { fontFamily: 'var(--font-text)', fontWeight: '640' },
  fontSizes: { xs: 'var(--fs-12)', sm: 'var(--fs-13)', md: 'var(--fs-15)', lg: 'var(--fs-18)', xl: 'var(--fs-22)' },
  radius: { xs: 'var(--r-1)', sm: 'var(--r-2)', md: 'var(--r-2)', lg: 'var(--r-3)', xl: 'var(--r-3)' },
  defaultRadius: 'sm',
  colors: { ink },
  primaryColor: 'ink',
  primaryShade: 9,
  shadows: { xs: 'none', sm: 'none', md: 'var(--shadow-sheet)', lg: 'var(--shadow-sheet)', xl: 'var(--shadow-sheet)' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // A menu may hold nothing but its items: the first of them has the focus, not a box before it.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    InputWrapper: {
      styles: { label: { marginBottom: 4 }, description: { marginBottom: 4, fontSize: 'var(--fs-12)' } },
    },
  },
  focusRing: 'never', // base.css draws the two rings
})

const ours = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-3)',
  '--menu-item-hover': 'var(--sunken)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--sunken)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-color-error': 'var(--fail)',
  '--mantine-color-placeholder': 'var(--ink-3)',
}

export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: { '--mantine-line-height': '1.35' },
  // Frames and grounds of its inputs and menus.
  light: { ...ours, '--mantine-color-gray-4': 'var(--line-strong)' },
  dark: { ...ours, '--mantine-color-dark-4': 'var(--line-strong)', '--mantine-color-dark-6': 'var(--surface)' },
})
