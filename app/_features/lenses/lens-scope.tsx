import type { LensProps } from './lens.ts'
import { usePictureVersion } from './picture/use-picture.ts'
import type { LensChoice } from './use-lens.ts'

/** Beside the picture: what is chosen, as the lens looks at it. */
export function LensScope({ choice, ...props }: LensProps & { choice: LensChoice }) {
  usePictureVersion(props.store)
  const Scope = choice.view?.Scope
  return Scope ? <Scope {...props} /> : null
}
