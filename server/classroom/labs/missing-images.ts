// A lab may need images that Podium does not bring; whoever wrote it, or teaches it, adds them.

import type { Lab } from './lab.ts'

/** Lines for whoever starts the classroom. */
export function missingImages(
  labs: readonly Pick<Lab, 'title' | 'cluster'>[],
  machines: { hasImage(name: string): boolean },
): string[] {
  return labs.flatMap(({ title, cluster }) =>
    cluster.images
      .filter((image) => !machines.hasImage(image))
      .map((image) => `lab "${title}" needs the image ${image}, which machines do not have: npx podium images add`),
  )
}
