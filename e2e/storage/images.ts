// An image from its Dockerfile to a pod, by way of a registry in the cluster.

import { expect, it } from 'vitest'
import { until } from '../support/until.ts'
import type { Seat } from './seat.ts'

export function ownImages(seat: () => Seat): void {
  it('builds an image on a machine, pushes it to a registry of one’s own, and pulls it by whom it is for', async () => {
    const { says, logsOf, nodes } = seat()
    const [node = ''] = await nodes()
    // Of the password "sesame", as `htpasswd -B` writes it.
    const htpasswd = 'learner:$2b$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O'
    const build = `
cd $(mktemp -d)
echo hello > greeting
printf 'FROM busybox\nCOPY greeting /\nCMD ["cat", "/greeting"]\n' > Dockerfile
docker build -q -t localhost:5000/greeter:1 . > /dev/null
docker push localhost:5000/greeter:1 2>&1 | grep -o 'no basic auth credentials'
echo sesame | docker login -u learner --password-stdin localhost:5000 2>/dev/null
docker push -q localhost:5000/greeter:1
docker rmi localhost:5000/greeter:1 > /dev/null
`
    const made = (name: string, spec: object, container: object) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { nodeName: node, restartPolicy: 'Never', containers: [{ name: 'main', ...container }], ...spec },
    })
    await says(`create secret generic who-may --from-literal=htpasswd=${htpasswd}`)
    const login = '--docker-server=localhost:5000 --docker-username=learner --docker-password=sesame'
    await says(`create secret docker-registry pull ${login}`)
    const registry = made(
      'registry',
      { hostNetwork: true, volumes: [{ name: 'auth', secret: { secretName: 'who-may' } }] },
      {
        image: 'registry:2',
        env: [
          { name: 'REGISTRY_AUTH', value: 'htpasswd' },
          { name: 'REGISTRY_AUTH_HTPASSWD_REALM', value: 'here' },
          { name: 'REGISTRY_AUTH_HTPASSWD_PATH', value: '/auth/htpasswd' },
        ],
        volumeMounts: [{ name: 'auth', mountPath: '/auth' }],
        readinessProbe: { tcpSocket: { port: 5000 }, periodSeconds: 1 },
      },
    )
    await says('apply -f -', JSON.stringify(registry))
    await says('wait --for=condition=Ready pod/registry --timeout=60s')
    const builder = made(
      'builder',
      { volumes: [{ name: 'machine', hostPath: { path: '/' } }] },
      {
        image: 'busybox',
        command: ['chroot', '/machine', 'sh', '-c', build],
        volumeMounts: [{ name: 'machine', mountPath: '/machine' }],
      },
    )
    await says('apply -f -', JSON.stringify(builder))
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/builder --timeout=60s')
    expect(await logsOf('builder')).toEqual([
      'no basic auth credentials',
      'Login Succeeded',
      'localhost:5000/greeter:1',
    ])
    const image = { image: 'localhost:5000/greeter:1' }
    await says('apply -f -', JSON.stringify(made('stranger', {}, image)))
    const waiting = '-o jsonpath={.status.containerStatuses[0].state.waiting}'
    await until('the stranger is turned away', async () =>
      (await says(`get pod stranger ${waiting}`)).includes('no basic auth credentials'),
    )
    await says('apply -f -', JSON.stringify(made('friend', { imagePullSecrets: [{ name: 'pull' }] }, image)))
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/friend --timeout=60s')
    expect(await logsOf('friend')).toEqual(['hello'])
    await says('delete pod registry stranger --grace-period=1')
  })
}
