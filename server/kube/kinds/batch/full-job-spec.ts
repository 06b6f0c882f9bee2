import type { JobSpec } from 'kubernetes-types/batch/v1'

/** Younger than the types we compile against. */
export interface FullJobSpec extends JobSpec {
  managedBy?: string
}
