import type { ITheme } from '@xterm/xterm'

export const usualSize = 13

/** The terminal in the page's own colours, read from the tokens as they are now. */
export function terminalTheme(element: Element): ITheme {
  const styles = getComputedStyle(element)
  const token = (name: string) => styles.getPropertyValue(name).trim()
  const ink = token('--term-ink')
  const dim = token('--term-dim')
  return {
    background: token('--term-bg'),
    foreground: ink,
    cursor: ink,
    cursorAccent: token('--term-bg'),
    selectionBackground: token('--marker'),
    selectionForeground: token('--on-marker'),
    black: ink,
    brightBlack: dim,
    white: token('--ink-2'),
    brightWhite: ink,
    red: token('--fail'),
    brightRed: token('--fail'),
    green: token('--ok'),
    brightGreen: token('--ok'),
    yellow: token('--store'),
    brightYellow: token('--store'),
    blue: token('--api'),
    brightBlue: token('--api'),
    magenta: token('--ctl'),
    brightMagenta: token('--ctl'),
    cyan: token('--net'),
    brightCyan: token('--net'),
  }
}

/** What is found in the scroll-back, and the one that is looked at. xterm wants plain colours here. */
export function findColours(element: Element) {
  const styles = getComputedStyle(element)
  const token = (name: string) => styles.getPropertyValue(name).trim()
  return {
    matchBackground: token('--marker-soft'),
    matchOverviewRuler: token('--line-strong'),
    activeMatchBackground: token('--marker'),
    activeMatchColorOverviewRuler: token('--marker'),
  }
}
