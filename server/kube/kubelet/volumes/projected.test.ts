import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { createSimulatedNodeOs } from '../../node-os/simulated-node-os.ts'
import { projectedVolume } from './projected.ts'
import type { VolumePorts, VolumeRequest } from './volume-plugin.ts'

const tokenOf = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

it('asks for another token of an account when four fifths of its life are over, and for none before', async () => {
  const clock = new FakeClock()
  const asked: object[] = []
  let shown = ''
  const ports = {
    clock,
    os: {
      ...createSimulatedNodeOs({ hostname: 'n1' }),
      readFile: async () => shown || undefined,
      publish: async (_directory: string, files: { content: string }[]) => {
        shown = files[0]!.content
      },
    },
    objects: {
      token: async (told: { expirationSeconds: number }) => {
        asked.push(told)
        const iat = clock.now() / 1000
        return { token: tokenOf({ iat, exp: iat + told.expirationSeconds, nth: asked.length }) }
      },
    },
  } as unknown as VolumePorts
  const source = { serviceAccountToken: { path: 'token', audience: 'vault', expirationSeconds: 1000 } }
  const request = {
    pod: { metadata: { namespace: 'shop', name: 'web', uid: 'u' }, spec: { serviceAccountName: 'robot' } },
    volume: { name: 'v', projected: { sources: [source] } },
    directory: '/v',
  } as unknown as VolumeRequest
  await projectedVolume.setUp(request, ports)
  expect(asked).toEqual([
    {
      namespace: 'shop',
      serviceAccount: 'robot',
      audience: 'vault',
      expirationSeconds: 1000,
      pod: { name: 'web', uid: 'u' },
    },
  ])
  const first = shown
  await clock.advance(799_000)
  await projectedVolume.setUp(request, ports)
  expect(shown, 'still good').toBe(first)
  await clock.advance(2_000)
  await projectedVolume.setUp(request, ports)
  expect(shown).not.toBe(first)
  expect(asked).toHaveLength(2)
})
