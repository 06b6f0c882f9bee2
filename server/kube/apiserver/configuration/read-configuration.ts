// What all configuration files of an API server have in common: YAML of one kind and one of some versions, and errors that
// name every field that is wrong at once. What a file says beyond that is read beside what it is for.

import { parse } from 'yaml'
import type { FieldError } from '../../apimachinery/status-error.ts'

/** What somebody wrote, not yet checked. */
export type Told = Readonly<Record<string, unknown>>

export const record = (value: unknown): Told =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Told) : {}
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
export const texts = (value: unknown): string[] => list(value).map(String)

export const CONFIGURATION_VERSIONS: readonly string[] = ['v1', 'v1beta1', 'v1alpha1'].map(
  (version) => `apiserver.config.k8s.io/${version}`,
)

export interface ExpectedConfiguration {
  /** Named in errors. */
  file: string
  kind: string
  versions?: readonly string[]
}

/** Throws when it is none of the kind. */
export function readConfiguration(
  source: string,
  { file, kind, versions = CONFIGURATION_VERSIONS }: ExpectedConfiguration,
): Told {
  let told: Told
  try {
    told = record(parse(source))
  } catch (err) {
    throw new Error(`${file}: ${(err as Error).message}`, { cause: err })
  }
  if (told.kind !== kind || !versions.includes(text(told.apiVersion))) {
    throw new Error(
      `${file}: no kind "${text(told.kind)}" is registered for version "${text(told.apiVersion)}"; ` +
        `expected ${kind} of ${versions.join(', ')}`,
    )
  }
  return told
}

/** Throws with everything that is wrong. */
export function assertNoErrors(file: string, errors: readonly FieldError[]): void {
  if (errors.length === 0) return
  throw new Error(`${file}: ${errors.map(({ field, message }) => `${field}: ${message}`).join('; ')}`)
}
