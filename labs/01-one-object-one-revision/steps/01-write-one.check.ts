import { configMapSays, named, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  configMapSays('note', { text: 'hello' }),
  typedAnswer('first-revision', {
    aim: 'You have named the revision of `note`',
    right: (cluster) => named(cluster.configMaps, 'note')?.metadata?.resourceVersion,
    missing: 'There is no ConfigMap `note` yet.',
    wrong: (text, cluster) => {
      const { uid = '' } = named(cluster.configMaps, 'note')?.metadata ?? {}
      // Its first group at least: a single figure is a revision that happens to begin like it.
      return text.length >= 8 && uid.startsWith(text)
        ? `\`${text}\` is the uid of \`note\`, which stays the same as long as it exists. The revision is a number.`
        : `ConfigMap \`note\` is not at revision \`${text}\`. Read \`metadata.resourceVersion\` once more.`
    },
  }),
]
