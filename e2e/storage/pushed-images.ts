// Images of one's own in the classroom's registry: built and pushed on a machine, pulled on another.

import { expect, it } from 'vitest'
import { until } from '../support/until.ts'
import type { Seat } from './seat.ts'

const PUSH = `
. /etc/profile.d/registry.sh
echo $REGISTRY
cd $(mktemp -d)
echo hello > greeting
printf 'FROM busybox\\nCOPY greeting /\\nCMD ["cat", "/greeting"]\\n' > Dockerfile
docker build -q -t $REGISTRY/greeter:1 . > /dev/null
docker push -q $REGISTRY/greeter:1
docker tag $REGISTRY/greeter:1 $REGISTRY/private/greeter:1
docker push -q $REGISTRY/private/greeter:1
docker tag $REGISTRY/greeter:1 registry.podium:5000/somebody-else/greeter:1
docker push -q registry.podium:5000/somebody-else/greeter:1 2>&1
mv /root/.docker/config.json /root/.docker/kept
docker push -q $REGISTRY/greeter:1 2>&1
mv /root/.docker/kept /root/.docker/config.json
docker rmi -f $(docker images -q $REGISTRY/greeter) > /dev/null
tr -d '\\n ' < /root/.docker/config.json
`

/** Of what `docker login` has written; the kubelet finds it by its flags when it starts. */
function plugIn(dockerConfig: string): string {
  const { auths } = JSON.parse(dockerConfig) as { auths: Record<string, { auth: string }> }
  const known = Object.entries(auths).map(([place, { auth }]) => {
    const [username, password] = Buffer.from(auth, 'base64').toString().split(':')
    return [place, { username, password }] as const
  })
  const apiVersion = 'credentialprovider.kubelet.k8s.io/v1'
  const answer = { kind: 'CredentialProviderResponse', apiVersion, cacheKeyType: 'Registry' }
  const provider = { name: 'classroom', matchImages: Object.keys(auths), defaultCacheDuration: '10m', apiVersion }
  const config = { kind: 'CredentialProviderConfig', apiVersion: 'kubelet.config.k8s.io/v1', providers: [provider] }
  return `
mkdir -p /opt/credentials
cat > /opt/credentials/classroom <<'END'
#!/bin/sh
echo '${JSON.stringify({ ...answer, auth: Object.fromEntries(known) })}'
END
chmod +x /opt/credentials/classroom
echo '${JSON.stringify(config)}' > /etc/credentials.yaml
flags='--image-credential-provider-config=/etc/credentials.yaml --image-credential-provider-bin-dir=/opt/credentials'
printf 'KUBELET_KUBEADM_ARGS="%s"\\n' "$flags" > /var/lib/kubelet/kubeadm-flags.env
pkill -9 -xf '(/usr/bin/)?node .*/node-agent.mjs .*'
`
}

export function pushedImages(seat: () => Seat): void {
  it('keeps what is pushed from a machine in the classroom’s registry, for whom it is', async () => {
    const { says, logsOf, nodes, cluster, on } = seat()
    const [one = '', another = ''] = await nodes()
    const pod = (name: string, nodeName: string, container: object, spec: object = {}) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { nodeName, restartPolicy: 'Never', containers: [{ name: 'main', ...container }], ...spec },
    })
    const pusher = pod(
      'pusher',
      one,
      {
        image: 'busybox',
        command: ['chroot', '/machine', 'sh', '-c', PUSH],
        env: [{ name: 'HOME', value: '/root' }],
        volumeMounts: [{ name: 'machine', mountPath: '/machine' }],
      },
      { volumes: [{ name: 'machine', hostPath: { path: '/' } }] },
    )
    await says('apply -f -', JSON.stringify(pusher))
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/pusher --timeout=60s')
    const [prefix = '', ...said] = await logsOf('pusher')
    expect(prefix).toMatch(new RegExp(`^registry\\.podium:5000/${cluster}$`))
    expect(said.slice(0, 2)).toEqual([`${prefix}/greeter:1`, `${prefix}/private/greeter:1`])
    expect(said[2]).toBe(`denied: you are ${cluster}: only somebody-else may push somebody-else/greeter`)
    expect(said[3]).toContain('unauthorized')

    const [image, secret] = [`${prefix}/greeter:1`, `${prefix}/private/greeter:1`]
    await says('apply -f -', JSON.stringify(pod('anybody', another, { image })))
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/anybody --timeout=60s')
    expect(await logsOf('anybody')).toEqual(['hello'])

    await says('apply -f -', JSON.stringify(pod('curious', another, { image: secret })))
    await until('the curious is turned away', async () =>
      /unauthorized|denied/.test(
        await says('get pod curious -o jsonpath={.status.containerStatuses[0].state.waiting}'),
      ),
    )
    await says(
      'apply -f -',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'mine' },
        type: 'kubernetes.io/dockerconfigjson',
        stringData: { '.dockerconfigjson': said.at(-1) },
      }),
    )
    const mine = { imagePullSecrets: [{ name: 'mine' }] }
    await says('apply -f -', JSON.stringify(pod('owner', another, { image: secret }, mine)))
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/owner --timeout=60s')
    expect(await logsOf('owner')).toEqual(['hello'])

    // The machine itself may know the password: by a program that its kubelet asks.
    await on(another, plugIn(said.at(-1) ?? ''))
    await says('apply -f -', JSON.stringify(pod('known', another, { image: secret, imagePullPolicy: 'Always' })))
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/known --timeout=90s')
    expect(await logsOf('known')).toEqual(['hello'])
    await says('delete pod pusher anybody curious owner known --grace-period=1')
  })
}
