// What a cluster's spec says of its descheduler.

import { readFile } from 'node:fs/promises'
import { readDeschedulerPolicy } from '../controllers/index.ts'
import { type ClusterSpec, DESCHEDULER_POLICY } from './cluster-spec.ts'

/** Undefined where nothing is said. Throws in words for whoever wrote the spec. */
export async function readDeschedulerFlags({ extraConfig = {} }: ClusterSpec) {
  const file = extraConfig[DESCHEDULER_POLICY]
  return file === undefined ? undefined : readDeschedulerPolicyFile(file)
}

export async function readDeschedulerPolicyFile(file: string) {
  const source = await readFile(file, 'utf8').catch((err: Error) => {
    throw new Error(`--descheduler-policy-file: ${file} cannot be read: ${err.message}`, { cause: err })
  })
  return readDeschedulerPolicy(source, file)
}
