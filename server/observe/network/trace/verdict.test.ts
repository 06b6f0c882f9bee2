import { describe, expect, it } from 'vitest'
import type { Passage } from '../../../kube/network/trace/passages.ts'
import {
  arrives,
  CLIENT,
  FORWARD,
  leadingTo,
  outcome,
  passage,
  preroutingTo,
  report,
  rule,
  there,
  told,
} from './testing/told-examples.ts'
import type { Told } from './told.ts'
import { verdictOf } from './verdict.ts'

const web = '10.96.0.50'
const step = (name: string, answer: string) => ({ name, type: 'A' as const, answer, addresses: [], ms: 1 })
const question = (...rules: ReturnType<typeof rule>[]): Passage => {
  const asked = passage(
    ['inet', 'network-policy', 'egress'],
    ['cni0', 'eth0'],
    ['10.244.1.2:50123', '10.160.1.1:53'],
    rules,
  )
  return { ...asked, packet: { ...asked.packet, protocol: 'udp' } }
}
const refusing = (service: string) =>
  rule('KUBE-SERVICES', 'drop', `-A KUBE-SERVICES -m comment --comment "default/${service} has no endpoints" -j REJECT`)
const refused = (service: string, address: string) =>
  told(service, {
    outcome: outcome('ECONNREFUSED', address),
    reports: [
      [
        'node-1',
        report([
          preroutingTo(`${address}:8080`),
          passage(FORWARD, ['cni0', 'eth0'], [CLIENT, `${address}:8080`], [refusing(service)]),
        ]),
      ],
    ],
  })
const unnamed = (host: string, ...answers: string[]) =>
  told(host, { outcome: outcome('no name', undefined, { names: answers.map((answer) => step(host, answer)) }) })

