// The yes to what a machine asks for as the node that it is, beyond a kubelet's own certificate; under kubeadm a person says it.
// Whoever made the machine, or has invited it, knows which names and which address are its.

import { SubjectAlternativeNameExtension } from '@peculiar/x509'
import type { CertificateSigningRequest as Request } from 'kubernetes-types/certificates/v1'
import { systemClock } from '../base/clock.ts'
import { isConflict } from '../kube/apimachinery/status-error.ts'
import type { Client } from '../kube/client/index.ts'
import { PARTS_OF_A_MACHINE } from '../kube/cluster/index.ts'
import { parseCertificateRequest } from '../kube/kinds/certificates/pkcs10.ts'
import { CertificateSigningRequest, Node } from '../kube/kinds/index.ts'

const LOOK_MS = 500

export interface AwaitedNode {
  name: string
  address: string
}

/** Resolves when it is Ready; rejects when that takes too long, or when nobody waits any more. */
export async function admitNode(
  client: Client,
  node: AwaitedNode,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<void> {
  const giveUpAt = systemClock.monotonic() + timeoutMs
  for (;;) {
    await approve(client, node)
    if (await isReady(client, node.name)) return
    if (systemClock.monotonic() > giveUpAt) throw new Error(`machine "${node.name}" did not become a node in time`)
    if (signal?.aborted) throw new Error(`nobody waits for machine "${node.name}" any more`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

async function approve(client: Client, node: AwaitedNode): Promise<void> {
  const requests = client.of(CertificateSigningRequest)
  for (const request of (await requests.list()).items) {
    const { spec, status } = request
    if (status?.conditions?.length || !isWhatItNeeds(spec, node)) continue
    const message = 'This machine was made or invited by podium node.'
    const conditions = [{ type: 'Approved', status: 'True', reason: 'PodiumNodeJoin', message }]
    const approved = { ...request, status: { ...status, conditions } }
    await requests.update(approved, { subresource: 'approval' }).catch((err: unknown) => {
      // The cluster's own loop was faster, where it knows the machine as well.
      if (!isConflict(err)) throw err
    })
  }
}

/** Who has a node's certificate may ask for any name; these and no others are given. */
export function isWhatItNeeds(
  { username, signerName, request }: Pick<Request['spec'], 'username' | 'signerName' | 'request'>,
  { name, address }: AwaitedNode,
): boolean {
  if (username !== `system:node:${name}`) return false
  const asked = parseCertificateRequest(request)
  if (signerName === 'kubernetes.io/kube-apiserver-client')
    return PARTS_OF_A_MACHINE.some((part) => asked.subject === `CN=${part}`)
  if (signerName !== 'kubernetes.io/kubelet-serving') return false
  const names = asked.extensions.find((one) => one instanceof SubjectAlternativeNameExtension)?.names.items ?? []
  return names.every(({ type, value }) => (type === 'dns' ? value === name : type === 'ip' && value === address))
}

export async function isReady(client: Client, name: string): Promise<boolean> {
  const { items } = await client.of(Node).list()
  const node = items.find(({ metadata }) => metadata?.name === name)
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
