// A load balancer in front of the nodes.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../support/commands.ts'
import { until } from '../support/until.ts'
import { service } from './objects.ts'
import type { PacketSeat } from './seat.ts'

export function haproxyInFront({ run, ask, nodeOf, fromOutside, balancerOf }: PacketSeat): void {
  it('is called through an HAProxy outside of the pods’ network that the API configures, and loses no call meanwhile', async () => {
    await run('apply -f -', await readFile(join(root, 'images/terminal/haproxy.yaml'), 'utf8'))
    const fronted = (name: string, port: number) =>
      service(name, {
        type: 'LoadBalancer',
        loadBalancerClass: 'podium.dev/haproxy',
        ipFamilyPolicy: 'RequireDualStack',
        ports: [{ port, targetPort: 8080 }],
      })
    await run('apply -f -', JSON.stringify(fronted('fronted', 8088)))
    await run('-n haproxy rollout status deployment haproxy --timeout=120s')
    const address = await balancerOf('fronted')
    expect([nodeOf('node-1'), nodeOf('node-2')]).toContain(address)
    const first = await until('it answers', () => fromOutside(address, 8088, 1000))
    expect(first).toMatch(/^[ab] 10\./)
    // The host has no IPv6 there; HAProxy calls by the Service's first family whoever called it.
    const six = await run('get service fronted -o jsonpath={.status.loadBalancer.ingress[1].ip}')
    expect(six).toMatch(/^fd00:10:160::/)
    for (const answer of await ask(...Array(4).fill(`tcp ${six} 8088`))) expect(answer).toMatch(/^[ab] 10\./)
    const heard = new Set<string>()
    let lost = 0
    let isOver = false
    const callers = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        await fromOutside(address, 8088).then(
          (answer) => heard.add(answer.split(' ')[0]!),
          () => lost++,
        )
      }
    })
    // Each is another configuration.
    for (const port of [8089, 8090, 8091]) {
      await run('apply -f -', JSON.stringify(fronted(`fronted-${port}`, port)))
      await until(`port ${port} is open`, () => fromOutside(address, port, 1000))
    }
    isOver = true
    await Promise.all(callers)
    expect({ lost, heard: [...heard].sort() }).toEqual({ lost: 0, heard: ['a', 'b'] })
    await run('delete namespace haproxy --wait=false')
  })
}
