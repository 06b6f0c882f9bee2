import type { LoopsModel } from '../loops-model.ts'
import type { Selecting } from '../selection.ts'

/** What every card gets. The model is the same object all the time; a card draws what it holds now. */
export interface CardData extends Selecting {
  model: LoopsModel
  /** The pane is low: second lines go first. */
  compact: boolean
}

export function isSelected(data: CardData, client: string): boolean {
  return data.selection !== null && 'client' in data.selection && data.selection.client === client
}
