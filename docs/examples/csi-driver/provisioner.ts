// Makes a volume for each claim that waits for this driver on this machine, and removes those that were given back:
// what upstream's external-provisioner does. Looks every second; a larger one would watch.

import { readFileSync } from 'node:fs'
import https from 'node:https'

interface Claim {
  metadata: { name: string; namespace: string; uid: string; annotations?: Record<string, string> }
  spec: {
    volumeName?: string
    accessModes: string[]
    storageClassName?: string
    resources: { requests: { storage: string } }
  }
}
interface Volume {
  metadata: { name: string; annotations?: Record<string, string> }
  spec: { csi?: { driver: string; volumeHandle: string }; persistentVolumeReclaimPolicy: string }
  status?: { phase: string }
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const read = (name: string) => readFileSync(`${process.env.ACCOUNT ?? ACCOUNT}/${name}`, 'utf8')

function api<T>(method: string, path: string, body?: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
    const headers = { authorization: `Bearer ${read('token')}`, 'content-type': 'application/json' }
    const request = https.request({ host, port, method, path, headers, ca: read('ca.crt') }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('end', () => {
        const { statusCode = 500 } = response
        if (statusCode < 300 || statusCode === 409) resolve(JSON.parse(text) as T)
        else reject(new Error(`${method} ${path}: ${statusCode} ${text}`))
      })
    })
    request.on('error', reject)
    request.end(body && JSON.stringify(body))
  })
}

export async function provision(options: {
  driver: string
  node: string
  remove(volumeHandle: string): void
  say(line: string): void
}): Promise<never> {
  for (;;) {
    await look(options).catch((err: Error) => options.say(err.message))
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

async function look({ driver, node, remove, say }: Parameters<typeof provision>[0]): Promise<void> {
  const claims = await api<{ items: Claim[] }>('GET', '/api/v1/persistentvolumeclaims')
  for (const { metadata, spec } of claims.items) {
    const { annotations = {}, name, namespace, uid } = metadata
    const isOurs = annotations['volume.kubernetes.io/storage-provisioner'] === driver
    if (!isOurs || spec.volumeName || annotations['volume.kubernetes.io/selected-node'] !== node) continue
    const volumeHandle = `pvc-${uid}`
    say(`make ${volumeHandle} for ${namespace}/${name}`)
    await api('POST', '/api/v1/persistentvolumes', {
      metadata: { name: volumeHandle, annotations: { 'pv.kubernetes.io/provisioned-by': driver } },
      spec: {
        capacity: spec.resources.requests,
        accessModes: spec.accessModes,
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: spec.storageClassName,
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
        csi: { driver, volumeHandle },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: `topology.${driver}/node`, operator: 'In', values: [node] }] },
            ],
          },
        },
      },
    })
  }
  const volumes = await api<{ items: Volume[] }>('GET', '/api/v1/persistentvolumes')
  for (const { metadata, spec, status } of volumes.items) {
    if (spec.csi?.driver !== driver || status?.phase !== 'Released' || spec.persistentVolumeReclaimPolicy !== 'Delete')
      continue
    say(`remove ${metadata.name}`)
    remove(spec.csi.volumeHandle)
    await api('DELETE', `/api/v1/persistentvolumes/${metadata.name}`)
  }
}
