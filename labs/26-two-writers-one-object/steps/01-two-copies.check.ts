import { configMapSays, named, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  configMapSays('board', { soup: 'tomato', price: '5' }),
  typedAnswer('now', {
    aim: 'You have named the revision of `board`',
    right: (cluster) => named(cluster.configMaps, 'board')?.metadata?.resourceVersion,
    missing: 'ConfigMap `board` is gone; reset the lab to have it back.',
    wrong: (text, cluster) =>
      Number(text) < Number(named(cluster.configMaps, 'board')?.metadata?.resourceVersion)
        ? `\`${text}\` is older: perhaps that of your copy. Ask the cluster, not the file.`
        : `ConfigMap \`board\` is not at revision \`${text}\`.`,
  }),
]
