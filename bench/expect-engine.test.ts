import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('says in a sentence that no engine runs', () => {
  const bench = join(import.meta.dirname, 'capture.bench.ts')
  const env = { ...process.env, DOCKER_HOST: 'unix:///nowhere/docker.sock' }
  const { status, stderr } = spawnSync(process.execPath, [bench], { env, encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toContain('no container engine answers here (connect ENOENT /nowhere/docker.sock)')
  expect(stderr).not.toMatch(/^\s+at /m)
})
