import type { RefObject } from 'react'
import type { PictureStore } from '../lenses/picture/picture-store.ts'
import type { Selecting } from '../lenses/picture/selection.ts'
import type { LensChoice } from '../lenses/use-lens.ts'
import type { TerminalHandle } from '../terminal/terminal-screen.tsx'
import type { LabSession } from './use-lab-session.ts'

export type PaneName = 'read' | 'picture' | 'terminal' | 'scope'

export const paneWords: Record<PaneName, string> = {
  read: 'Instructions',
  picture: 'Picture',
  terminal: 'Terminal',
  scope: 'Microscope',
}

/** What the panes share, however they are laid out. */
export interface Panes {
  run: LabSession
  store: PictureStore
  terminal: RefObject<TerminalHandle | null>
  /** Undefined until there is a session; a shell may then be waited for. */
  terminalSession: string | undefined
  selecting: Selecting
  lens: LensChoice
  full: PaneName | null
  toggleFull(pane: PaneName): void
  runCommand(command: string): void
}
