import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { kubeletConfigurationOf } from './kubelet-configuration.ts'
import { NodeShutdown } from './node-shutdown.ts'

const clock = new FakeClock()

/** Pods that need some seconds to end, and note when they are asked and when they have ended. */
function shutdownOf(settings: string, pods: { name: string; needs: number; priority?: number; grace?: number }[]) {
  const said: string[] = []
  const startedAt = clock.monotonic()
  const note = (what: string) => said.push(`${(clock.monotonic() - startedAt) / 1000}s ${what}`)
  const workers = pods.map(({ name, needs, priority, grace }) => {
    const worker = {
      pod: {
        metadata: { name },
        spec: {
          containers: [],
          ...(priority === undefined ? {} : { priority }),
          ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
        },
      },
      isOver: false,
      end(_verdict: object, graceSeconds: number) {
        note(`${name} has ${graceSeconds}`)
        clock.setTimeout(() => {
          worker.isOver = true
        }, Math.min(needs, graceSeconds) * 1000)
      },
    }
    return worker
  })
  const configuration = kubeletConfigurationOf(settings)
  const shutdown = new NodeShutdown({ configuration, clock, workers: () => workers, onBegin: () => note('begun') })
  return { shutdown, said, note }
}

async function untilOver(shutdown: NodeShutdown, note: (what: string) => void): Promise<void> {
  let isOver = false
  void shutdown.run().then(() => {
    note('off')
    isOver = true
  })
  while (!isOver) await clock.advance(100)
}

it('gives the critical ones what is kept for them, after all others', async () => {
  const settings = 'shutdownGracePeriod: 30s\nshutdownGracePeriodCriticalPods: 10s'
  const { shutdown, said, note } = shutdownOf(settings, [
    { name: 'dns', needs: 1, priority: 2_000_001_000 },
    { name: 'web', needs: 2 },
    { name: 'patient', needs: 60, grace: 600 },
    { name: 'hasty', needs: 60, grace: 5 },
  ])
  await untilOver(shutdown, note)
  expect(said).toEqual([
    '0s begun',
    '0s web has 20',
    '0s patient has 20',
    '0s hasty has 5',
    '20s dns has 10',
    '21s off',
  ])
})

it('waits no longer than anybody needs', async () => {
  const { shutdown, said, note } = shutdownOf('shutdownGracePeriod: 30s', [{ name: 'web', needs: 2 }])
  expect(shutdown.admit()).toBeUndefined()
  await untilOver(shutdown, note)
  expect(said.at(-1)).toBe('2s off')
  expect(shutdown.admit()).toMatchObject({ reason: 'NodeShutdown' })
})

it('goes from the lowest priority that is told to the highest, and waits for no turn that is nobody’s', async () => {
  const turn = (priority: number, seconds: number) =>
    `  - { priority: ${priority}, shutdownGracePeriodSeconds: ${seconds} }`
  const settings = ['shutdownGracePeriodByPodPriority:', turn(1000, 40), turn(10, 60), turn(500, 20)].join('\n')
  const { shutdown, said, note } = shutdownOf(settings, [
    { name: 'below all', needs: 1, priority: -5 },
    { name: 'at the second', needs: 1, priority: 1000, grace: 60 },
    { name: 'between', needs: 1, priority: 499, grace: 90 },
    { name: 'above all', needs: 2, priority: 5000, grace: 60 },
  ])
  await untilOver(shutdown, note)
  expect(said).toEqual([
    '0s begun',
    '0s below all has 30',
    '0s between has 60',
    '1s at the second has 40',
    '1s above all has 40',
    '3s off',
  ])
})

it('is nothing at all where no time is given', async () => {
  const { shutdown, said } = shutdownOf('maxPods: 5', [{ name: 'web', needs: 2 }])
  expect(await shutdown.run()).toBe(false)
  expect([said, shutdown.notReady]).toEqual([[], undefined])
})
