import type { ServiceSpec, Service as WireService } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EndpointSlice, IPAddress, Service } from '../kinds/index.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

describe('Service addresses', () => {
  let test: TestServer
  beforeAll(async () => {
    test = await startTestServer({
      options: {
        serviceClusterIpRange: '10.96.0.0/24',
        nodePortRange: [30000, 30009],
        advertise: { address: '172.20.0.1', port: 6443 },
      },
    })
  })
  afterAll(() => test[Symbol.asyncDispose]())

  const make = (name: string, spec: ServiceSpec) =>
    test.client
      .of(Service)
      .create({ metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }], ...spec } })
  const remove = (name: string) => test.client.of(Service).delete({ name, namespace: 'default' })

  it('leads the kubernetes Service to the server', async () => {
    const { transport } = test
    expect(
      await transport.request({ method: 'GET', path: '/api/v1/namespaces/default/services/kubernetes' }),
    ).toMatchObject({
      spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
    })
    expect(
      await transport.request({ method: 'GET', path: '/api/v1/namespaces/default/endpoints/kubernetes' }),
    ).toMatchObject({
      subsets: [{ addresses: [{ ip: '172.20.0.1' }], ports: [{ port: 6443 }] }],
    })
  })

  it('gives each its own, keeps the lower part for those who ask, and takes back what is free', async () => {
    const dns = await make('dns', { clusterIP: '10.96.0.10' })
    expect(dns.spec?.clusterIPs).toEqual(['10.96.0.10'])
    const other = await make('other', {})
    const last = Number(other.spec?.clusterIP?.split('.')[3])
    expect(last).toBeGreaterThanOrEqual(16)
    await expect(make('thief', { clusterIP: '10.96.0.10' })).rejects.toMatchObject({
      code: 422,
      message:
        'Service "thief" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
    })
    await expect(make('lost', { clusterIP: '10.97.0.1' })).rejects.toMatchObject({
      message: expect.stringContaining('the provided network does not match the current range'),
    })
    await remove('dns')
    await make('heir', { clusterIP: '10.96.0.10' })
  })

  it('shows each address as an IPAddress, for as long as the Service has it', async () => {
    const addresses = test.client.of(IPAddress)
    const { spec } = await make('shown', {})
    const name = spec?.clusterIP ?? ''
    expect(await addresses.get({ name })).toMatchObject({ spec: { parentRef: { name: 'shown' } } })
    await remove('shown')
    await expect(addresses.get({ name })).rejects.toMatchObject({ reason: 'NotFound' })
    await addresses.create({ metadata: { name: '10.96.0.12' }, spec: { parentRef: { resource: 'a', name: 'b' } } })
    await expect(make('late', { clusterIP: '10.96.0.12' })).rejects.toMatchObject({
      message: expect.stringContaining('provided IP is already allocated'),
    })
    await addresses.delete({ name: '10.96.0.12' })
  })

  it('never gives one node port to two, however many ask at once', async () => {
    const asked = await Promise.allSettled(
      Array.from({ length: 14 }, (_, index) => make(`np-${index}`, { type: 'NodePort' })),
    )
    const made = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const ports = made.map((service) => service.spec?.ports?.[0]?.nodePort)
    expect(new Set(ports).size).toBe(ports.length)
    expect(ports).toHaveLength(10)
    for (const refused of asked) {
      if (refused.status === 'rejected') expect(refused.reason.message).toContain('range is full')
    }
    await expect(
      make('full', { type: 'NodePort', ports: [{ port: 80, nodePort: ports[0] ?? 0 }] }),
    ).rejects.toMatchObject({
      message: expect.stringContaining(
        `spec.ports[0].nodePort: Invalid value: ${ports[0]}: provided port is already allocated`,
      ),
    })
    for (const service of made) await remove(service.metadata?.name ?? '')
  })

  it('gives a load balancer that keeps traffic local a port to ask after health, for as long as it does', async () => {
    const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' } as const
    const made = await make('asked', { ...local, allocateLoadBalancerNodePorts: false })
    const { healthCheckNodePort = 0, ports } = made.spec ?? {}
    expect(healthCheckNodePort).toBeGreaterThanOrEqual(30000)
    expect(ports?.[0]?.nodePort).toBeUndefined()
    await expect(make('second', { ...local, healthCheckNodePort })).rejects.toMatchObject({
      message: expect.stringContaining(
        `failed to allocate requested HealthCheck NodePort ${healthCheckNodePort}: provided port is already allocated`,
      ),
    })
    const { healthCheckNodePort: _given, ...spec } = made.spec ?? {}
    const kept = await test.client.of(Service).update({ ...made, spec })
    expect(kept.spec?.healthCheckNodePort).toBe(healthCheckNodePort)
    const wide = { ...kept, spec: { ...kept.spec, externalTrafficPolicy: 'Cluster' as const } }
    expect((await test.client.of(Service).update(wide)).spec?.healthCheckNodePort).toBeUndefined()
    await make('heiress', { type: 'NodePort', ports: [{ port: 80, nodePort: healthCheckNodePort }] })
    await remove('heiress')
    await remove('asked')
  })

  it('lets exactly one of many take the same address', async () => {
    const asked = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => make(`same-${index}`, { clusterIP: '10.96.0.12' })),
    )
    expect(asked.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
  })

  it('keeps addresses over updates and frees node ports when the type changes', async () => {
    const made = await make('web', { type: 'NodePort' })
    const { clusterIP, clusterIPs, ...spec } = made.spec ?? {}
    const [port] = spec.ports ?? []
    const { nodePort, ...plainPort } = port ?? { port: 80 }
    const kept = await test.client.of(Service).update({ ...made, spec: { ...spec, ports: [plainPort] } } as WireService)
    expect(kept.spec?.clusterIP).toBe(clusterIP)
    expect(kept.spec?.clusterIPs).toEqual(clusterIPs)
    expect(kept.spec?.ports?.[0]?.nodePort).toBe(nodePort)
    const { externalTrafficPolicy: _policy, ...rest } = kept.spec ?? {}
    const inner = await test.client.of(Service).update({ ...kept, spec: { ...rest, type: 'ClusterIP' } } as WireService)
    expect(inner.spec?.ports?.[0]?.nodePort).toBeUndefined()
    await make('next', { type: 'NodePort', ports: [{ port: 80, nodePort: nodePort ?? 0 }] })
    await expect(
      test.client.of(Service).update({
        ...inner,
        // Of the lower part, which nobody is given by chance.
        spec: { ...inner.spec, clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'] },
      } as WireService),
    ).rejects.toMatchObject({ message: expect.stringContaining('may not change once set') })
  })

  it('lets nobody name another address, in one field or in both, of whatever range, nor none in the place of one', async () => {
    const change = (name: string, spec: object) =>
      test.client.of(Service).patch({ namespace: 'default', name }, 'application/merge-patch+json', { spec })
    const one = await make('settled', {})
    const none = await make('settled-headless', { clusterIP: 'None', selector: { a: 'b' } })
    for (const [made, address] of [
      [one, '10.0.0.12'],
      [one, 'None'],
      [none, '10.0.0.12'],
      [none, '10.96.0.9'],
    ] as const) {
      const name = made.metadata?.name ?? ''
      for (const spec of [{ clusterIP: address }, { clusterIP: address, clusterIPs: [address] }]) {
        await expect(change(name, spec), `${name} ${JSON.stringify(spec)}`).rejects.toMatchObject({
          code: 422,
          message: `Service "${name}" is invalid: spec.clusterIPs[0]: Invalid value: ["${address}"]: may not change once set`,
        })
      }
    }
  })

  it('leaves a headless Service headless when an update does not speak of it', async () => {
    const made = await make('still-headless', { clusterIP: 'None', selector: { a: 'b' } })
    const { clusterIP: _one, clusterIPs: _all, ...spec } = made.spec ?? {}
    const metadata = { name: 'still-headless', namespace: 'default' }
    const kept = await test.client
      .of(Service)
      .update({ metadata, spec: { ...spec, selector: { a: 'c' } } } as WireService)
    expect(kept.spec).toMatchObject({ clusterIP: 'None', clusterIPs: ['None'], selector: { a: 'c' } })
  })

  it.each<[string, ServiceSpec, string]>([
    ['a family of which nobody knows', { ipFamilies: ['IPv9'] }, 'spec.ipFamilies[0]: Unsupported value: "IPv9"'],
    ['a family told twice', { ipFamilies: ['IPv4', 'IPv4'] }, 'spec.ipFamilies[1]: Duplicate value: "IPv4"'],
    [
      'an address of another family',
      { clusterIP: 'fd00::c9', clusterIPs: ['fd00::c9'], ipFamilies: ['IPv4'] },
      'spec.clusterIPs[0]: Invalid value: "fd00::c9": expected an IPv4 value as indicated by `ipFamilies[0]`',
    ],
    [
      'two of one family',
      { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', '10.96.0.8'] },
      'spec.clusterIPs: Invalid value: ["10.96.0.7","10.96.0.8"]: may specify no more than one IP for each IP family',
    ],
    [
      'all of them without the first one',
      { clusterIPs: ['10.96.0.7'] },
      'spec.clusterIPs: Invalid value: ["10.96.0.7"]: must be empty when `clusterIP` is not specified',
    ],
  ])('tells what is wrong with addresses before it gives any: %s', async (_what, spec, says) => {
    const message = expect.stringMatching(`^${`Service "odd" is invalid: ${says}`.replaceAll(/[[\]().]/g, '\\$&')}`)
    await expect(make('odd', spec)).rejects.toMatchObject({ code: 422, message })
  })

  it('refuses what is no address', async () => {
    for (const clusterIPs of [['zzz'], ['10.96.0.7', 'zzz'], ['1::zz'], ['fe80::1%eth0']]) {
      await expect(make('no-address', { clusterIPs })).rejects.toMatchObject({ code: 422 })
    }
    await expect(make('no-address', { clusterIP: '10.96.0.7', clusterIPs: ['None'] })).rejects.toMatchObject({
      code: 422,
    })
    // Nobody looks at it: it is only warned of, where it is an address.
    const told = await make('no-balancer', { type: 'LoadBalancer', loadBalancerIP: 'fe80::1%eth0' })
    expect(told.spec?.loadBalancerIP).toBe('fe80::1%eth0')
    await remove('no-balancer')
  })

  it('gives back what a Service had when it becomes a name of elsewhere, however much of that was taken out by hand', async () => {
    for (const taken of [[], ['clusterIP', 'clusterIPs'], ['ipFamilyPolicy']]) {
      const made = await make(`leaving-${taken.length}`, {})
      const left = Object.entries(made.spec ?? {}).filter(([field]) => !taken.includes(field))
      const spec = { ...Object.fromEntries(left), type: 'ExternalName', externalName: 'example.com' }
      const gone = await test.client.of(Service).update({ ...made, spec } as WireService)
      expect(gone.spec).not.toHaveProperty('clusterIPs')
      expect(gone.spec).not.toHaveProperty('ipFamilies')
      expect(gone.spec).not.toHaveProperty('ipFamilyPolicy')
    }
  })

  it('gives nothing to headless and external Services', async () => {
    const headless = await make('headless', { clusterIP: 'None' })
    expect(headless.spec?.clusterIPs).toEqual(['None'])
    const external = await make('external', { type: 'ExternalName', externalName: 'example.com', ports: [] })
    expect(external.spec?.clusterIP).toBeUndefined()
  })
})

