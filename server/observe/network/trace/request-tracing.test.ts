import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import type { Transport } from '../../../kube/client/index.ts'
import type { Source } from '../../../kube/network/trace/trace-order.ts'
import { RequestTracing } from './request-tracing.ts'
import { connection, objects, outcome, passage, report } from './testing/told-examples.ts'

const NODE_PORT = '10.160.1.13:30080'
const question = {
  from: { pod: { namespace: 'default', name: 'client' } },
  to: 'node-2:30080',
  protocol: 'tcp',
} as const
const came = (from: string) => passage(['ip', 'filter', 'FORWARD'], ['eth0', 'cni0'], [from, '10.244.1.3:80'])

/** By a node port of node-2, which sends it back to node-1 under its own address. */
function setUp({ silent = '' } = {}) {
  const clock = new FakeClock()
  const asked: string[] = []
  const port = { given: 0 }
  const seen = (machine: string, sources: readonly Source[] | undefined) => {
    const of = (ip: string, sent: number) => !!sources?.some((one) => one.ip === ip && one.port === sent)
    if (machine === 'node-1' && !sources)
      return report([passage(['ip', 'nat', 'PREROUTING'], ['cni0', ''], [`10.244.1.2:${port.given}`, NODE_PORT])])
    if (machine === 'node-2' && of('10.244.1.2', port.given)) {
      const rewritten = connection('10.160.1.13', '10.244.1.3', 80)
      return report([came(`10.244.1.2:${port.given}`)], {
        connection: { ...rewritten, answered: { ...rewritten.answered, to: '10.160.1.13', toPort: 1024 } },
      })
    }
    return machine === 'node-1' && of('10.160.1.13', 1024) ? report([came('10.160.1.13:1024')]) : report([])
  }
  const transport = {
    request: async ({ path, body }: { path: string; body: { port: number; sources?: Source[] } }) => {
      const [, machine = '', what = ''] = /nodes\/([^/]+)\/proxy\/podium\/trace\/(\w+)$/.exec(path) ?? []
      asked.push(`${what} ${machine}`)
      port.given = body.port
      if (machine === silent) throw new Error('no answer within 8 s')
      if (what === 'request') return outcome('connected', '10.160.1.13', { answer: 'HTTP/1.1 200 OK' })
      return what === 'collect' ? seen(machine, body.sources) : {}
    },
    [Symbol.dispose]: () => void asked.push('closed'),
  } as unknown as Transport & Disposable
  const sight = { view: () => objects }
  return { tracing: new RequestTracing({ sight, connect: () => transport, clock, random: () => 0.5 }), clock, asked }
}

async function ask(tracing: RequestTracing, clock: FakeClock) {
  const traced = tracing.trace(question)
  await clock.advance(0)
  return traced
}

describe('tracing a request', () => {
  it('arms every machine before the request is made, and ends on all of them', async () => {
    const { tracing, asked, clock } = setUp()
    expect(await ask(tracing, clock)).toMatchObject({ from: 'client', to: '10.160.1.13:30080', unheard: [] })
    expect(asked.slice(0, 3)).toEqual(['arm node-1', 'arm node-2', 'request node-1'])
    expect(asked.slice(-3)).toEqual(['end node-1', 'end node-2', 'closed'])
  })

  it('follows it from machine to machine, also back, by the address under which it went on', async () => {
    const { tracing, clock } = setUp()
    const traced = await ask(tracing, clock)
    const wires =
      typeof traced === 'string'
        ? traced
        : traced.hops.filter(({ title }) => title === 'Wire').map(({ where }) => where)
    expect(wires).toEqual(['node-1 to node-2', 'node-2 to node-1'])
  })

  it('goes on without a machine that does not answer, and says so', async () => {
    const { tracing, clock, asked } = setUp({ silent: 'node-2' })
    const traced = await ask(tracing, clock)
    expect(traced).toMatchObject({ unheard: [{ machine: 'node-2', why: 'no answer within 8 s' }] })
    expect(asked.slice(-2)).toEqual(['end node-1', 'closed'])
  })

  it('cannot be done without the client’s machine', async () => {
    const { tracing, clock } = setUp({ silent: 'node-1' })
    expect(await ask(tracing, clock)).toBe('The machine of client does not answer: no answer within 8 s.')
  })

  it('is made in the terminal where it is asked to begin there, and followed from the first machine that sees it', async () => {
    const { tracing, clock, asked } = setUp()
    const from = { ...question, from: { terminal: true } } as const
    const traced = tracing.trace(from, async ({ host, port, protocol, localPort }) => {
      expect([host, port, protocol]).toEqual(['10.160.1.13', 30080, 'tcp'])
      return outcome('connected', host, { from: '10.244.1.2', answer: `from port ${localPort}` })
    })
    await clock.advance(0)
    expect(await traced).toMatchObject({
      hops: [
        { kind: 'sends', title: 'Your terminal sends', where: 'outside the machines', machine: '' },
        { kind: 'wire', where: 'your terminal to node-2' },
        { kind: 'wire', where: 'node-2 to node-1' },
        { kind: 'answers', title: 'web-1 answers' },
      ],
    })
    expect(asked.some((what) => what.startsWith('request'))).toBe(false)
    expect(asked.slice(-3)).toEqual(['end node-1', 'end node-2', 'closed'])
  })

  it('says what leads nowhere from the terminal', async () => {
    const { tracing, clock } = setUp()
    const inside = { from: { terminal: true }, to: '10.96.0.50:8080', protocol: 'tcp' } as const
    const traced = tracing.trace(inside, async () => outcome('silence', '10.96.0.50', { from: '10.160.1.9' }))
    await clock.advance(0)
    expect(await traced).toMatchObject({
      hops: [],
      verdict: { why: expect.stringContaining('From your terminal call a node port') },
    })
    expect(await tracing.trace(inside)).toBe('There is no terminal from which it could be called.')
  })

  it('is done one at a time, and not more than one a second', async () => {
    const { tracing, clock, asked } = setUp()
    const first = ask(tracing, clock)
    expect(await tracing.trace(question)).toMatch(/^One request is traced at a time/)
    expect(await first).toHaveProperty('hops')
    const all = asked.length
    const second = tracing.trace(question)
    await clock.advance(999)
    expect(asked).toHaveLength(all)
    await clock.advance(1)
    expect(await second).toHaveProperty('hops')
  })

  it.each([
    [{ ...question, from: { machine: 'node-9' } }, 'There is no machine `node-9`.'],
    [{ ...question, from: { pod: { namespace: 'default', name: 'gone' } } }, /^There is no Pod `gone` in default/],
    [{ ...question, to: '' }, /^Say whom to call/],
  ])('says what is wrong with the question before anything is done: %j', async (wrong, words) => {
    const { tracing, asked } = setUp()
    expect(await tracing.trace(wrong)).toEqual(typeof words === 'string' ? words : expect.stringMatching(words))
    expect(asked).toEqual([])
  })
})
