import { named, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  typedAnswer('key', {
    aim: 'You have named the key of `note`',
    right: (cluster) => {
      const note = named(cluster.configMaps, 'note')
      return note && `/registry/configmaps/${note.metadata?.namespace}/${note.metadata?.name}`
    },
    missing: 'ConfigMap `note` is gone.',
    wrong: (text) => {
      if (!text.startsWith('/registry/')) return `\`${text}\` is not a whole key: each begins with \`/registry/\`.`
      if (!text.includes('/default/')) return `\`${text}\` has no namespace in it, and \`note\` is in \`default\`.`
      return `Nothing lies at \`${text}\`. Let etcd list its keys, and take the one that ends with \`/note\`.`
    },
  }),
]
