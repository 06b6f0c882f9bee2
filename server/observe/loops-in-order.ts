// The order in which loops are drawn: those that labs talk about first, the others after them by name.

const FIRST = ['deployment', 'replicaset', 'endpointslice', 'node-lifecycle', 'garbage-collector', 'namespace']

export function loopsInOrder(clients: Iterable<string>): string[] {
  return [...clients].sort((one, other) => placeOf(one) - placeOf(other) || one.localeCompare(other))
}

/** `kube-controller-manager/replica-set-controller` and `…/replicaset-controller` are the same place. */
function placeOf(client: string): number {
  if (client.startsWith('kube-scheduler')) return FIRST.length + 1
  const name = (client.split('/')[1] ?? client).replace(/-controller$/, '').replaceAll('-', '')
  const place = FIRST.findIndex((first) => first.replaceAll('-', '') === name)
  return place < 0 ? FIRST.length : place
}
