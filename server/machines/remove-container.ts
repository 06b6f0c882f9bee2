// Removing a container for good, also while another process (a learner's page closing, a cluster being deleted) does the
// same: Docker answers 409 to the second, which then only has to see that it goes.
import type Docker from 'dockerode'
import { statusOf } from './docker-error.ts'

const PATIENCE_MS = 20_000

export async function removeContainer(docker: Docker, id: string): Promise<void> {
  const container = docker.getContainer(id)
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      await container.remove({ force: true, v: true })
      return
    } catch (err) {
      if (statusOf(err) === 404) return
      if (statusOf(err) !== 409 || Date.now() > deadline) throw err
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