describe('Service addresses of two families', () => {
  let test: TestServer
  beforeAll(async () => {
    test = await startTestServer({
      options: { serviceClusterIpRange: '10.96.0.0/24,fd00:96::/112', nodePortRange: [30000, 30009] },
    })
  })
  afterAll(() => test[Symbol.asyncDispose]())
  const services = () => test.client.of(Service)
  const make = (name: string, spec: ServiceSpec) =>
    services().create({ metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }], ...spec } })

  it('come from a range of each, and go back to it', async () => {
    const made = await make('web', { ipFamilyPolicy: 'RequireDualStack' })
    const [four = '', six = ''] = made.spec?.clusterIPs ?? []
    expect(made.spec).toMatchObject({ clusterIP: four, ipFamilies: ['IPv4', 'IPv6'] })
    expect([four, six]).toEqual([expect.stringMatching(/^10\.96\.0\./), expect.stringMatching(/^fd00:96::/)])
    expect(await test.client.of(IPAddress).get({ name: six })).toMatchObject({
      metadata: { labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv6' } },
    })
    await expect(make('thief', { clusterIP: six })).rejects.toMatchObject({
      message: expect.stringContaining(`failed to allocate IP ${six}: provided IP is already allocated`),
    })
    const single = await services().update({ ...made, spec: { ...made.spec, ipFamilyPolicy: 'SingleStack' } })
    expect(single.spec?.clusterIPs).toEqual([four])
    expect((await make('heir', { clusterIP: six })).spec?.ipFamilies).toEqual(['IPv6'])
    const again = await services().patch({ name: 'web', namespace: 'default' }, 'application/merge-patch+json', {
      spec: { ipFamilyPolicy: 'PreferDualStack' },
    })
    expect(again.spec?.clusterIPs).toEqual([four, expect.stringMatching(/^fd00:96::/)])
  })
})

