// What a cluster's spec says of its scheduler.

import { readFile } from 'node:fs/promises'
import { readSchedulerConfiguration, type SchedulerConfiguration } from '../scheduler/index.ts'
import { type ClusterSpec, SCHEDULER_CONFIG } from './cluster-spec.ts'

/** Undefined where nothing is said. Throws in words for whoever wrote the spec. */
export async function readSchedulerFlags({
  extraConfig = {},
}: ClusterSpec): Promise<SchedulerConfiguration | undefined> {
  const file = extraConfig[SCHEDULER_CONFIG]
  return file === undefined ? undefined : readSchedulerConfigFile(file)
}

export async function readSchedulerConfigFile(file: string): Promise<SchedulerConfiguration> {
  const source = await readFile(file, 'utf8').catch((err: Error) => {
    throw new Error(`--config: ${file} cannot be read: ${err.message}`, { cause: err })
  })
  return readSchedulerConfiguration(source, file)
}
