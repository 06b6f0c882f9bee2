import type { PictureModel } from '../../picture/picture-model.ts'
import type { Selecting } from '../../picture/selection.ts'

/** What every card gets. The model is the same object all the time; a card draws what it holds now. */
export interface CardData extends Selecting {
  model: PictureModel
  /** The pane is low: second lines go first. */
  compact: boolean
  /** Pods that a lens lets shine, as `namespace/name`. */
  lit: ReadonlySet<string>
}

export function isSelected(data: CardData, client: string): boolean {
  return data.selection !== null && 'client' in data.selection && data.selection.client === client
}
