import { configMapSays, named, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  configMapSays('note', { text: 'hello again' }),
  typedAnswer('second-revision', {
    aim: 'You have named the revision of the change',
    right: (cluster) => named(cluster.configMaps, 'note')?.metadata?.resourceVersion,
    missing: 'ConfigMap `note` is gone.',
    wrong: (text, cluster) => {
      const now = Number(named(cluster.configMaps, 'note')?.metadata?.resourceVersion)
      return Number(text) < now
        ? `\`${text}\` is older than \`note\`: it was written since. Read it once more.`
        : `ConfigMap \`note\` is not at revision \`${text}\`. Read \`metadata.resourceVersion\` once more.`
    },
  }),
]
