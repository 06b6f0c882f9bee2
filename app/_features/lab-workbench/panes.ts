import type { RefObject } from 'react'
import type { FileDesk } from '../editor/file-desk.ts'
import type { PictureStore } from '../lenses/picture/picture-store.ts'
import type { Selecting } from '../lenses/picture/selection.ts'
import type { LensChoice } from '../lenses/use-lens.ts'
import type { Beside, TerminalHandle } from '../terminal/terminal-pane.tsx'
import type { LabSession } from './use-lab-session.ts'

export type PaneName = 'read' | 'picture' | 'terminal' | 'scope'

export type SmallTab = 'read' | 'terminal' | 'picture'

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
  /** The files of the learner's home. */
  desk: FileDesk
  beside: Beside
  selecting: Selecting
  lens: LensChoice
  full: PaneName | null
  toggleFull(pane: PaneName): void
  /** Resolves to whether it was typed. */
  runCommand(command: string): Promise<boolean>
  /** Opens the file of an instruction; it is made with this text unless it is there. */
  openFile(name: string, text: string): void
  /** The one pane that is seen below 700 px. */
  smallTab: SmallTab
  setSmallTab(tab: SmallTab): void
}
