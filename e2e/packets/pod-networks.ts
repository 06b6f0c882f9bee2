// How pods come by their addresses: by configuration files and plug-ins that learners change.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../support/commands.ts'
import { pod } from '../support/packet-pods.ts'
import { until } from '../support/until.ts'
import type { PacketSeat } from './seat.ts'

export function podNetworks({ run, ask, onMachine, nodeOf, ip }: PacketSeat): void {
  describe('the network of pods on a machine', () => {
    const CONF = '/etc/cni/net.d'
    const write = (file: string, text: string) => onMachine('node-2', `cat > ${file} <<'END'\n${text}\nEND`)
    const make = (name: string) => run('apply -f -', JSON.stringify(pod(name, { node: 'node-2', program: 'wait' })))
    const addressOf = async (name: string) => {
      await make(name)
      await run(`wait pod ${name} --for=condition=Ready --timeout=60s`)
      return run(`get pod ${name} -o jsonpath={.status.podIP}`)
    }
    const range = (subnet: string, rangeStart: string) => ({ type: 'host-local', ranges: [[{ subnet, rangeStart }]] })
    const routed = (ipam: object) => ({ ...ipam, routes: [{ dst: '0.0.0.0/0' }] })

    it('is a learner’s own plug-in when its file comes first, from the next pod on', async () => {
      // A script is enough; this one notes what it was asked and lets another do the work.
      const script = '#!/bin/sh\necho "$CNI_COMMAND $CNI_IFNAME" >> /var/log/own-cni.log\nexec /opt/cni/bin/bridge'
      await write('/opt/cni/bin/own', script)
      const subnet = ip('b').replace(/\d+$/, '0/24')
      const ipam = routed(range(subnet, ip('b').replace(/\d+$/, '200')))
      const conf = { cniVersion: '0.4.0', name: 'own', type: 'own', bridge: 'cni0', isGateway: true, ipam }
      await write(`${CONF}/05-own.conf`, JSON.stringify(conf))
      await onMachine('node-2', 'chmod +x /opt/cni/bin/own')
      expect(await addressOf('own')).toBe(ip('b').replace(/\d+$/, '200'))
      await onMachine('node-2', `rm ${CONF}/05-own.conf`)
      await run('delete pod own --wait')
      await until('what it made is taken down by it', async () =>
        (await onMachine('node-2', 'cat /var/log/own-cni.log')).includes('ADD eth0\nDEL eth0\n'),
      )
    })

    it('is macvlan where it is asked for, and ipvlan is refused by name where the kernel has none', async () => {
      const subnet = nodeOf('node-2').replace(/\d+$/, '0/24')
      const ipam = range(subnet, nodeOf('node-2').replace(/\d+$/, '200'))
      const conf = { cniVersion: '0.4.0', name: 'outside', type: 'macvlan', master: 'eth0', ipam }
      await write(`${CONF}/05-outside.conf`, JSON.stringify(conf))
      const address = await addressOf('outside')
      expect(address).toBe(nodeOf('node-2').replace(/\d+$/, '200'))
      expect(await onMachine('node-1', `ping -c 1 -W 5 ${address}`)).toContain('1 received')
      await write(`${CONF}/05-outside.conf`, JSON.stringify({ ...conf, type: 'ipvlan' }))
      await make('refused')
      await until('it is said why', async () =>
        (await run('get events --field-selector involvedObject.name=refused')).match(
          /plugin type="ipvlan" failed \(add\)/,
        ),
      )
      await run('delete pod refused outside --wait')
      await onMachine('node-2', `rm ${CONF}/05-outside.conf`)
    })

    it('is as slow as the pod’s annotations say, in both directions', async () => {
      const limits = { 'kubernetes.io/ingress-bandwidth': '8M', 'kubernetes.io/egress-bandwidth': '4M' }
      const slow = pod('slow', { node: 'node-2', program: 'wait' })
      await run('apply -f -', JSON.stringify({ ...slow, metadata: { ...slow.metadata, annotations: limits } }))
      await run('wait pod slow --for=condition=Ready --timeout=60s')
      const queues = await onMachine('node-2', 'tc qdisc show | grep tbf')
      expect(queues).toMatch(/dev veth\S+ .*rate 8Mbit/)
      expect(queues).toMatch(/dev bwp\S+ .*rate 4Mbit/)
      await run('delete pod slow --wait')
      await until('nothing is left of it', async () => !(await onMachine('node-2', 'ip link')).includes('bwp'))
      const asked = 'get node node-2 -o jsonpath={.metadata.annotations.podium\\.dev/cni-versions}'
      expect(await run(asked)).toMatch(/(^|,)0\.4\.0,/)
    })

    it('may be several, by a plug-in that calls others', async () => {
      const script = await readFile(join(root, 'docs/examples/several-networks.sh'), 'utf8')
      await write('/opt/cni/bin/several-networks', script)
      await onMachine('node-2', 'chmod +x /opt/cni/bin/several-networks')
      const pods = routed(range(ip('b').replace(/\d+$/, '0/24'), ip('b').replace(/\d+$/, '210')))
      const outside = range(nodeOf('node-2').replace(/\d+$/, '0/24'), nodeOf('node-2').replace(/\d+$/, '210'))
      const delegates = [
        { type: 'bridge', bridge: 'cni0', isGateway: true, ipam: pods },
        { type: 'macvlan', master: 'eth0', ipam: outside },
      ]
      const conf = { cniVersion: '0.4.0', name: 'several', type: 'several-networks', delegates }
      await write(`${CONF}/05-several.conf`, JSON.stringify(conf))
      expect(await addressOf('both-networks')).toBe(ip('b').replace(/\d+$/, '210'))
      const second = nodeOf('node-2').replace(/\d+$/, '210')
      expect(await onMachine('node-1', `ping -c 1 -W 5 ${second}`)).toContain('1 received')
      expect(await ask(`tcp ${ip('a')} 8080`)).toEqual([`a ${ip('client')}`])
      await onMachine('node-2', `rm ${CONF}/05-several.conf`)
      await run('delete pod both-networks --wait')
      await until('both give their address back', async () =>
        /^lock\n$/.test(
          await onMachine(
            'node-2',
            'cd /var/lib/cni/networks; ls several-0 several-1 | grep -v "^last\\|^$\\|:$" | sort -u',
          ),
        ),
      )
    })

    it('is the book’s, as it is printed, on a machine without a bridge of another', async () => {
      const book = {
        cniVersion: '0.2.0',
        name: 'mynet',
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: true,
        ipam: { type: 'host-local', subnet: '10.22.0.0/16', routes: [{ dst: '0.0.0.0/0' }] },
      }
      await run('delete pod b --wait')
      // The bridge goes when nobody can make it again: a pod that is on its way out may still be tried once more.
      await write(`${CONF}/10-mynet.conf`, JSON.stringify(book))
      await write(`${CONF}/99-loopback.conf`, JSON.stringify({ cniVersion: '0.2.0', type: 'loopback' }))
      await onMachine('node-2', 'ip link delete cni0')
      expect(await addressOf('printed')).toMatch(/^10\.22\.0\.\d+$/)
      expect(await run('exec printed -- hostname -i')).toMatch(/^10\.22\.0\./)
      await run('delete pod printed --wait')
      await until('its address is given back', async () =>
        /^last_reserved_ip.0\nlock\n$/.test(await onMachine('node-2', 'ls /var/lib/cni/networks/mynet')),
      )
    })
  })
}
