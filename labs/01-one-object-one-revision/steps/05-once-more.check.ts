import { configMapSays, configMapWrittenOnce, named, typedAnswer } from '../../../server/classroom/labs/index.ts'

export const checks = [
  configMapSays('menu', { soup: 'tomato', cake: 'apple' }),
  configMapWrittenOnce('menu'),
  typedAnswer('menu-revision', {
    aim: 'You have named the revision of `menu`',
    right: (cluster) => named(cluster.configMaps, 'menu')?.metadata?.resourceVersion,
    missing: 'There is no ConfigMap `menu` yet.',
    wrong: (text, cluster) => {
      const other = cluster.configMaps.find(({ metadata }) => metadata?.resourceVersion === text)
      return other
        ? `\`${text}\` is the revision of \`${other.metadata?.name}\`, not of \`menu\`.`
        : `ConfigMap \`menu\` is not at revision \`${text}\`. Each write has its own; read \`metadata.resourceVersion\`.`
    },
  }),
]