describe('a cluster of IPv6 alone', () => {
  let test: TestServer
  beforeAll(async () => {
    test = await startTestServer({
      options: {
        serviceClusterIpRange: 'fd00:10:96::/112',
        nodePortRange: [30000, 30009],
        advertise: { address: 'fd00:10:160::1', port: 6443 },
      },
    })
  })
  afterAll(() => test[Symbol.asyncDispose]())

  it('has a kubernetes Service of IPv6, with a slice of that family', async () => {
    const own = await test.client.of(Service).get({ namespace: 'default', name: 'kubernetes' })
    expect(own.spec).toMatchObject({
      clusterIPs: ['fd00:10:96::1'],
      ipFamilies: ['IPv6'],
      ipFamilyPolicy: 'SingleStack',
    })
    const slice = await test.client.of(EndpointSlice).get({ namespace: 'default', name: 'kubernetes' })
    expect([slice.addressType, slice.endpoints?.[0]?.addresses]).toEqual(['IPv6', ['fd00:10:160::1']])
  })

  it('gives Services addresses of IPv6, and refuses those of the family that it has not', async () => {
    const make = (name: string, spec: ServiceSpec) =>
      test.client
        .of(Service)
        .create({ metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }], ...spec } })
    expect((await make('web', {})).spec?.clusterIP).toMatch(/^fd00:10:96::/)
    await expect(make('old', { ipFamilies: ['IPv4'] })).rejects.toThrow(
      'spec.ipFamilies[0]: Invalid value: "IPv4": not configured on this cluster',
    )
    await expect(make('both', { ipFamilyPolicy: 'RequireDualStack' })).rejects.toThrow(
      'this cluster is not configured for dual-stack services',
    )
  })
})
