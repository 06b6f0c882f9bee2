// Where a container's last words are, as the engine knows it.

import type Docker from 'dockerode'
import type { ContainerInspectInfo } from 'dockerode'
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
      return withoutHeaders(raw, inspected.Config.Tty)
    },
  }
}

/** Docker frames each piece of output: one byte stream, three zeros, four bytes length. */
function withoutHeaders(raw: Buffer, tty: boolean): string {
  if (tty) return raw.toString('utf8')
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= raw.length; ) {
    const length = raw.readUInt32BE(at + 4)
    parts.push(raw.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts).toString('utf8')
}
