// Which container of a Pod a check means. A learner may write a companion beside it, before it or after it, and call it
// what they like, so it is found by its image.

import type { Container, PodSpec } from 'kubernetes-types/core/v1'

/** The one with this image, else with another version of it, else the first: what is wrong is then said of that. */
export function containerFor(spec: PodSpec | undefined, image: string): Container | undefined {
  const all = spec?.containers ?? []
  return (
    all.find((each) => sameImage(each.image, image)) ??
    all.find((each) => each.image && repositoryOf(each.image) === repositoryOf(image)) ??
    all[0]
  )
}

export const imageFor = (spec: PodSpec | undefined, image: string): string | undefined =>
  containerFor(spec, image)?.image

export const runsImage = (spec: PodSpec | undefined, image: string): boolean => sameImage(imageFor(spec, image), image)

/** `nginx`, `nginx:latest` and `docker.io/library/nginx:latest` are one image. */
export function sameImage(one: string | undefined, other: string): boolean {
  return one !== undefined && fullName(one) === fullName(other)
}

function fullName(image: string): string {
  const path = shortName(image)
  return /[:@]/.test(path.slice(path.lastIndexOf('/') + 1)) ? path : `${path}:latest`
}

/** Without host, version and digest. */
export const repositoryOf = (image: string): string => shortName(image).replace(/[:@][^/]*$/, '')
const shortName = (image: string) => image.replace(/^(index\.)?docker\.io\//, '').replace(/^library\//, '')
