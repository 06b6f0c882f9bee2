// What a lens is. The API server's band, etcd's tape and the machines are the same in all of them and keep their places;
// a lens says which of the common cards it does without, and draws its own over the rest, in the canvas's coordinates.

import type { ComponentType } from 'react'
import type { RequestTrace } from '../../../server/base/trace.ts'
import type { PictureLayout } from './canvas/picture-layout.ts'
import type { PictureModel } from './picture/picture-model.ts'
import type { PictureStore } from './picture/picture-store.ts'
import type { Selecting, Selection } from './picture/selection.ts'

export interface LensProps extends Selecting {
  store: PictureStore
  /** Undefined until the lab has begun. */
  sessionId: string | undefined
  /** Brings what stands beside the picture, where it has no room there, in front of it. */
  lookCloser?: (() => void) | undefined
}

export interface LayerProps extends LensProps {
  /** Where the common cards stand; loops and stages keep their room also where they are not drawn. */
  layout: PictureLayout
}

/** `stages` are what is inside the API server's band, `ways` the lines that dots move on. */
export type CommonPart = 'loops' | 'stages' | 'ways' | 'you' | 'scheduler' | 'machines' | 'tape' | 'api'

export interface LensView {
  without?: readonly CommonPart[]
  /** In a lower pane it pans; what all common cards need, unless told. */
  leastHeight?: number
  /** The request that the API server's band shows, where it is not the chosen or the last one. */
  bandRequest?(model: PictureModel, selection: Selection): RequestTrace | undefined
  Layer?: ComponentType<LayerProps>
  /** What one asks of this lens, in the bar. */
  Bar?: ComponentType<LensProps>
  /** Beside the picture: what is chosen, looked at closely. */
  Scope: ComponentType<LensProps>
  /** The text twin: everything that the canvas shows. */
  Table: ComponentType<LensProps>
}

export interface Lens {
  /** As `?lens=` names it. */
  id: string
  title: string
  /** Has loops to hold: their buttons stand in the bar. */
  hasLoops: boolean
  /** What one finds beside the picture with nothing chosen, as the button for it says. */
  closer: string
  load(): Promise<LensView>
}
