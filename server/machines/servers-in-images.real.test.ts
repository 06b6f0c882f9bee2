// The servers of our images end when they are told to, and need not be killed: a rollout of theirs would take half a minute a pod.

import { setTimeout as sleep } from 'node:timers/promises'
import Docker from 'dockerode'
import { beforeAll, expect, it } from 'vitest'
import type { PresentImage } from './build-images.ts'
import { openTestDataCentre } from './test-data-centre.ts'

const TIMES = 20

const docker = new Docker()
let images: readonly PresentImage[]
beforeAll(async () => {
  images = (await openTestDataCentre()).images
}, 600_000)

it.each([
  ['httpd', 'apache2'],
  ['nginx-latest', 'nginx'],
  ['redis', 'redis-server'],
  ['hello-1.0', 'hello-app'],
])('%s', async (name, program) => {
  const Image = images.find(({ recipe }) => recipe.name === name)!.reference
  const container = await docker.createContainer({
    Image,
    HostConfig: { NetworkMode: 'none' },
    Labels: { podium: '1' },
  })
  try {
    await container.start()
    while (!JSON.stringify((await container.top()).Processes).includes(program)) await sleep(50)
    const { StopSignal = 'SIGTERM' } = (await docker.getImage(Image).inspect()).Config as { StopSignal?: string }
    const ended = container.wait().then(({ StatusCode }) => StatusCode)
    let isOver = false
    void ended.finally(() => {
      isOver = true
    })
    // A program that has just begun may not listen yet, so it is told again.
    for (let told = 0; told < TIMES && !isOver; told++) {
      await container.kill({ signal: StopSignal }).catch(() => undefined)
      await Promise.race([ended, sleep(1_000)])
    }
    expect(isOver).toBe(true)
  } finally {
    await container.remove({ force: true, v: true })
  }
})
