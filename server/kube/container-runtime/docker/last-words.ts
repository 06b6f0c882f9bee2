// What a container left in its termination log, or at the end of its output if it asked for that.
// Upstream: kuberuntime_container.go, getTerminationMessage.

import type Docker from 'dockerode'
import type { ContainerInspectInfo } from 'dockerode'
import type { NodeOs } from '../../node-os/node-os.ts'
import { TERMINATION_MESSAGE_PATH, TERMINATION_MESSAGE_POLICY } from '../labels.ts'
import { ANNOTATION } from './docker-status.ts'

const MAX_BYTES = 4096
const FROM_LOGS = { lines: 80, bytes: 2048 }

export async function readLastWords(inspected: ContainerInspectInfo, docker: Docker, os: NodeOs): Promise<string> {
  const labels = inspected.Config.Labels
  const path = labels[`${ANNOTATION}${TERMINATION_MESSAGE_PATH}`]
  const mount = inspected.Mounts.find(({ Destination }) => Destination === path)
  const text = mount ? ((await os.readFile(mount.Source)) ?? '') : ''
  if (text !== '') return text.slice(0, MAX_BYTES)
  const policy = labels[`${ANNOTATION}${TERMINATION_MESSAGE_POLICY}`]
  if (policy !== 'FallbackToLogsOnError' || inspected.State.ExitCode === 0) return ''
  const raw = await docker
    .getContainer(inspected.Id)
    .logs({ stdout: true, stderr: true, tail: FROM_LOGS.lines, follow: false })
    .catch(() => Buffer.alloc(0))
  return withoutHeaders(raw, inspected.Config.Tty).slice(-FROM_LOGS.bytes)
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
