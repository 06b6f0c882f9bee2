// For benches on real machines: says in a sentence that there is no container engine, where a stack trace would say less.

import Docker from 'dockerode'

export async function expectEngine(): Promise<void> {
  try {
    await new Docker().ping()
  } catch (err) {
    process.stderr.write(
      `This bench measures real machines, and no container engine answers here (${(err as Error).message}). ` +
        'Start one (`node bin/docker-engine.mjs`, as root), or run `npx podium doctor` for what is missing.\n',
    )
    process.exit(1)
  }
}
