// Names that are kept for admission told by files of the server. Upstream: pkg/apis/admissionregistration/validation/static_suffix.go.

import type { KubeObject } from '../../apimachinery/object-meta.ts'

const SUFFIX = '.static.k8s.io'

export const suffixWarnings = ({ metadata }: KubeObject): string[] =>
  metadata?.name?.endsWith(SUFFIX)
    ? [
        `metadata.name: names ending with "${SUFFIX}" are reserved for static manifest-based configurations and cannot be managed via the API`,
      ]
    : []
