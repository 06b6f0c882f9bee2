import { createServer } from 'node:net'

/** Loopback ports that nobody holds now, all different; none that is promised to somebody who sleeps. */
export async function freePorts(count: number, isPromised: (port: number) => boolean): Promise<number[]> {
  // Held until all are found, so that the same one is not found again.
  const held: ReturnType<typeof createServer>[] = []
  const ports: number[] = []
  try {
    while (ports.length < count) {
      const server = createServer()
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
      held.push(server)
      const { port } = server.address() as { port: number }
      if (!isPromised(port)) ports.push(port)
    }
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  }
  return ports
}
