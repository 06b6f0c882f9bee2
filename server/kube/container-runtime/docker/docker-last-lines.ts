// Where a container's last words are, as the engine knows it.

import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type Docker from 'dockerode'
import type { ContainerInspectInfo } from 'dockerode'
import { joinOutputs } from '../../../base/engine-outputs.ts'
import { TERMINATION_MESSAGE_PATH, TERMINATION_MESSAGE_POLICY } from '../labels.ts'
import type { LastWordsSources } from '../last-words.ts'
import { ANNOTATION } from './docker-status.ts'

export function lastWordsSourcesOf(inspected: ContainerInspectInfo, docker: Docker): LastWordsSources {
  const labels = inspected.Config.Labels
  const path = labels[`${ANNOTATION}${TERMINATION_MESSAGE_PATH}`]
  return {
    exitCode: inspected.State.ExitCode,
    file: inspected.Mounts.find(({ Destination }) => Destination === path)?.Source,
    policy: labels[`${ANNOTATION}${TERMINATION_MESSAGE_POLICY}`],
    async lastLines(tail) {
      const raw = await docker.getContainer(inspected.Id).logs({ stdout: true, stderr: true, tail, follow: false })
      return inspected.Config.Tty ? raw.toString('utf8') : text(joinOutputs(Readable.from([raw])))
    },
  }
}
