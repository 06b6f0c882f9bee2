import { type ClusterView, configMapSays, fieldOwnedBy, named } from '../../../server/classroom/labs/index.ts'

const board = {
  kind: 'ConfigMap `board`',
  object: (cluster: ClusterView) => named(cluster.configMaps, 'board'),
}

export const checks = [
  configMapSays('board', { soup: 'onion', price: '7' }),
  fieldOwnedBy('soup-owner', { ...board, field: '.data.soup' }, 'kitchen'),
  fieldOwnedBy('price-owner', { ...board, field: '.data.price' }, 'office'),
]
