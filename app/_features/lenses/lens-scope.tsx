import type { LensProps } from './lens.ts'
import { usePictureVersion } from './picture/use-picture.ts'
import type { LensChoice } from './use-lens.ts'

/** Beside the picture: what is chosen, as the lens looks at it. Of a past that the lens does not know it says nothing. */
export function LensScope({ choice, ...props }: LensProps & { choice: LensChoice }) {
  usePictureVersion(props.store)
  const Scope = choice.view?.Scope
  const isBlind = props.store.moment !== undefined && !choice.lens.hasPast
  return Scope && !isBlind ? <Scope {...props} /> : null
}