describe('nobody answered, because', () => {
  it.each<[string, Told, RegExp]>([
    [
      'the selector matches nothing',
      refused('nobody', '10.96.0.51'),
      /^kube-proxy on node-1 refuses it: .* It selects `app=wbe`; no Pod has that label\.$/,
    ],
    ['no Pod is ready', refused('unready', '10.96.0.53'), /1 Pod is selected, and it is not Ready\.$/],
    [
      'nobody listens on the target port',
      told('closed', {
        outcome: outcome('ECONNREFUSED', '10.96.0.52'),
        reports: [
          ['node-1', there('closed', '10.96.0.52', 81)],
          ['node-2', arrives(81)],
        ],
      }),
      /^It reached Pod web-2, and nobody listens there on port 81\. The Service’s targetPort is `81`; its Pods say that they listen on `80`\.$/,
    ],
    [
      'the Service has no such port',
      told('web', {
        target: { host: 'web', port: 9999 },
        outcome: outcome('silence', web),
        reports: [['node-1', report([preroutingTo(`${web}:9999`)])]],
      }),
      /^Service web has no port 9999; it has `8080`\.$/,
    ],
    [
      'a policy lets nobody in',
      told('web', {
        outcome: outcome('silence', web),
        reports: [
          ['node-1', there('web', web)],
          [
            'node-2',
            arrives(80, rule('to/default/web-2', 'drop', 'counter drop comment "ingress dropped by default/friends"')),
          ],
        ],
      }),
      /^NetworkPolicies do not let it in to the Pod: ingress dropped by default\/friends\./,
    ],
    [
      'a rule of kube-proxy’s is missing',
      told('web', {
        outcome: outcome('silence', web),
        reports: [
          [
            'node-1',
            report([preroutingTo(`${web}:8080`), passage(FORWARD, ['cni0', 'eth0'], [CLIENT, `${web}:8080`])]),
          ],
        ],
      }),
      /^kube-proxy’s rule for default\/web is missing on node-1: the packet was in chain `KUBE-SERVICES`, and no rule there led on\.$/,
    ],
    [
      'nothing leads to kube-proxy’s rules at all',
      told('web', {
        outcome: outcome('silence', web),
        reports: [['node-1', report([passage(FORWARD, ['cni0', 'eth0'], [CLIENT, `${web}:8080`])])]],
      }),
      /missing on node-1: the packet met no rule of kube-proxy at all\.$/,
    ],
    [
      'in mode nftables the address of a Service is stopped that leads nowhere',
      told('web', {
        outcome: outcome('ECONNREFUSED', web),
        reports: [
          [
            'node-1',
            report([
              passage(
                ['ip', 'kube-proxy', 'filter-forward'],
                ['cni0', 'eth0'],
                [CLIENT, `${web}:8080`],
                [rule('cluster-ips-check', 'drop', 'ip daddr @cluster-ips reject')],
              ),
            ]),
          ],
        ],
      }),
      /^kube-proxy’s rule for default\/web is missing on node-1/,
    ],
    [
      'there is no route',
      told('web', {
        outcome: outcome('EHOSTUNREACH', web),
        reports: [
          [
            'node-1',
            report([preroutingTo(`${web}:8080`, ...leadingTo('default/web', '10.244.0.2:80'))], {
              route: { asked: 'ip route get 10.244.0.2', says: 'RTNETLINK answers: No route to host', isThere: false },
            }),
          ],
        ],
      }),
      /^node-1 has no route to it: `RTNETLINK answers: No route to host`\.$/,
    ],
    [
      'the machine is cut off',
      told('web', {
        outcome: outcome('EHOSTUNREACH', web),
        unheard: [{ machine: 'node-2', why: 'no answer' }],
        reports: [['node-1', { ...there('web', web), neighbour: '10.160.1.13 dev eth0 FAILED' }]],
      }),
      /^node-2 is cut off: node-1 sends it there, and nobody answers for `10\.160\.1\.13`\.$/,
    ],
    [
      'it was lost between two machines that are well',
      told('web', { outcome: outcome('silence', web), reports: [['node-1', there('web', web)]] }),
      /^node-1 sent it to node-2 \(`10\.160\.1\.13`\), and the kernel there did not see it come\.$/,
    ],
    [
      'whoever got it says nothing',
      told('web', {
        outcome: outcome('silence', web),
        reports: [
          ['node-1', there('web', web)],
          ['node-2', arrives(80)],
        ],
      }),
      /^It was last seen leaving node-2 by `cni0`, through every rule\./,
    ],
    [
      'somebody’s own rule drops it',
      told('web', {
        outcome: outcome('silence', web),
        reports: [
          [
            'node-1',
            report([
              passage(
                FORWARD,
                ['cni0', 'eth0'],
                [CLIENT, '10.244.0.2:80'],
                [rule('FORWARD', 'drop', '-A FORWARD -j DROP')],
              ),
            ]),
          ],
        ],
      }),
      /^It was dropped on node-1, by a rule in chain FORWARD of table filter\.$/,
    ],
    ['nobody has the name', unnamed('wbe', 'NXDOMAIN', 'REFUSED'), /^There is no Service `wbe` in default, /],
    ['the name is another namespace’s', unnamed('db', 'NXDOMAIN'), /there is one in shop\. Call it `db\.shop`\.$/],
    ['the name is a Pod’s', unnamed('web-1', 'NXDOMAIN'), /^`web-1` is a Pod\./],
    [
      'a Service without an address selects nobody',
      unnamed('headless', 'NODATA'),
      /its name leads to nobody\. It selects `app=none`; no Pod has that label\.$/,
    ],
    ['the name server is silent', unnamed('web', 'TIMEOUT'), /^The name server, `10\.96\.0\.10`, did not answer\.$/],
    [
      'the question for the name is dropped',
      told('web', {
        outcome: outcome('no name', undefined, { names: [step('web', 'TIMEOUT')] }),
        reports: [
          [
            'node-1',
            report([
              question(rule('from/default/client', 'drop', 'counter drop comment "egress dropped by default/home"')),
            ]),
          ],
        ],
      }),
      /^The question itself was stopped on node-1: egress dropped by default\/home\./,
    ],
  ])('%s', (_, what, why) => {
    const verdict = verdictOf(what)
    expect(verdict.state).toBe('fail')
    expect(verdict.why).toMatch(why)
  })
})

it('says what was answered, and has nothing to explain', () => {
  const answer = outcome('connected', web, { answer: 'HTTP/1.1 200 OK', bytes: 615, connectMs: 1.2 })
  const verdict = verdictOf(
    told('web', {
      outcome: answer,
      reports: [
        ['node-1', there('web', web)],
        ['node-2', arrives(80)],
      ],
    }),
  )
  expect(verdict).toEqual({
    state: 'ok',
    says: 'Answered: `HTTP/1.1 200 OK`, 615 bytes, connected within 1.2 ms.',
    why: '',
    lines: [expect.stringMatching(/^tcp 6 119 TIME_WAIT/)],
  })
})

it('does not take a node port for a missing rule of the machine that passes it on', () => {
  const asked = told('10.160.1.13', {
    target: { host: '10.160.1.13', port: 30080 },
    outcome: outcome('silence', '10.160.1.13'),
    reports: [['node-1', report([preroutingTo('10.160.1.13:30080')])]],
  })
  expect(verdictOf(asked).why).not.toContain('missing')
})
